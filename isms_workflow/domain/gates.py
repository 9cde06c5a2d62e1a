"""The life of a gate's round, what it covers, and who may decide it. Pure; the same for every kind.

An approval counts for the person who gave it, once, and for exactly the digest that was shown.
Separation of duties follows ISO/IEC 27001:2022, A.5.3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from isms_workflow.domain.lessons import counting
from isms_workflow.domain.machine import APPROVERS, CLOCK, ENGINE, Machine, rule
from isms_workflow.domain.people import Holding
from isms_workflow.domain.refusals import AlreadyDecided, Conflicted, NotYours
from isms_workflow.domain.rules.apart import doers
from isms_workflow.domain.views import CaseView, Decision, Gate, Step, held

MACHINE = Machine(
    "gate", version=1, initial="open",
    final=frozenset({"passed", "returned", "rejected", "lapsed", "withdrawn", "superseded"}), rules=(
    #    event        from        to            by
    rule("approve",   {"open"},   None,         APPROVERS),
    rule("pass",      {"open"},   "passed",     ENGINE),
    rule("return",    {"open"},   "returned",   APPROVERS),
    rule("reject",    {"open"},   "rejected",   APPROVERS),
    rule("lapse",     {"open"},   "lapsed",     CLOCK),
    rule("withdraw",  {"open"},   "withdrawn",  ENGINE),
    rule("change",    {"open"},   None,         ENGINE),
    rule("retime",    {"open"},   None,         ENGINE, CLOCK),
    rule("answer",    {"rejected", "lapsed"}, None, ENGINE),
    rule("supersede", {"passed"}, "superseded", ENGINE),
))


@dataclass(frozen=True, slots=True)
class Authority:
    """By what right somebody decides: a responsibility of their own, or that of `for_person`."""

    person: str
    responsibility: str
    for_person: str | None = None


def digest(programme: str, steps: Iterable[Step]) -> str:
    """SHA-256 over what a gate covers, by id and commitment, so that a later erasure doesn't change it."""
    covered = [
        [s.id, s.state, s.owner, s.settled_by, sorted((c.id, c.commitment) for c in s.comments),
         sorted((e.id, e.sha256, e.commitment) for e in s.evidence if not e.withdrawn), *_learned(s)]
        for s in sorted(steps, key=lambda s: s.id)
    ]
    text = json.dumps([programme, covered], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _learned(step: Step) -> list[list[list[str | None]]]:
    """The entries of an incident's lessons, and what becomes of its action items; what improves is answered later, by the cycle.

    Nothing where there are none, so that what other gates cover reads as it always did.
    """
    found = [[each.id, each.sort, each.parent, each.commitment, *((each.answer, each.action) if each.sort == "item" else ())]
             for each in counting(step.lessons)]
    return [sorted(found, key=lambda each: str(each[0]))] if found else []


def workers(view: CaseView, phase: str) -> frozenset[str]:
    """Who did, evidenced or waived a step of the phase, in this case, ever; of a corrective action, whoever owned or did any of it."""
    ids = {s.id for s in view.steps_of(phase)}
    return frozenset(person for step, person in view.workers if step in ids) | doers(view)


def named_by_workers(view: CaseView, phase: str, now: datetime) -> frozenset[str]:
    """Whom somebody who did the phase's work named to stand in for them, from the naming on, whenever it takes effect.

    A deputy stays one for this gate, though they were let go meanwhile: they could have done the work.
    """
    directory, working = view.directory, workers(view, phase)
    since = min((s.opened_at for s in view.steps_of(phase) if s.opened_at), default=now)
    former = (d for d in directory.former_deputies if d.ended and d.ended >= since)
    deputies = {d.deputy for d in (*directory.deputies, *former) if d.person in working and d.named_by in working}
    delegates = {d.delegate for d in directory.delegations
                 if d.person in working and d.given_by in working and now < d.ends}
    return frozenset(deputies | delegates)


def conflicts(view: CaseView, phase: str, now: datetime) -> frozenset[str]:
    """Who may not decide the phase's gate; nobody, where the programme relaxes it with a reason."""
    if view.workflow.gate(phase).relaxed:
        return frozenset()
    return workers(view, phase) | named_by_workers(view, phase, now)


def counts(holding: Holding, gate: Gate, working: frozenset[str]) -> bool:
    """Whether a responsibility counts for an open gate: not one granted meanwhile to oneself or by who did the work."""
    if holding.granted_at < gate.opened_at:
        return True
    return holding.granted_by != holding.person and holding.granted_by not in working


def eligible(view: CaseView, gate: Gate, now: datetime) -> dict[str, str]:
    """Who can decide the gate in their own right: person → the first of its responsibilities that they hold."""
    conflicted = conflicts(view, gate.name, now)
    working = workers(view, gate.name) | conflicted  # a relaxed gate lets them decide, but not choose who does
    found: dict[str, str] = {}
    for name in view.workflow.gate(gate.name).responsibilities:
        for holding in view.directory.holdings_of(name):
            if holding.person not in conflicted and counts(holding, gate, working):
                found.setdefault(holding.person, name)
    return found


def lacking(view: CaseView, gate: Gate, now: datetime) -> int:
    """How many more people would have to be named before the gate can pass; 0 if those in office can decide it."""
    able = set(eligible(view, gate, now)) | {d.for_person or d.person for d in gate.decisions}
    return max(0, gate.quorum - len(able))


def disposes(view: CaseView, gate: Gate) -> bool:
    """Whether this round asks of everything that was waived: the last phase's, or an earlier one that ends the case.

    An earlier gate comes last if one of its steps was reopened, and perhaps waived, while the last phase went on.
    """
    if not view.workflow.is_followed:
        return False
    phases = [phase.id for phase in view.workflow.phases]
    if gate.name == phases[-1]:
        return True
    others = (view.latest_gate(name) for name in phases if name != gate.name)
    return gate.state == "open" and all(other is not None and other.state == "passed" for other in others)


def authority(view: CaseView, gate: Gate, person: str, now: datetime) -> Authority:
    """By what right somebody decides now: their own first, else the one delegation that gives it.

    Raises `Conflicted` if they had a part in the work, `AlreadyDecided` if they count already, and
    `NotYours` if nothing gives them the right.
    """
    what = f"gate {gate.name} of {view.case.reference}"
    _refuse_conflict(view, gate, person, now, what)
    if any(d.person == person for d in gate.decisions):
        raise AlreadyDecided(what)
    able = eligible(view, gate, now)
    if person in able:
        return Authority(person, able[person])
    spec = view.workflow.gate(gate.name)
    for delegation in view.directory.principals(person, now) if view.directory.is_active(person) else ():
        principal = delegation.person
        if principal in able and all(principal not in (d.person, d.for_person) for d in gate.decisions):
            return Authority(person, able[principal], for_person=principal)
    raise NotYours(what, "decide", held(view.programme, *spec.responsibilities))


def _refuse_conflict(view: CaseView, gate: Gate, person: str, now: datetime, what: str) -> None:
    if view.workflow.gate(gate.name).relaxed:
        return
    if person in workers(view, gate.name):
        raise Conflicted(what, "you did, evidenced or waived a step in what is approved")
    if person in named_by_workers(view, gate.name, now):
        raise Conflicted(what, "somebody who did a step in what is approved named you to stand in for them")


def overtaken(gate: Gate, person: str) -> tuple[Decision, ...]:
    """The decisions given for `person` by a delegate: void once they decide themselves."""
    return tuple(d for d in gate.decisions if d.for_person == person)
