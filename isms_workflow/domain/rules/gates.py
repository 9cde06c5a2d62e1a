"""What may be done at a gate: it opens by itself, is decided by people, and never by a time-out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.gates import MACHINE, Authority, authority, digest, disposes, eligible, lacking, overtaken
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.lessons import still_to_decide
from isms_workflow.domain.machine import CLOCK, ENGINE
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor
from isms_workflow.domain.plan import Arm, Change, Insert, Plan, total
from isms_workflow.domain.records import AuditRecord, GateRecord, Scalar
from isms_workflow.domain.refusals import DigestChanged, Missing, Moved, NotAllowed, NotYours, Wrong
from isms_workflow.domain.rules import apart, owing
from isms_workflow.domain.rules.common import (
    LADDER,
    LAPSE,
    arm_ladder,
    change,
    counted_from,
    reasoned,
    record,
    tell,
    wake,
)
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView, Decision, Gate, Step, held

AGENT = Actor(ENGINE, "engine")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person had before their eyes: the gate's round and the digest of what it covers."""

    round: int
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says at a gate: `approve`, `return` (naming steps) or `reject`, with the reason."""

    answer: str
    reason: str = ""
    steps: tuple[str, ...] = ()


def open_round(view: CaseView, phase: str, when: When) -> Plan:
    """Opens the phase's next round: what is settled now is what it covers. Told to whoever can decide it."""
    spec, last = view.workflow.gate(phase), view.latest_gate(phase)
    begins = counted_from(view, when.happened)
    rule = DueRule.of(begins, spec.due, view.calendar)
    due_at = rule.instant(view.calendar)
    gate = Gate(new_id(), view.case.id, phase, last.round + 1 if last else 1, "open", 1,
                digest(view.case.programme, view.steps_of(phase)), spec.quorum, when.happened, due_at, None, None)
    lapse = DueRule.of(due_at, spec.lapse, view.calendar)
    row = {"id": gate.id, "case_id": gate.case, "name": phase, "round": gate.round, "state": "open", "version": 1,
           "digest": gate.digest, "quorum": spec.quorum, "relaxed": spec.relaxed, "opened_at": gate.opened_at,
           "due_at": due_at, "due_rule": rule.as_json()}
    facts: dict[str, Scalar] = {"gate": phase, "round": gate.round, "digest": gate.digest, "due": iso(due_at),
             "quorum": gate.quorum, "relaxed": spec.relaxed is not None}
    plan = Plan(
        insert=(Insert("gates", row),),
        arm=(*arm_ladder(view, "gate", gate.id, spec.ladder, due_at, begins),
             Arm(view.case.id, "gate", gate.id, LAPSE, lapse.instant(view.calendar), rule=lapse.as_json())),
        send=tell(view, "gate_opened", eligible(view, gate, when.noticed), gate.id, gate=gate.id, due=iso(due_at)),
        record=(record(GateRecord.OPENED, view, gate.id, AGENT, when, facts),),
    )
    return plan + warn_if_undecidable(view, gate, when) + wake(view)


def warn_if_undecidable(view: CaseView, gate: Gate, when: When, before: int = 0) -> Plan:
    """Tells, when it arises and not when it is due, that the people in office can't decide the gate.

    `before` is how many people were lacking until now: whoever has been told isn't told again.
    """
    short = lacking(view, gate, when.noticed)
    if short <= before:
        return Plan()
    people = (*view.directory.holders(ISMS_MANAGER), *view.directory.holders(TOP_MANAGEMENT))
    return Plan(send=tell(view, "undecidable_gate", people, f"{gate.id}:{new_id()}", gate=gate.id, lacking=short))


def newly_undecidable(before: CaseView, view: CaseView, when: When) -> Plan:
    """Warns of the open gates that fewer people can decide than before the change of people or of their part."""
    return total(warn_if_undecidable(view, gate, when, lacking(before, gate, when.noticed))
                 for gate in view.gates if gate.state == "open")


