"""What happens while nobody is at an incident: levels are told, somebody gives their word, clocks stand still.

All of it keeps the incident's state. The response clock and the escalation are armed anew from the history each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from isms_workflow.domain.answering import may_answer
from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.clocks import escalation, incidents_of, response_due, response_rule, severity_of
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.incident import UNANSWERED, Stop
from isms_workflow.domain.ladders import Rung, rung
from isms_workflow.domain.machine import CLOCK
from isms_workflow.domain.messages import Urgency
from isms_workflow.domain.people import ISMS_MANAGER, Actor
from isms_workflow.domain.plan import Arm, Beside, Insert, Plan
from isms_workflow.domain.records import IncidentRecord, Scalar
from isms_workflow.domain.refusals import NotAllowed, Wrong
from isms_workflow.domain.rules import cases
from isms_workflow.domain.rules.cases import check, move
from isms_workflow.domain.rules.common import LADDER, RESUME, reasoned, record, tell
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.whom import all_named, last_resort, named, recorded

RESPONSE = "response"
WORD = "word"
CLOCKS = (LADDER, RESPONSE, WORD, RESUME)
"""The deadlines of an incident itself, each armed at most once."""

AGENT = Actor(CLOCK, CLOCK)


def responders(view: CaseView) -> tuple[str, ...]:
    """The response team: all who hold a responsibility that answers incidents."""
    names = incidents_of(view)[0].responders
    return tuple(dict.fromkeys(person for name in names for person in view.directory.holders(name)))


def told_so_far(view: CaseView) -> tuple[str, ...]:
    """The responders, and whoever the ladder's levels up to now name; of a rotation all who take turns."""
    above = (person for name in _climbed_to(view) for person in all_named(view, name))
    return tuple(dict.fromkeys((*responders(view), *above)))


def counted_as_told(view: CaseView, now: datetime) -> tuple[str, ...]:
    """Whom the ladder's levels up to now name at this instant. After a change of severity these are another ladder's levels,
    which aren't told again: of its people some may never have heard of the incident.
    """
    return tuple(dict.fromkeys(person for name in _climbed_to(view) for person in named(view, name, now)))


def _climbed_to(view: CaseView) -> Iterator[str]:
    """The names in the ladder's levels up to now."""
    levels = view.programme.ladders[severity_of(view).ladder].levels[:incidents_of(view)[1].climbed + 1]
    return (name for level in levels for name in level.to)


def with_stop(view: CaseView, stop: Stop) -> CaseView:
    """The view with a stop that began, or one that ended, as it will be once it is written."""
    _, incident = incidents_of(view)
    others = tuple(each for each in incident.stops if each.id != stop.id)
    return replace(view, incident=replace(incident, stops=(*others, stop)))


def running(view: CaseView, now: datetime) -> Plan:
    """Arms the clocks that run, by the history as the view has it; nothing once somebody is at it."""
    _, incident = incidents_of(view)
    if view.case.state not in UNANSWERED:
        return Plan()
    case, arms = view.case.id, []
    due = response_due(view)
    if due is not None and incident.breached_at is None:
        arms.append(Arm(case, "case", case, RESPONSE, max(due, now), rule=response_rule(view).as_json()))
    level = escalation(view, now)
    if level is not None:
        arms.append(on_ladder(view, level, now))
    moved = () if due is None or due == incident.response_due else (Beside("incidents", case, {"response_due": due}),)
    return Plan(arm=tuple(arms), beside=moved)


def on_ladder(view: CaseView, level: Rung, now: datetime) -> Arm:
    """The deadline of a level; one that is past already falls due now."""
    return Arm(view.case.id, "case", view.case.id, LADDER, max(level.due_at, now), level.ladder, level.level,
               level.repeat, {**level.rule.as_json(), "base": iso(view.case.opened_at)})


