"""What people record of an incident's reports: answers, instants, submissions, and that one isn't owed.

Each changes what is known; everything else follows from that (`rules.duties`). Nothing is overwritten: a correction stands
beside what it corrects, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from isms_workflow.domain.conditions import OF_ORGANISATION, WAIVED, Answer, Event
from isms_workflow.domain.duties import MOMENT, ONCE, Dated, Duties, kinds
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.limits import AT_ONCE
from isms_workflow.domain.obligations import Standing, State
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Beside, Insert, Plan
from isms_workflow.domain.records import EvidenceRecord, ObligationRecord, Scalar
from isms_workflow.domain.refusals import Missing, NotAllowed, NotYours, ReasonNeeded, Unknown, Wrong
from isms_workflow.domain.rules import duties as rules
from isms_workflow.domain.rules.common import LONGEST_REASON, reasoned, record
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.times import When, iso, utc
from isms_workflow.domain.views import CaseView, held
from isms_workflow.errors import IsmsError
from isms_workflow.programme.obligations import EVENTS, PERMISSIONS, SUBMITTED

REQUESTED = "requested"
DECISIONS = PERMISSIONS | {SUBMITTED, WAIVED}
"""Kinds of event that somebody accountable records, and takes back."""

FIRST = {"closed": "reopen it first", "false_positive": "take it back first",
         "merged": "say it of the incident that it is part of"}
"""What has to come before anything is said of the reports of an incident that ended so."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event to record: its kind, its instant, what it is said of, until when an authority asks for the report or a
    permission puts it off; `replaces` is the id of one that it corrects.
    """

    kind: str
    at: datetime
    of: str | None = None
    until: datetime | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was submitted: when, and the file that proves it, as its row and its name."""

    obligation: str
    at: datetime
    row: Mapping[str, Any]
    name: Committed


def answer(view: CaseView, given: Mapping[str, bool | None], reason: str, actor: Actor, when: When) -> Plan:
    """Answers to questions, by their ids; None takes one back. What was answered before is corrected with a reason.

    Raises `Wrong` for a question that nobody asks or an answer that stands already, `ReasonNeeded`, `NotYours`, `Missing`.
    """
    duties = _duties(view, "answer", _by_answers(view), actor)
    if not given:
        raise Wrong("answers", "none", "answer at least one question")
    known, last = askable(duties), {}
    for each in sorted(duties.answers, key=lambda each: each.at):
        last[each.question] = each
    plan, new = Plan(), []
    for question, value in given.items():
        if question not in known:
            raise Wrong("question", question, f"one of {', '.join(known)}")
        before = last.get(question)
        if value == (before.value if before else None):
            raise Wrong(question, {True: "yes", False: "no", None: "open"}[value], "that is how it stands already")
        why = reasoned("correct an answer", reason) if before is not None else _optional(reason)
        at = max(when.happened, before.at + MOMENT) if before else when.happened
        new.append(Answer(question, value, at, actor.id))
        row = {"id": new_id(), "case_id": view.case.id, "question": question, "value": value, "by": actor.id, "answered_at": at}
        facts: dict[str, Scalar] = {"question": question, "value": value, "before": before.value if before else None}
        plan += Plan(insert=(Insert("obligation_answers", row),),
                     record=(record(ObligationRecord.ANSWERED, view, view.case.id, actor, when, facts, why),))
    return plan + rules.followed(view, duties.with_(answers=new, at=_now(when, *(each.at for each in new))), actor, when)


def askable(duties: Duties) -> tuple[str, ...]:
    """The questions that can be answered for an incident: the regimes', and what the programme leaves open of the
    organisation, be it owed or offered.
    """
    asked = (f"{name}.{each.id}" for name, regime in duties.programme.obligations.items() for each in regime.questions)
    before = (each.question for each in duties.answers if each.question.startswith(OF_ORGANISATION))
    open_ones = (each.id for each in (*duties.owed, *duties.offered) if each.about == "organisation")
    return tuple(dict.fromkeys((*asked, *before, *open_ones)))


