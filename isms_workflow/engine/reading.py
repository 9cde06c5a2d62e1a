"""Reading what a decision is made on: whole cases for commands, the least for the clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

from isms_workflow.domain.corrective_action import CorrectiveAction
from isms_workflow.domain.duties import Duties
from isms_workflow.domain.incident import Incident, Stop
from isms_workflow.domain.lessons import Lesson
from isms_workflow.domain.people import Directory
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.views import STEP_ROW, Case, CaseView, Comment, Decision, Evidence, Gate, Step
from isms_workflow.engine import offices, programmes
from isms_workflow.engine.duties import duties_of
from isms_workflow.store import tables
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.statements import corrective as corrective_questions
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements import lessons as lesson_questions
from isms_workflow.store.statements import mails as mail_questions

T = TypeVar("T")


def _columns(table: Table, names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Takes these columns out of a whole row of the table: five times as quick as by their names."""
    places = list(table.c.keys())
    return itemgetter(*(places.index(name) for name in names))


GATE = tuple(name for name in Gate.__slots__ if name not in ("case", "decisions"))
_case = _columns(tables.cases, Case.__slots__)
_step = _columns(tables.steps, STEP_ROW)
_gate = _columns(tables.gates, GATE)
_incident = _columns(tables.incidents, (name for name in Incident.__slots__ if name not in ("systems", "stops")))
_corrective = _columns(tables.corrective_actions, (name for name in CorrectiveAction.__slots__ if name != "owners"))
_lesson = _columns(tables.lessons, ("id", "sort", "parent", "commitment", "author"))
_stop = _columns(tables.stops, Stop.__slots__)


def view(tx: Connection, case: str, now: datetime, lock: bool = False) -> CaseView:
    """A case whole, as it is at this instant; with `lock`, nobody else changes it before we commit.

    Raises `Unknown`.
    """
    question = questions.locked() if lock else questions.found()
    return one(tx, tx.execute(question, among.ids((case,))).first(), "case", case, now)


def one(tx: Connection, row: Any, what: str, name: str, now: datetime) -> CaseView:
    """The case of a row, whole. Raises `Unknown`, which says `what` of this `name` isn't there, where the row is None."""
    if row is None:
        raise Unknown(what, name)
    return _whole(tx, (row,), now)[row.id]


def views(tx: Connection, ids: Collection[str], now: datetime, lock: bool = False) -> dict[str, CaseView]:
    """Cases whole, by id; one query a table, however many cases."""
    return _whole(tx, tx.execute(questions.locked() if lock else questions.found(), among.ids(ids)).all(), now)


def _whole(tx: Connection, rows: Sequence[Any], now: datetime) -> dict[str, CaseView]:
    ids = [row.id for row in rows]
    traces = _grouped((row.sort, row) for row in tx.execute(questions.traces_of(), among.ids(ids)))
    token = next((row.id for row in traces.get("offices", ())), None)  # after the cases are locked: what changed while we waited is seen
    people = offices.standing(tx, now, token).directory
    steps, gates = _steps(tx, ids, [row.id for row in rows if row.kind == "incident"], traces), _gates(tx, ids)
    workers = _workers((*traces.get("complete", ()), *traces.get("waive", ())), steps)
    disposed = _grouped((row.case_id, row.step_id) for row in traces.get("disposed", ()))
    incidents, actions = _incidents(tx, rows), _actions(tx, rows)
    duties = duties_of(tx, rows, incidents, now)
    return {row.id: _assembled(tx, row, people, steps.get(row.id, ()), gates.get(row.id, ()),
                               frozenset(workers.get(row.id, ())), frozenset(disposed.get(row.id, ())),
                               incidents.get(row.id), actions.get(row.id), duties.get(row.id))
            for row in rows}