def decide(view: CaseView, gate: Gate, shown: Shown | None, answer: Answer, actor: Actor, when: When) -> Plan:
    """One person's answer. The quorum passes the gate; the first return or reject closes it at once.

    Raises `NotAllowed` at a closed gate, `Moved` or `DigestChanged` if it isn't what was shown,
    `Conflicted`, `AlreadyDecided` or `NotYours` without the right, `ReasonNeeded` without a reason.
    """
    what = spoken(view, gate)
    MACHINE.rule_for(answer.answer, gate.state, what)
    _as_shown(what, gate, shown)
    right = authority(view, gate, actor.id, when.noticed)
    overtakes = _void(view, gate, overtaken(gate, actor.id), when)
    if answer.answer == "approve":
        return overtakes + _approve(view, gate, right, answer.reason.strip(), actor, when)
    reason = reasoned(f"{answer.answer} {what}", answer.reason)
    if answer.answer == "return":
        return overtakes + _return(view, gate, right, replace(answer, reason=reason), actor, when)
    return overtakes + _reject(view, gate, right, reason, actor, when)


def _as_shown(what: str, gate: Gate, shown: Shown | None) -> None:
    if shown is None:
        return
    if shown.round != gate.round:
        raise Moved(what, shown.round, gate.round)
    if shown.digest != gate.digest:
        raise DigestChanged(what, shown.digest, gate.digest)


def _approve(view: CaseView, gate: Gate, right: Authority, reason: str, actor: Actor, when: When) -> Plan:
    if open_ends := left_open(view, gate):
        raise Missing(spoken(view, gate), open_ends)
    approvals = len(gate.decisions) - len(overtaken(gate, actor.id)) + 1
    given, facts = _decision(gate, right, "approve", actor, when)
    line = record(GateRecord.APPROVED, view, gate.id, actor, when, facts, reason)
    plan = Plan(insert=(given,))
    if approvals < gate.quorum:
        return plan + Plan(change=(change(MACHINE, "gate", gate, "approve", line),))
    passed: dict[str, Scalar] = {"gate": gate.name, "digest": gate.digest, "approvals": approvals,
                                 "relaxed": view.workflow.gate(gate.name).relaxed is not None}
    return plan + Plan(record=(line,)) + _close(
        view, gate, "pass", record(GateRecord.PASSED, view, gate.id, AGENT, when, passed)
    ) + _decided(view, gate, (s.owner for s in view.steps_of(gate.name)), "passed")


def _decided(view: CaseView, gate: Gate, owners: Iterable[str | None], answer: str) -> Plan:
    people = (*owners, *view.directory.holders(ISMS_MANAGER))
    return Plan(send=tell(view, "decided", people, gate.id, gate=gate.id, answer=answer))


def left_open(view: CaseView, gate: Gate) -> str:
    """What has to be said before the gate can be approved, in words; nothing if nothing.

    The gate with which a case ends asks of everything that was waived: carried over by name, or declined. Lessons aren't
    closed while an action item is neither a corrective action nor declined.
    """
    if disposes(view, gate) and (open_ones := [s.key for s in undisposed(view)]):
        return ("say first of each waived step whether it is carried over, and to whom, "
                f"or declined: {', '.join(open_ones)}")
    return still_to_decide(each for step in view.steps_of(gate.name) for each in step.lessons)


def undisposed(view: CaseView) -> tuple[Step, ...]:
    """The waived steps of which nobody has said yet whether they are carried over or declined."""
    return tuple(s for s in view.steps if s.state == "waived" and s.id not in view.disposed)


def _return(view: CaseView, gate: Gate, right: Authority, answer: Answer, actor: Actor, when: When) -> Plan:
    named = _named(view, gate.name, answer.steps, "return")
    given, facts = _decision(gate, right, "return", actor, when)
    facts |= {"steps": " ".join(s.id for s in named)}
    line = record(GateRecord.RETURNED, view, gate.id, actor, when, facts, answer.reason)
    return (
        Plan(insert=(given,)) + _close(view, gate, "return", line)
        + _decided(view, gate, (s.owner for s in named), "returned")
        + owing.reopened(view, named, answer.reason, AGENT, when)
    )


def _reject(view: CaseView, gate: Gate, right: Authority, reason: str, actor: Actor, when: When) -> Plan:
    waiting, begins = view.workflow.phase(gate.name).waiting_ladder, counted_from(view, when.happened)
    anchor = DueRule.of(begins, view.workflow.decide_due, view.calendar).instant(view.calendar)
    people = (*view.directory.holders(TOP_MANAGEMENT), *view.directory.holders(ISMS_MANAGER))
    given, facts = _decision(gate, right, "reject", actor, when)
    line = record(GateRecord.REJECTED, view, gate.id, actor, when, facts, reason)
    return Plan(insert=(given,)) + _close(view, gate, "reject", line) + Plan(
        arm=arm_ladder(view, "gate", gate.id, waiting, anchor, begins),
        send=tell(view, "rejected_waits", people, gate.id, gate=gate.id, due=iso(anchor)),
    )