def date(view: CaseView, found: Happened, reason: str, actor: Actor, when: When) -> Plan:
    """Something happened at an instant. One that replaces another corrects it, with a reason. What puts a report off is
    recorded by somebody accountable, with a reason: who allowed it, and where that is written.

    Raises `Wrong` naming the field, `ReasonNeeded`, `Unknown`, `NotYours`, `Missing`; `NaiveInstant` for a bare date.
    """
    is_permission = found.kind in PERMISSIONS
    duties = _duties(view, "record", rules.reporting_of(view).decides if is_permission else _by_answers(view), actor)
    allowed = kinds(duties.obligations)
    if found.kind not in allowed:
        raise Wrong("kind", found.kind, f"one of {', '.join(allowed)}")
    if found.of not in allowed[found.kind]:
        names = ", ".join(each or "the incident as a whole" for each in allowed[found.kind])
        raise Wrong("of", found.of or "the incident as a whole", f"it is said of one of: {names}")
    _instants(duties, found, when)
    before = None
    if found.replaces is not None:
        before = _dated(duties, found.replaces)
        if (before.event.kind, before.event.of) != (found.kind, found.of):
            raise Wrong("replaces", before.event.kind, "correct an event by one of its own kind, said of the same")
    others = [each for each in duties.dated if each is not before and (each.event.kind, each.event.of) == (found.kind, found.of)]
    if found.kind in ONCE and others:
        _once_more(duties, found, others)
    if any(each.event.at == utc(found.at) for each in others):
        raise Wrong("at", iso(found.at), "it is recorded with this very instant")
    what = "correct an instant" if before else "put a report off" if is_permission else ""
    why = reasoned(what, reason) if what else _optional(reason)
    event = Event(found.kind, utc(found.at), found.of, utc(found.until) if found.until else None)
    plan, new = _row(view, event, None, actor, when)
    facts = _said(event, new.id, before.id if before else None)
    then = duties.with_(dated=(new,), without=before.id if before else None, at=when.noticed)
    _in_order(duties, then, lambda order: Wrong("at", iso(event.at), order))
    if is_permission:
        _permitted(duties, then, event)
    line = record(ObligationRecord.DATED, view, view.case.id, actor, when, facts, why)
    return plan + (_gone(before, actor, when) if before else Plan()) + Plan(record=(line,)) + rules.followed(
        view, then, actor, when)


def _once_more(duties: Duties, found: Happened, others: Iterable[Dated]) -> None:
    """It happens again only after something ended what it began, and once that is told to whom it is owed."""
    began = [each for each in duties.obligations if each.stage.starts.event == found.kind and each.stage.ended_by
             and found.of in (None, each.regime.regime, each.id)]
    kinds_of_end = dict.fromkeys(str(each.stage.ended_by) for each in began)
    ends = [e.at for each in began for e in duties.facts.happened(str(each.stage.ended_by), each.id)]
    instants = sorted((utc(found.at), *(each.event.at for each in others)))
    if not all(any(earlier < end < later for end in ends) for earlier, later in pairwise(instants)):
        before = "".join(f", or say first when it ended: {EVENTS[kind]}" for kind in kinds_of_end)
        raise Wrong("kind", found.kind, f"it is recorded at {iso(min(each.event.at for each in others))}: correct that one{before}")
    untold = [each.obligation.id for each in duties.running if each.obligation.stage.starts.event in kinds_of_end]
    if untold:
        why = "is still to be submitted, or decided as not to be reported; or withdraw what ended it, if that never held"
        raise Missing(f"recording {found.kind.replace('_', ' ')} once more", f"{', '.join(untold)} {why}")


def _in_order(duties: Duties, then: Duties, refused: Callable[[str], IsmsError]) -> None:
    """No instant moves the beginning of what was submitted behind its submission; `submit` refuses that order as well."""
    began = {each.obligation.id: each.started_at for each in duties.standings()}
    for each in then.standings():
        moved = each.started_at != began[each.obligation.id]
        if moved and each.started_at is not None and each.submitted_at is not None and each.submitted_at < each.started_at:
            raise refused(f"{each.obligation.id} was submitted {iso(each.submitted_at)}, and {_not_begun(each.started_at)}; "
                          "withdraw that submission first, if it is wrong")


def _not_begun(started_at: datetime) -> str:
    return f"what it reports had not begun: that was {iso(started_at)}"


def _permitted(duties: Duties, then: Duties, event: Event) -> None:
    """A permission as it would be recorded does what the act lets it do, and leaves what was recorded before as it is."""
    assert event.of is not None  # it is said of an obligation: `kinds`
    stands = then.standing(event.of)
    found = next((each for each in stands.permissions if each.event == event), None)
    if found is None:
        raise Missing(f"a delay of {event.of}", f"it is {stands.state}: {'; '.join(stands.why)}")
    if found.wrong:
        given = {"kind": event.kind, "at": iso(event.at), "until": iso(event.until) if event.until else "none"}
        raise Wrong(found.wrong, given[found.wrong], found.right)
    counted = [each.event for each in duties.standing(event.of).permissions if not each.wrong]
    spoiled = next((each for each in stands.permissions if each.wrong and each.event in counted), None)
    if spoiled is not None:
        right = f"the one of {iso(spoiled.event.at)} would count no more: {spoiled.right}; correct or withdraw that one first"
        raise Wrong("at", iso(event.at), right)