def reached_of(conn: Connection, ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Whom ladders and notices have reached, of each of these cases; one query, however many."""
    told: dict[str, set[str]] = {case: set() for case in ids}
    for case, person in conn.execute(mail_questions.reached_of_each(ids)):
        told[case].add(person)
    return {case: frozenset(people) for case, people in told.items()}


def partial(tx: Connection, cases: Collection[str], steps: Collection[str], gates: Collection[str],
            people: Directory) -> dict[str, CaseView]:
    """For the clock: cases that it has locked, with just the steps and gates that fell due."""
    owed = _grouped((row.case_id, step(row)) for row in tx.execute(questions.steps_by_id(steps))) if steps else {}
    rounds = _grouped((row.case_id, gate(row)) for row in tx.execute(questions.gates_by_id(gates))) if gates else {}
    rows = tx.execute(questions.found(), among.ids(cases)).all()
    incidents, actions = _incidents(tx, rows), _actions(tx, rows)
    return {row.id: _assembled(tx, row, people, owed.get(row.id, ()), rounds.get(row.id, ()), frozenset(), frozenset(),
                               incidents.get(row.id), actions.get(row.id))
            for row in rows}


def _assembled(tx: Connection, row: Any, people: Directory, steps: Iterable[Step], gates: Iterable[Gate],
               workers: frozenset[tuple[str, str]], disposed: frozenset[str], incident: Incident | None,
               corrective: CorrectiveAction | None = None, duties: Duties | None = None) -> CaseView:
    known = programmes.version(tx, row.programme)
    return CaseView(case(row), tuple(steps), tuple(gates), known.programme, known.calendar, people, workers, disposed,
                    incident, corrective, duties)


def _incidents(tx: Connection, rows: Iterable[Any]) -> dict[str, Incident]:
    """What these cases' incidents are; nothing is asked where there are none."""
    ids = [row.id for row in rows if row.kind == "incident"]
    if not ids:
        return {}
    stops = _grouped((row.case_id, Stop(*_stop(row))) for row in tx.execute(incident_questions.stops_of(), among.ids(ids)))
    systems = _grouped((row.case_id, row.system_id)
                       for row in tx.execute(incident_questions.systems_of(), among.ids(ids)))
    return {row.case_id: Incident(*(*_incident(row), tuple(systems.get(row.case_id, ())), tuple(stops.get(row.case_id, ()))))
            for row in tx.execute(incident_questions.beside(), among.ids(ids))}


def _actions(tx: Connection, rows: Iterable[Any]) -> dict[str, CorrectiveAction]:
    """What these cases' corrective actions are; nothing is asked where there are none."""
    ids = [row.id for row in rows if row.kind == "corrective_action"]
    if not ids:
        return {}
    owners = _grouped((row.case_id, row.person) for row in tx.execute(corrective_questions.owners_of(), among.ids(ids)))
    return {row.case_id: CorrectiveAction(*(*_corrective(row), frozenset(owners.get(row.case_id, ()))))
            for row in tx.execute(corrective_questions.beside(), among.ids(ids))}


def case(row: Any) -> Case:
    """A case from its row."""
    return Case(*_case(row))


def step(row: Any, evidence: tuple[Evidence, ...] = (), comments: tuple[Comment, ...] = (),
         lessons: tuple[Lesson, ...] = (), reopened_at: datetime | None = None) -> Step:
    """A step from its row."""
    return Step(case=row.case_id, evidence=evidence, comments=comments, lessons=lessons, reopened_at=reopened_at,
                **dict(zip(STEP_ROW, _step(row), strict=True)))


def gate(row: Any, decisions: tuple[Decision, ...] = ()) -> Gate:
    """A gate's round from its row."""
    return Gate(case=row.case_id, decisions=decisions, **dict(zip(GATE, _gate(row), strict=True)))


def _steps(tx: Connection, ids: Collection[str], incidents: Collection[str],
           traces: Mapping[str, Sequence[Any]]) -> dict[str, list[Step]]:
    learned = _lessons(tx, incidents)
    files = _grouped((r.step_id, Evidence(r.id, r.step_id, r.sha256, r.commitment, r.person, bool(r.withdrawn)))
                     for r in traces.get("evidence", ()))
    remarks = _grouped((r.step_id, Comment(r.id, r.commitment)) for r in traces.get("comment", ()))
    reopened = {r.step_id: r.at for r in traces.get("reopen", ())}  # in the order of their ids: the last stands
    return _grouped((r.case_id, step(r, tuple(files.get(r.id, ())), tuple(remarks.get(r.id, ())),
                                      tuple(learned.get(r.id, ())), reopened.get(r.id)))
                    for r in tx.execute(questions.steps_of(), among.ids(ids)))


def _lessons(tx: Connection, incidents: Collection[str]) -> dict[str, list[Lesson]]:
    """What these incidents' steps hold of what is learned; nothing is asked where there are none."""
    if not incidents:
        return {}
    return _grouped((r.step_id, Lesson(*(*_lesson(r), r.withdrawn_at is not None, r.answer, r.action_case)))
                    for r in tx.execute(lesson_questions.of_cases(), among.ids(incidents)))


def _gates(tx: Connection, ids: Collection[str]) -> dict[str, list[Gate]]:
    found = tx.execute(questions.gates_of(), among.ids(ids)).all()
    given = _grouped((r.id, Decision(r.decision_id, r.decision_person, r.decision_for_person, r.decision_responsibility,
                                     r.decision_answer, r.decision_digest, r.decision_decided_at)) for r in found if r.decision_id)
    rounds = {r.id: r for r in found}  # a gate stands there once for each answer
    return _grouped((r.case_id, gate(r, tuple(given.get(r.id, ())))) for r in rounds.values())


def _workers(settled_by: Iterable[Any], steps: Mapping[str, list[Step]]) -> dict[str, list[tuple[str, str]]]:
    """Who completed, waived or evidenced which step, ever: also before a reopening, also a withdrawn file."""
    settled = [(r.case_id, (r.step_id, r.person)) for r in settled_by]
    added = [(case, (s.id, e.added_by)) for case, found in steps.items() for s in found for e in s.evidence]
    learned = [(case, (s.id, each.author)) for case, found in steps.items() for s in found for each in s.lessons]
    return _grouped((*settled, *added, *learned))


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