def lapse(view: CaseView, gate: Gate, when: When) -> Plan:
    """Nobody decided in time: the gate closes undecided, and the phase waits, with a ladder, for its owner."""
    phase, begins = view.workflow.phase(gate.name), counted_from(view, when.happened)
    anchor = DueRule.of(begins, view.workflow.decide_due, view.calendar).instant(view.calendar)
    line = record(GateRecord.LAPSED, view, gate.id, Actor(CLOCK, CLOCK), when, {"gate": gate.name, "round": gate.round})
    return Plan(
        change=(change(MACHINE, "gate", gate, "lapse", line, closed_at=when.happened),),
        cancel=((gate.id, LADDER),),
        arm=arm_ladder(view, "gate", gate.id, phase.waiting_ladder, anchor, begins),
        send=tell(view, "gate_lapsed", view.directory.holders(phase.owner), gate.id, gate=gate.id, due=iso(anchor)),
        wake=(view.case.id,),
    )


def restart(view: CaseView, gate: Gate, seen: int | None, named: tuple[str, ...], reason: str, actor: Actor,
            when: When) -> Plan:
    """After a reject, top management names the steps that reopen; their last one opens the next round."""
    what = spoken(view, gate)
    _waiting(view, gate, seen, "rejected", what, "restart")
    if not view.directory.holds(actor.id, TOP_MANAGEMENT):
        raise NotYours(what, "restart the phase of", held(view.programme, TOP_MANAGEMENT))
    why = reasoned("restart a phase", reason)
    reopening = _named(view, gate.name, named, "restart")
    return _way_out(view, gate, why, actor, when) + owing.reopened(view, reopening, why, AGENT, when) + wake(view)


def next_round(view: CaseView, gate: Gate, seen: int | None, named: tuple[str, ...], reason: str, actor: Actor,
               when: When) -> Plan:
    """After a lapse, the phase's owner opens the next round as it stands, or reopens the named steps."""
    what, owner = spoken(view, gate), view.workflow.phase(gate.name).owner
    _waiting(view, gate, seen, "lapsed", what, "open the next round")
    if not view.directory.holds(actor.id, owner):
        raise NotYours(what, "open the next round of", held(view.programme, owner))
    why = reasoned("open the next round", reason)
    way_out = _way_out(view, gate, why, actor, when)
    if not named:
        return way_out + open_round(view, gate.name, when)
    reopening = _named(view, gate.name, named, "reopen")
    return way_out + owing.reopened(view, reopening, why, AGENT, when) + wake(view)


def _waiting(view: CaseView, gate: Gate, seen: int | None, state: str, what: str, event: str) -> None:
    if view.case.closed_at is not None or gate.state != state or not gate.waits_for_way_out:
        raise NotAllowed(what, event, gate.state, MACHINE.possible(gate.state))
    if seen is not None and seen != gate.version:
        raise Moved(what, seen, gate.version)