def _instants(duties: Duties, found: Happened, when: When) -> None:
    """An instant lies behind us; what isn't done before the report doesn't lie before it."""
    if utc(found.at) > when.happened:
        raise Wrong("at", iso(found.at), "it lies ahead: give the instant at which it happened")
    if duties.occurred_at is not None and utc(found.at) < duties.occurred_at:
        raise Wrong("at", iso(found.at), f"the incident began later, {iso(duties.occurred_at)}, by its report")
    if found.kind not in AT_ONCE and utc(found.at) < duties.reported_at:
        raise Wrong("at", iso(found.at), f"that is before the incident was reported, {iso(duties.reported_at)}")
    needs = ("give the instant until which the authority asks for it" if found.kind == REQUESTED else
             "give the instant until which the report is put off" if found.kind in PERMISSIONS else None)
    if needs and (found.until is None or utc(found.until) <= utc(found.at)):
        raise Wrong("until", iso(found.until) if found.until else "none", needs)
    if needs is None and found.until is not None:
        raise Wrong("until", iso(found.until), "only a request of an authority, or a permission, says until when: leave it out")


def withdraw(view: CaseView, event: str, reason: str, actor: Actor, when: When) -> Plan:
    """What was recorded by mistake counts no more; it stays in the history. A decision is withdrawn by who may take it.

    Raises `Missing` if what was submitted would have begun after its submission then.
    """
    dated = _dated(_of(view), event)
    found = rules.reporting_of(view)
    is_decision = dated.event.kind in DECISIONS
    duties = _duties(view, "withdraw", found.decides if is_decision else _by_answers(view), actor)
    why = reasoned("withdraw what was recorded", reason)
    then = duties.with_(without=dated.id, at=when.noticed)
    _in_order(duties, then, lambda order: Missing(f"withdrawing {dated.event.kind.replace('_', ' ')}", order))
    line = record(ObligationRecord.WITHDRAWN, view, view.case.id, actor, when, _said(dated.event, dated.id, None), why)
    return _gone(dated, actor, when) + Plan(record=(line,)) + rules.followed(view, then, actor, when)


