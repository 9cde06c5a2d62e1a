"""How an incident stands with every obligation to report it: a pure function of its facts, the programme, and an instant.

    obligations = obligations_of(programme)              # once per version of the programme
    places = wheres(programme)                           # the same; from domain.periods
    facts = Facts(reported_at, answers, events)          # domain.conditions; read from the truth
    standing(obligations, facts, places, programme.organisation, at)    -> one Standing per obligation, in their order
    questions(obligations, facts, programme.organisation)               -> what triage still owes
    offered(standings, facts, programme.organisation)                   -> what may be answered besides
    shortest_act_by(obligations, facts, programme.organisation, facts.reported_at, places)  -> triage's step is due then
    explain(standing)                                                   -> lines for people

*Obligation*: one stage of one regime; its id is `gdpr.notification`. *Facts*: answers by their id (`gdpr.risk_unlikely`),
and events of the kinds in `programme.obligations.EVENTS`. Whoever decides records them so:

- aware, noticed, discovered, classified, determined, … : `Event("aware", at)` for the incident as a whole, or with
  `of="nis2"` where one regime's instant differs.
- submitted: `Event("submitted", at, of="nis2.final", has_reasons=…)`. Again for the same stage is an update of it.
- not notifiable, and any other waiver: `Event("waived", at, of="gdpr.notification")`; its reason stays in the record.
- the authority asks: `Event("requested", at, of="nis2.intermediate", until=…)`; a report will be late:
  `Event("delay_foreseen", at, of="dora.initial")`.
- somebody may allow a delay: `Event("delay_allowed", at, of="sec.item_1_05", until=…)`; the stage says how long, how often.

What a Standing says, `state` by `state` (`why` has it in sentences):

- not applicable: by an answer, a fact about the organisation, its time in force, or because the report that it follows
  isn't owed. Nothing is owed, nothing to be armed.
- open: an answer is missing (`open` names them). Where its event has happened, the instants are there as if it applied.
- not started: waits for an event (`awaits`), and has no instants. Never overdue. One that takes another report's place if
  that falls due unsent has `started_at` already: whoever knows that it will come to that submits it before.
- running: `act_by` is the safe instant (elapsed time, no relief): it drives reminders. `latest_lawful` is the act's, None
  where the act names no figure: it decides in time or late. `overdue` says that it had passed at `at`.
- submitted: `submitted_at`, `in_time` (None where the act names no figure); `owes_reasons` where it was late, the act wants
  reasons, and none were given. It stays so, whatever else becomes known (but a stage that repeats begins a new round, and one
  that was ended may begin anew).
- waived, replaced, ended: nothing is owed any more; `by` names what did it.

Instants are aware; what is handed out is UTC. A naive one raises `NaiveInstant` where the fact is made. Facts later than `at` are left out, so that any instant of the
past can be computed anew. `act_by` is never later than `latest_lawful`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from isms_workflow.domain.conditions import WAIVED, Facts
from isms_workflow.domain.judging import Court, applies, asked_of, owed_of
from isms_workflow.domain.limits import AT_ONCE, current, earliest
from isms_workflow.domain.periods import Where, said
from isms_workflow.domain.standings import GONE, OWED, Obligation, Owed, Standing, State
from isms_workflow.domain.times import utc
from isms_workflow.programme.model import Programme
from isms_workflow.programme.obligations import HINTS, Organisation, Regime

__all__ = ["GONE", "OWED", "Obligation", "Owed", "Standing", "State",
           "explain", "obligations_of", "offered", "questions", "shortest_act_by", "standing"]

BEGINNINGS = tuple(HINTS)
"""Events whose instant triage owes: they lie before the report, or are it."""


def obligations_of(programme: Programme) -> tuple[Obligation, ...]:
    """Every stage of every regime, in the order of the files."""
    return tuple(Obligation(regime, stage) for regime in programme.obligations.values() for stage in regime.stages)


def standing(obligations: Iterable[Obligation], facts: Facts, calendars: Mapping[str, Where], organisation: Organisation,
             at: datetime, names: Collection[str] | None = None) -> tuple[Standing, ...]:
    """How each obligation stands at an instant, or each of `names` alone; `calendars` are the regimes' places, of `wheres`.

    Raises `NaiveInstant`.
    """
    some = tuple(obligations)
    court = Court({o.id: o for o in some}, facts.until(utc(at)), calendars, organisation, utc(at))
    return tuple(court.of(each.id) for each in some if names is None or each.id in names)


def questions(obligations: Iterable[Obligation], facts: Facts, organisation: Organisation) -> tuple[Owed, ...]:
    """What triage owes: conditions that are open, and when awareness began for what may apply. Each once, in order."""
    found: dict[str, tuple[Obligation, list[str]]] = {}
    for each in _within_force(obligations, facts, organisation):
        truth = applies(each, asked_of(each.regime, facts, organisation, "UTC"))
        if truth.value is False or _is_settled(each, facts):
            continue
        counted_from = (each.stage.starts.event, *(cap.event for cap in each.stage.caps))
        missing = (kind for kind in counted_from if kind in BEGINNINGS and not facts.happened(kind, each.id))
        for name in (*truth.open, *missing):
            found.setdefault(name, (each, []))[1].append(each.id)
    return tuple(owed_of(name, each, tuple(needed), organisation) for name, (each, needed) in found.items())


def offered(standings: Iterable[Standing], facts: Facts, organisation: Organisation) -> tuple[Owed, ...]:
    """What may be answered and isn't owed: facts on which the relief of a report depends that may be owed, or was late. As long
    as one is open the stricter instant counts, so that nothing waits for it.
    """
    some = tuple(standings)
    found: dict[str, tuple[Obligation, list[str]]] = {}
    owed = {each.id for each in questions((each.obligation for each in some), facts, organisation)}
    for stands in some:
        each, relief = stands.obligation, stands.obligation.stage.relief
        if relief is None or not (stands.state in OWED or stands.in_time is False):
            continue
        asked = asked_of(each.regime, facts, organisation, stands.zone)
        truths = [asked.answer(name) for name in relief.not_for]
        if any(truth.value for truth in truths):
            continue  # it has none, whatever else is answered
        for name in dict.fromkeys(name for truth in truths for name in truth.open if name not in owed):
            found.setdefault(name, (each, []))[1].append(each.id)
    return tuple(owed_of(name, each, tuple(needed), organisation) for name, (each, needed) in found.items())


def in_force(regimes: Iterable[Regime], facts: Facts, organisation: Organisation,
             calendars: Mapping[str, Where] | None = None) -> tuple[Regime, ...]:
    """Those that hold for the organisation, or may, on the day of the report: at the regimes' places, else in UTC."""
    some = (each for each in regimes if organisation.regimes.get(each.regime) is not False)  # these never do, whatever the day
    return tuple(each for each in some if asked_of(
        each, facts, organisation, calendars[each.regime].zone if calendars else "UTC").in_force().value is not False)