def _way_out(view: CaseView, gate: Gate, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody said how to go on: the gate's wait ends."""
    line = record(GateRecord.ANSWERED, view, gate.id, actor, when, {"gate": gate.name}, reason)
    return Plan(change=(change(MACHINE, "gate", gate, "answer", line, answered_at=when.happened),),
                cancel=((gate.id, LADDER),))


def _named(view: CaseView, phase: str, named: Iterable[str], event: str) -> tuple[Step, ...]:
    """The settled steps of the phase under these ids. Raises `Wrong` if there are none, or another's."""
    found = tuple(s for s in view.steps_of(phase) if s.id in set(named) and apart.is_current(view, s))
    if not found or len(found) != len(set(named)):
        raise Wrong("steps", ", ".join(named) or "none", f"name at least one step of {phase} that reopens")
    for step in found:
        if step.state not in ("done", "waived"):
            raise Wrong("steps", step.key, f"it is {step.state}; only a settled step reopens ({event})")
    return found


def unsettle(view: CaseView, phase: str, actor: Actor, when: When) -> Plan:
    """A step of the phase reopens: an open round is withdrawn, its approvals void; a passed one superseded."""
    gate = view.latest_gate(phase)
    if gate is None or gate.state not in ("open", "passed", "lapsed", "rejected"):
        return Plan()
    if gate.state in ("lapsed", "rejected"):
        if not gate.waits_for_way_out:
            return Plan()
        raise NotAllowed(spoken(view, gate), "reopen a step under", gate.state, ("next round", "restart"))
    if gate.state == "passed":
        line = record(GateRecord.SUPERSEDED, view, gate.id, actor, when, {"gate": gate.name})
        return Plan(change=(change(MACHINE, "gate", gate, "supersede", line),))
    return withdraw(view, gate, actor, when)


def withdraw(view: CaseView, gate: Gate, actor: Actor, when: When) -> Plan:
    """Closes an open round undecided; whoever had approved is told that it is void."""
    line = record(GateRecord.WITHDRAWN, view, gate.id, actor, when, {"gate": gate.name})
    return _close(view, gate, "withdraw", line) + _voided(view, gate, when)


def recover(before: CaseView, view: CaseView, phase: str, actor: Actor, when: When) -> Plan:
    """What an open gate covers may have changed: if so, its digest follows and earlier approvals are void."""
    gate = view.latest_gate(phase)
    if gate is None or gate.state != "open":
        return Plan()
    now = digest(view.case.programme, view.steps_of(phase))
    if now == gate.digest:
        return Plan()
    line = record(GateRecord.CHANGED, view, gate.id, actor, when, {"digest": now, "before": gate.digest})
    return (
        Plan(change=(change(MACHINE, "gate", gate, "change", line, digest=now),))
        + _voided(view, gate, when)
        + warn_if_undecidable(view, replace(gate, decisions=()), when, lacking(before, gate, when.noticed))
    )


def _voided(view: CaseView, gate: Gate, when: When) -> Plan:
    """Every answer of the round is void, and whoever gave it is told to decide anew."""
    givers = tuple(p for d in gate.decisions for p in (d.person, d.for_person))
    return _void(view, gate, gate.decisions, when) + Plan(
        send=tell(view, "voided", givers, f"{gate.id}:{gate.version}", gate=gate.id))


def _void(view: CaseView, gate: Gate, decisions: tuple[Decision, ...], when: When) -> Plan:
    return Plan(
        void=tuple(d.id for d in decisions),
        record=tuple(record(GateRecord.VOIDED, view, gate.id, AGENT, when, {"decision": d.id}) for d in decisions),
    )


def retiming(view: CaseView, gate: Gate, due_at: datetime, rule: Mapping[str, Any], when: When) -> Change:
    """An open gate is due at another instant because its case was paused or went on early."""
    line = record(GateRecord.RETIMED, view, gate.id, AGENT, when, {"from": iso(gate.due_at), "due": iso(due_at)})
    return change(MACHINE, "gate", gate, "retime", line, due_at=due_at, due_rule=rule)


def _decision(gate: Gate, right: Authority, answer: str, actor: Actor, when: When) -> tuple[Insert, dict[str, Scalar]]:
    """The decision's row, and what its line of history says of it: authority and channel are written into both."""
    row = {"id": new_id(), "gate_id": gate.id, "digest": gate.digest, "person": right.person,
           "for_person": right.for_person, "responsibility": right.responsibility, "answer": answer,
           "channel": actor.channel, "decided_at": when.happened}
    facts: dict[str, Scalar] = {
        "gate": gate.name, "round": gate.round, "digest": gate.digest, "answer": answer, "decision": str(row["id"]),
        "responsibility": right.responsibility, "for": right.for_person}
    return Insert("decisions", row), facts


def _close(view: CaseView, gate: Gate, event: str, line: AuditRecord) -> Plan:
    return Plan(
        change=(change(MACHINE, "gate", gate, event, line, closed_at=line.happened),),
        cancel=((gate.id, LADDER), (gate.id, LAPSE)),
    ) + wake(view)


def spoken(view: CaseView, gate: Gate) -> str:
    """How a gate is called in a sentence."""
    return f"gate {gate.name} of {view.case.reference}"