def standing(view: CaseView) -> Plan:
    """Ends every armed deadline of the incident itself."""
    return Plan(cancel=tuple((view.case.id, event) for event in CLOCKS))


def anew(view: CaseView, when: When) -> Plan:
    """Ends what is armed of response and escalation, tells at once the levels that are due, and arms the rest."""
    told, then = due_levels(view, when)
    cancel = Plan(cancel=((view.case.id, LADDER), (view.case.id, RESPONSE)))
    return cancel + told + running(then, when.happened)


def due_levels(view: CaseView, when: When, *, passed_on: bool = False) -> tuple[Plan, CaseView]:
    """The levels that are due at this very decision are told within it; the view says how far that climbed.

    One that resolves to nobody passes on at once, with its record: what follows isn't waited for. `passed_on`: the
    level before the first has.
    """
    plan = Plan()
    while ((level := escalation(view, when.happened)) is not None and (passed_on or level.due_at <= when.happened)
           and not level.repeat and view.case.state in UNANSWERED):
        told, view = tell_level(view, level, cases.AGENT, when, "")
        plan, passed_on = plan + told, not told.reach
    return plan, view


def tell_level(view: CaseView, level: Rung, actor: Actor, when: When, reason: str,
               urgency: Urgency | None = None) -> tuple[Plan, CaseView]:
    """One level is told now; the record says by whom that came about. The last one reaches somebody, whoever has left."""
    _, incident = incidents_of(view)
    ladder = view.programme.ladders[level.ladder]
    spec = ladder.levels[level.level]
    people = tuple(dict.fromkeys(p for name in spec.to for p in named(view, name, when.noticed)))
    if not people and level.level == len(ladder.levels) - 1:
        people = last_resort(view)
    facts: dict[str, Scalar] = {"ladder": level.ladder, "level": level.level, "repeat": level.repeat,
                                "to": recorded(view, spec), "reached": len(people)}
    occasion = f"{view.case.id}:{level.ladder}:{level.level}:{level.repeat}:{when.happened.timestamp():.6f}"
    plan = Plan(
        beside=(climbed(view, level.level, level.repeat),),
        send=tell(view, "incident_escalated", people, occasion, urgency, level=level.level, due=iso(incident.response_due)),
        reach=tuple((view.case.id, person) for person in people),
        record=(record(IncidentRecord.ESCALATED, view, view.case.id, actor, when, facts, reason),),
    )
    return plan, replace(view, incident=replace(incident, climbed=level.level, repeats=level.repeat))


def climbed(view: CaseView, level: int, repeat: int) -> Beside:
    """How far the ladder was climbed: never less than before."""
    _, incident = incidents_of(view)
    return Beside("incidents", view.case.id, {"climbed": max(level, incident.climbed), "repeats": repeat})


def acknowledge(view: CaseView, seen: int | None, actor: Actor, when: When) -> Plan:
    """Somebody gives their word that they see to it: the escalation stands still until it lapses. A word given again,
    by whomever, starts anew.
    """
    check(view, "acknowledge", seen, actor)
    if incidents_of(view)[1].pause:
        raise NotAllowed(view.case.reference, "acknowledge", "paused", ("resume",))
    spec = severity_of(view).acknowledgement
    rule = DueRule.of(when.happened, spec.holds, view.calendar)
    stop = Stop(new_id(), "word", actor.id, when.happened, None, None)
    plan = _moved(view, "acknowledge", IncidentRecord.ACKNOWLEDGED, actor, when, {"until": iso(rule.instant(view.calendar))})
    return plan + _ended(view, ("word",), when) + Plan(
        insert=(begun(view, stop),),
        cancel=((view.case.id, LADDER), (view.case.id, WORD)),
        arm=(_ask(view, rule, 0),),
        send=tell(view, "incident_acknowledged", (p for p in told_so_far(view) if p != actor.id), stop.id, by=actor.id),
    )


