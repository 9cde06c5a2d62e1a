"""Reading what is recorded of incidents' reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.conditions import Answer, Event
from isms_workflow.domain.duties import Clock, Dated, Duties, has_duties, is_ours
from isms_workflow.domain.incident import Incident
from isms_workflow.engine import programmes
from isms_workflow.store.statements import among
from isms_workflow.store.statements import obligations as questions


def duties_of(tx: Connection, rows: Sequence[Any], incidents: Mapping[str, Incident], now: datetime) -> dict[str, Duties]:
    """The duties of these cases that have any; nothing is asked where none has."""
    known = {row.id: programmes.version(tx, row.programme).programme for row in rows if row.id in incidents}
    owing = [row for row in rows if row.id in known and has_duties(known[row.id], incidents[row.id].is_exercise)]
    return owed_by(tx, owing, now) if owing else {}


def owed_by(tx: Connection, owing: Sequence[Any], now: datetime) -> dict[str, Duties]:
    """The duties of these cases, each of which has some: four queries, however many cases."""
    known = {row.id: programmes.version(tx, row.programme).programme for row in owing}
    ids = among.ids(row.id for row in owing)
    answers: dict[str, list[Answer]] = {}
    for row in tx.execute(questions.answers_of(), ids):
        answers.setdefault(row.case_id, []).append(Answer(row.question, row.value, row.answered_at, row.by))
    dated: dict[str, list[Dated]] = {}
    for row in tx.execute(questions.events_of(), ids):
        event = Event(row.kind, row.happened_at, row.of, row.until, row.has_reasons)
        dated.setdefault(row.case_id, []).append(Dated(row.id, event, row.by, row.recorded_at, row.evidence_id))
    clocks: dict[str, list[Clock]] = {}
    for row in (each for each in tx.execute(questions.clocks_of(), ids) if is_ours(each.event)):
        clocks.setdefault(row.case_id, []).append(Clock(row.event, row.due_at, row.rule["base"], row.settled_at is None))
    occurred = {row.case_id: row.occurred_at for row in tx.execute(questions.occurred_of(), ids)}
    return {row.id: _as_of(now, Duties(known[row.id], row.opened_at, now, occurred[row.id], tuple(answers.get(row.id, ())),
                                       tuple(dated.get(row.id, ())), tuple(clocks.get(row.id, ())))) for row in owing}


def _as_of(now: datetime, found: Duties) -> Duties:
    """Never as of before what is recorded: an answer that corrects another at its very instant counts a moment later."""
    last = max((each.at for each in found.answers), default=now)
    return found if last <= now else replace(found, at=last)