def submit(view: CaseView, found: Report, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody accountable decides that a report was sent, with the report itself; late ones with reasons where the regime
    asks for them. Raises `Wrong`, `ReasonNeeded`, `NotYours`, `Missing`, `NotAllowed`.
    """
    duties = _duties(view, "submit", rules.reporting_of(view).decides, actor)
    stands = _standing(duties, found.obligation)
    if not stands.takes_report:
        raise Missing(f"the submission of {found.obligation}", f"it is {stands.state}: {'; '.join(stands.why)}")
    at = utc(found.at)
    if at > when.happened:
        raise Wrong("at", iso(at), "it lies ahead: give the instant at which it was submitted")
    if stands.started_at is not None and at < stands.started_at:
        raise Wrong("at", iso(at), _not_begun(stands.started_at))
    if any(each.event.at == at for each in duties.dated if each.event.kind == SUBMITTED and each.event.of == found.obligation):
        raise Wrong("at", iso(at), "a submission with this very instant is recorded")
    is_late = stands.state is not State.SUBMITTED and stands.latest_lawful is not None and at > stands.latest_lawful
    if is_late and stands.obligation.stage.late_needs_reasons and not reason.strip():
        raise ReasonNeeded(f"submit {found.obligation} late")
    why = _optional(reason)
    event = Event(SUBMITTED, at, found.obligation, has_reasons=bool(why))
    plan, new = _row(view, event, str(found.row["id"]), actor, when)
    then = duties.with_(dated=(new,), at=when.noticed)
    after = then.standing(found.obligation)
    line = record(ObligationRecord.SUBMITTED, view, view.case.id, actor, when,
                  {**_said(event, new.id, None), "in_time": after.in_time, "sha256": str(found.row["sha256"])}, why)
    people = rules.concerned(view)
    return _filed(view, found, actor, when) + plan + Plan(record=(line,)) + rules.followed(
        view, then, actor, when) + rules.told(view, "obligation_submitted", people, new.id, stage=found.obligation, by=actor.id,
                                              at=iso(at), in_time=after.in_time)


def _filed(view: CaseView, found: Report, actor: Actor, when: When) -> Plan:
    """The report is evidence of the step of questions, whoever owns that."""
    facts: dict[str, Scalar] = {"evidence": str(found.row["id"]), "sha256": str(found.row["sha256"]), "replaces": None,
                                "size": int(str(found.row["size"]))}
    line = replace(record(EvidenceRecord.ADDED, view, str(found.row["step_id"]), actor, when, facts),
                   private={"name": found.name.text}, salts={"name": found.name.salt})
    return Plan(insert=(Insert("evidence", found.row),), record=(line,))


def waive(view: CaseView, obligation: str, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody accountable decides that it isn't to be reported, and why."""
    duties = _duties(view, "decide", rules.reporting_of(view).decides, actor)
    stands = _standing(duties, obligation)
    if stands.state not in (State.OPEN, State.RUNNING, State.NOT_STARTED):
        raise NotAllowed(obligation, "decide that it isn't to be reported", str(stands.state), ())
    why = reasoned("decide that something isn't to be reported", reason)
    event = Event(WAIVED, when.happened, obligation)
    plan, new = _row(view, event, None, actor, when)
    line = record(ObligationRecord.WAIVED, view, view.case.id, actor, when, _said(event, new.id, None), why)
    return plan + Plan(record=(line,)) + rules.followed(view, duties.with_(dated=(new,), at=when.noticed), actor, when)


def may_decide(view: CaseView, actor: Actor, what: str) -> None:
    """Raise `NotYours` unless the actor decides of submissions: asked before a file is taken."""
    _duties(view, what, rules.reporting_of(view).decides, actor)


def _by_answers(view: CaseView) -> tuple[str, ...]:
    found = rules.reporting_of(view)
    return tuple(dict.fromkeys((*found.answers, *found.decides)))


def _of(view: CaseView) -> Duties:
    rules.reporting_of(view)
    assert view.duties is not None  # asked
    return view.duties


def _duties(view: CaseView, event: str, names: Iterable[str], actor: Actor) -> Duties:
    """The duties of an incident that goes on, of which the actor may say something."""
    duties = _of(view)
    if view.case.closed_at is not None:
        raise NotAllowed(view.case.reference, f"{event} anything of its reports", view.case.state, (FIRST[view.case.state],))
    some = tuple(names)
    if not any(view.directory.holds(actor.id, name) for name in some):
        raise NotYours(f"the reports of {view.case.reference}", event, held(view.programme, *some))
    return duties


def _standing(duties: Duties, name: str) -> Standing:
    try:
        return duties.standing(name)
    except KeyError:
        known = ", ".join(each.id for each in duties.obligations)
        raise Wrong("obligation", name, f"one of {known}") from None


def _dated(duties: Duties, event: str) -> Dated:
    found = next((each for each in duties.dated if each.id == event), None)
    if found is None:
        raise Unknown("event", event)
    return found


def _optional(reason: str) -> str:
    text = reason.strip()
    if len(text) > LONGEST_REASON:
        raise Wrong("reason", f"{len(text)} characters", f"at most {LONGEST_REASON:,} characters; attach the rest")
    return text


def _now(when: When, *instants: datetime) -> datetime:
    """Now, but never before what was just recorded."""
    return max(when.noticed, *instants)


def _row(view: CaseView, event: Event, evidence: str | None, actor: Actor, when: When) -> tuple[Plan, Dated]:
    new = Dated(new_id(), event, actor.id, when.happened, evidence)
    row = {"id": new.id, "case_id": view.case.id, "kind": event.kind, "happened_at": event.at, "of": event.of,
           "until": event.until, "has_reasons": event.has_reasons, "by": actor.id, "recorded_at": when.happened,
           "evidence_id": evidence}
    return Plan(insert=(Insert("obligation_events", row),)), new


def _gone(dated: Dated, actor: Actor, when: When) -> Plan:
    return Plan(beside=(Beside("obligation_events", dated.id, {"withdrawn_at": when.happened, "withdrawn_by": actor.id}),))


def _said(event: Event, row: str, replaces: str | None) -> dict[str, Scalar]:
    return {"id": row, "kind": event.kind, "at": iso(event.at), "of": event.of,
            **({"until": iso(event.until)} if event.until else {}), **({"replaces": replaces} if replaces else {}),
            **({"reasons": event.has_reasons} if event.kind == SUBMITTED else {})}