def word_anew(view: CaseView, when: When) -> Plan:
    """Under another severity a word that holds counts from its own instant, and is asked after at once if that is past."""
    _, incident = incidents_of(view)
    if incident.word is None or view.case.state not in UNANSWERED:
        return Plan()
    asked = _ask(view, DueRule.of(incident.word.began_at, severity_of(view).acknowledgement.holds, view.calendar), 0)
    return Plan(cancel=((view.case.id, WORD),), arm=(replace(asked, due_at=max(asked.due_at, when.happened)),))


def answerable(view: CaseView, person: str, made_at: datetime) -> bool:
    """Whether a link in a mail that was made then is still good for what it says: its incident waits for an answer, and
    has ever since, and its reader may give it. One that ended, though that was taken back, is asked about anew.
    """
    if view.incident is None or view.case.state not in UNANSWERED or view.incident.pause:
        return False
    if any(stop.what == "end" and (stop.ended_at or stop.began_at) >= made_at for stop in view.incident.stops):
        return False
    return may_answer(view.directory, person)


def _ask(view: CaseView, rule: DueRule, repeat: int) -> Arm:
    return Arm(view.case.id, "case", view.case.id, WORD, rule.instant(view.calendar), repeat=repeat, rule=rule.as_json())


def word_due(view: CaseView, repeat: int, when: When) -> Plan:
    """Whoever gave their word is asked whether it holds; when nobody answered the last time, it lapses."""
    _, incident = incidents_of(view)
    spec, word = severity_of(view).acknowledgement, incident.word
    if word is None:
        return Plan()
    if repeat < spec.reminders:
        rule = DueRule.of(when.happened, spec.remind, view.calendar)
        occasion = f"{word.id}:{incident.severity}:{repeat}"
        return Plan(arm=(_ask(view, rule, repeat + 1),),
                    send=tell(view, "word_asked", (word.by,), occasion, left=spec.reminders - repeat - 1))
    ended = replace(word, ended_at=when.happened)
    plan = _moved(view, "lapse", IncidentRecord.LAPSED, AGENT, when, {"by": word.by})
    return plan + Plan(
        end=((word.id, when.happened),),
        send=tell(view, "word_lapsed", (word.by, *told_so_far(view)), word.id, by=word.by),
    ) + anew(with_stop(view, ended), when)