def _within_force(obligations: Iterable[Obligation], facts: Facts, organisation: Organisation) -> Iterator[Obligation]:
    """Those of such regimes."""
    some = tuple(obligations)
    held = {each.regime for each in in_force({each.regime.regime: each.regime for each in some}.values(), facts, organisation)}
    return (each for each in some if each.regime.regime in held)


def shortest_act_by(obligations: Iterable[Obligation], facts: Facts, organisation: Organisation, reported_at: datetime,
                    calendars: Mapping[str, Where]) -> datetime | None:
    """The earliest `act_by` that could apply, were everything that may start at once to start with the report, UTC.

    None if nothing may apply. Raises `NaiveInstant`.
    """
    instants = [earliest(each.stage, utc(reported_at), calendars[each.regime.regime])
                for each in _within_force(obligations, facts, organisation)
                if each.stage.starts.event in AT_ONCE and applies(each, asked_of(each.regime, facts, organisation, "UTC")).value is not False
                and not _is_settled(each, facts)]
    return min((instant for instant in instants if instant), default=None)


def _is_settled(each: Obligation, facts: Facts) -> bool:
    """Whether it was submitted, or decided as not to be reported, since it last began."""
    known = current(each.regime, each.stage, facts)
    return bool(known.submitted(each.id) or known.happened(WAIVED, each.id))


def explain(found: Standing, late: str = "late") -> tuple[str, ...]:
    """How it stands and how each instant was computed, a line each; `late` says of one that is overdue by how much."""
    stage = found.obligation.stage
    head = f"{found.obligation.id}: {found.obligation.regime.title}, {stage.article}: {stage.title}, to {stage.recipient}"
    return (head, *(f"  {line}" for line in _told(found, late)))


def _told(found: Standing, late: str) -> Iterator[str]:
    yield f"{found.state}{f' ({found.by})' if found.by else ''}"
    yield from found.why
    yield from found.lines
    if found.act_by is not None:
        yield f"act by {said(found.act_by, found.zone)}"
        yield (f"latest lawful {said(found.latest_lawful, found.zone)}" if found.latest_lawful else
               "the act names no figure: without undue delay")
    if found.overdue:
        yield f"{late}: the latest lawful instant has passed, and it is owed all the same"
    for note in (found.obligation.regime.note, found.obligation.stage.note):
        if note and found.act_by is not None:
            yield f"note: {note}"