def escalate(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody has the next level told now, also while a word holds; the levels after it keep their own instants.

    At the ladder's end the last level is told once more, beside its own repetitions.
    """
    check(view, "escalate", seen, actor)
    why = reasoned("escalate an incident", reason)
    _, incident = incidents_of(view)
    ladder = view.programme.ladders[severity_of(view).ladder]
    is_over = incident.climbed >= len(ladder.levels) - 1
    number, repeat = (len(ladder.levels) - 1, incident.repeats) if is_over else (incident.climbed + 1, 0)
    level = rung(ladder, number, repeat, view.case.opened_at, view.calendar)
    told, then = tell_level(view, level, actor, when, why, "critical")  # whatever quiet hours say: somebody wants them now
    plan = replace(told, record=()) + _moved(view, "escalate", IncidentRecord.ESCALATED, actor, when, {
        "ladder": level.ladder, "level": number, "repeat": repeat, "by_hand": True, "again": is_over}, why)
    if is_over:
        return plan
    if not told.reach:
        more, then = due_levels(then, when, passed_on=True)
        plan += more
    onwards = escalation(then, when.happened)
    return plan + Plan(cancel=((view.case.id, LADDER),),
                       arm=() if onwards is None else (on_ladder(then, onwards, when.happened),))


def pause(view: CaseView, seen: int | None, until: datetime, reason: str, actor: Actor, when: When) -> Plan:
    """Every internal clock stands still until then; whoever pauses it answers for that."""
    check(view, "pause", seen, actor)
    _, incident = incidents_of(view)
    if incident.pause:
        raise NotAllowed(view.case.reference, "pause", "paused", ("resume",))
    if until <= when.happened:
        raise Wrong("until", iso(until), "choose an instant that lies ahead")
    if (until - when.happened).days > LONGEST_PAUSE:
        raise Wrong("until", iso(until), f"an incident is paused for at most {LONGEST_PAUSE} days; dismiss it, or respond")
    why = reasoned("pause an incident", reason)
    stop = Stop(new_id(), "pause", actor.id, when.happened, until, None)
    return _moved(view, "pause", IncidentRecord.PAUSED, actor, when, {"until": iso(until)}, why) + _ended(
        view, ("word",), when) + missed(view, when) + standing(view) + Plan(
        insert=(begun(view, stop),),
        arm=(Arm(view.case.id, "case", view.case.id, RESUME, until),),
        send=tell(view, "incident_paused", told_so_far(view), stop.id, by=actor.id, until=iso(until)),
    )


LONGEST_PAUSE = 31
"""Days. Whatever waits longer isn't an incident that nobody need look at."""


def resume(view: CaseView, seen: int | None, actor: Actor, when: When) -> Plan:
    """The pause ends, on its day or before, and the clocks go on where they stood."""
    check(view, "resume", seen, actor)
    _, incident = incidents_of(view)
    if incident.pause is None:
        raise NotAllowed(view.case.reference, "resume", "not paused", ("pause",))
    ended = replace(incident.pause, ended_at=when.happened)
    return (_moved(view, "resume", IncidentRecord.RESUMED, actor, when, {}) + standing(view) + Plan(
        end=((ended.id, when.happened),),
        send=tell(view, "incident_resumed", told_so_far(view), ended.id),
    ) + anew(with_stop(view, ended), when))


def breach(view: CaseView, when: When) -> Plan:
    """Nobody was at it in time: that is recorded and told; the escalation goes on."""
    due = incidents_of(view)[1].response_due
    return _moved(view, "breach", IncidentRecord.BREACHED, AGENT, when, {"due": iso(due)}) + _breached(view, when.happened)


def missed(view: CaseView, when: When) -> Plan:
    """The same where somebody acts after that time, and before the clock has said so."""
    _, incident = incidents_of(view)
    if incident.breached_at or incident.pause or when.happened <= incident.response_due:
        return Plan()
    due = When(incident.response_due, when.noticed)
    line = record(IncidentRecord.BREACHED, view, view.case.id, AGENT, due, {"due": iso(due.happened)})
    return Plan(record=(line,)) + _breached(view, due.happened)


def _breached(view: CaseView, at: datetime) -> Plan:
    _, incident = incidents_of(view)
    people = (*told_so_far(view), *view.directory.holders(ISMS_MANAGER))
    return Plan(
        beside=(Beside("incidents", view.case.id, {"breached_at": at}),),
        send=tell(view, "response_missed", people, view.case.id, due=iso(incident.response_due)),
    )


def _ended(view: CaseView, kinds: tuple[str, ...], when: When) -> Plan:
    """The stops of these kinds that go on end now."""
    _, incident = incidents_of(view)
    return Plan(end=tuple((s.id, when.happened) for s in incident.stops if s.ended_at is None and s.what in kinds))


def over(view: CaseView, when: When) -> Plan:
    """Nothing of it is waited for any more: every clock and every stop ends."""
    return standing(view) + _ended(view, ("word", "pause"), when)


def begun(view: CaseView, stop: Stop) -> Insert:
    """The row of a stop that begins."""
    return Insert("stops", {"id": stop.id, "case_id": view.case.id, "what": stop.what, "by": stop.by,
                            "began_at": stop.began_at, "until": stop.until, "ended_at": None})


def _moved(view: CaseView, event: str, kind: IncidentRecord, actor: Actor, when: When, facts: dict[str, Scalar],
           reason: str = "", **sets: Any) -> Plan:
    return move(view, event, kind, actor, when, reason, facts, **sets)
