"""From the domain's views to what pages show: files, waits, ladders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, select

from isms_workflow.domain.access import may_see
from isms_workflow.domain.corrective_action import OBSERVING, REFERRED
from isms_workflow.domain.duties import is_ours
from isms_workflow.domain.forecast import every, of_clock
from isms_workflow.domain.people import Person
from isms_workflow.domain.rules.common import LADDER, LAPSE
from isms_workflow.domain.rules.ladder import answering, asks_again, next_rung
from isms_workflow.domain.times import from_iso
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.domain.waits import REPORT, waits
from isms_workflow.engine.mailing.look import deadline
from isms_workflow.portal import views as v
from isms_workflow.portal.names import Names, responsibility
from isms_workflow.programme.ladders import Level
from isms_workflow.store.statements.among import among
from isms_workflow.store.statements.deadlines import unsettled
from isms_workflow.store.tables import comments, deadlines, evidence, people

PARTS = {"owner": "the owner", "deputy": "the deputy", "approvers": "whoever can approve"}
"""Whom a level tells by their part in a step or a gate."""


def files(conn: Connection, steps: Iterable[Step], names: Names, reader: Person, inside: bool,
          with_withdrawn: bool = False) -> dict[str, tuple[v.Evidence, ...]]:
    """The files of these steps that the reader may see, by step; those withdrawn only if asked for."""
    ids = [s.id for s in steps]
    rows = conn.execute(select(evidence).where(evidence.c.step_id.in_(ids)).order_by(evidence.c.added_at)).all()
    found: dict[str, list[v.Evidence]] = {}
    for row in rows:
        if (with_withdrawn or row.withdrawn_at is None) and may_see(reader, row.label, inside):
            found.setdefault(row.step_id, []).append(file(row, names))
    return {step: tuple(each) for step, each in found.items()}


def file(row: Any, names: Names) -> v.Evidence:
    """A file from its row."""
    state = "damaged" if row.damaged_at else "withdrawn" if row.withdrawn_at else ""
    note = "a newer version" if row.replaces else ""
    who = names.who(row.added_by) if row.added_by else v.Who("with the report")
    return v.Evidence(row.name or "(name erased)", file_url(row.id), row.sha256, row.size, who, row.added_at, row.label, note, checked=row.checked_at, state=state)


def file_url(item: str) -> str:
    """Where a file's bytes are."""
    return f"/evidence/{item}/file"


def remarks(conn: Connection, steps: Iterable[Step], names: Names) -> dict[str, tuple[v.Comment, ...]]:
    """The comments on these steps, by step, oldest first."""
    ids = [s.id for s in steps]
    found: dict[str, list[v.Comment]] = {}
    for row in conn.execute(select(comments).where(comments.c.step_id.in_(ids)).order_by(comments.c.written_at)):
        found.setdefault(row.step_id, []).append(
            v.Comment(names.who(row.author), row.written_at, row.text or "(erased)"))
    return {step: tuple(each) for step, each in found.items()}


def rungs(conn: Connection, view: CaseView, subject: str, most: int = 5) -> tuple[v.Rung, ...]:
    """What happens when, if nobody acts: the armed level and those after it, a gate's lapse, an incident's own clocks."""
    return rungs_of(conn, view, conn.execute(select(deadlines).where(
        deadlines.c.subject_id == subject, deadlines.c.settled_at.is_(None))).all(), most)


def armed(conn: Connection, ids: Collection[str]) -> dict[str, list[Any]]:
    """What is armed in these cases, by its subject."""
    found: dict[str, list[Any]] = {}
    for row in conn.execute(unsettled(ids)) if ids else ():
        found.setdefault(row.subject_id, []).append(row)
    return found


def rungs_of(conn: Connection, view: CaseView, rows: Sequence[Any], most: int) -> tuple[v.Rung, ...]:
    """The same from what is armed for a subject."""
    found: list[v.Rung] = []
    for row in (each for each in rows if not is_ours(each.event)):  # reports have a page of their own
        if row.event == LADDER:
            found += _climb(view, row, most)
        elif row.event == LAPSE:
            found.append(v.Rung(row.due_at, "the gate lapses; its phase waits for its owner"))
        else:
            found += [v.Rung(each.at, each.says) for each in of_clock(view, deadline(row), partial(_called, conn))]
    lapse = min((r.due_at for r in rows if r.event == LAPSE), default=None)
    return tuple(sorted((r for r in found if lapse is None or r.at <= lapse), key=lambda r: r.at))[:most]


def _climb(view: CaseView, row: Any, most: int) -> list[v.Rung]:
    ladder, base = view.programme.ladders[row.ladder], from_iso(row.rule["base"])
    found = [v.Rung(row.due_at, _tells(view, row, ladder.levels[row.level], row.repeat))]
    at, level, repeat = row.due_at, row.level, row.repeat
    for _ in range(most):
        next_one = next_rung(view, deadline(row), (level, repeat), base, at)
        if next_one is None or next_one.repeat > 1:
            break
        at, level, repeat = next_one.due_at, next_one.level, next_one.repeat
        found.append(v.Rung(at, _tells(view, row, ladder.levels[level], repeat)))
    return found


def _called(conn: Connection, person: str) -> str:
    """A person's name, without a reader to whom it might be `you`."""
    return str(conn.execute(select(people.c.name).where(people.c.id == person)).scalar() or "somebody erased")


def _tells(view: CaseView, row: Any, level: Level, repeat: int) -> str:
    """Whom a level tells, in words; of a repetition, that it is one, and how often more follow."""
    whom = " and ".join(_part(view, row, name) for name in level.to)
    does = "reminds" if {"owner", "approvers"} & set(level.to) or asks_again(view, row.subject, level) else "escalates to"
    again = f" again, then every {every(level.repeat)}" if repeat and level.repeat else ""
    return f"{does} {whom}{again}"


def _part(view: CaseView, row: Any, name: str) -> str:
    """Whom a level's name means, of what its deadline is about: a step has an owner, of the rest it is whoever answers."""
    if name == "owner" and row.subject != "step":
        return responsibility(view, answering(view, view.gate(row.subject_id) if row.subject == "gate" else None))
    return PARTS.get(name) or responsibility(view, name)


def wait_of_step(conn: Connection, view: CaseView, step: Step, names: Names) -> v.Wait | None:
    """For whom, since when, until when, and what happens then."""
    if step.state != "open" or step.open_since is None:
        return None
    return v.Wait(names.name(step.owner), step.open_since, step.due_at, after(rungs(conn, view, step.id), step.due_at))


def wait_of_gate(conn: Connection, view: CaseView, gate: Gate, names: Names, able: Iterable[str]) -> v.Wait | None:
    """The same for a gate, open or waiting for a way on."""
    then = after(rungs(conn, view, gate.id), gate.due_at if gate.state == "open" else None)
    if gate.state == "open":
        left = gate.quorum - len(gate.decisions)
        return v.Wait(f"{left} of {gate.quorum} approvals: {names.names(tuple(able))}", gate.opened_at, gate.due_at, then)
    if gate.waits_for_way_out and gate.closed_at:
        return v.Wait(names.names(view.directory.holders(answering(view, gate))), gate.closed_at, None, then)
    return None


def waiting(conn: Connection, view: CaseView) -> v.Wait | None:
    """What a case waits for, in a sentence: since when, until when, and what happens then; None if for nothing."""
    found = waits(view)
    since = [w.since for w in found if w.since]
    if not since:
        return None
    first = min(found, key=lambda w: (w.until is None, w.until))
    if first.what.startswith(REPORT):
        return v.Wait(waited_for(view), min(since), first.until, "everybody concerned is told that it should be out")
    ahead = rungs(conn, view, first.subject or view.case.id)
    at_once = "; ".join(r.says for r in ahead if view.incident and not first.subject and r.at == first.until)
    until = first.until or _until(conn, view)
    return v.Wait(waited_for(view), min(since), until, at_once or after(ahead, until))


def _until(conn: Connection, view: CaseView) -> datetime | None:
    """When an action is checked, which the clock begins, or by when management says how it goes on; None for any other wait."""
    if view.case.state == OBSERVING:
        return earliest(conn, (view.case.id,)).get(view.case.id)
    if view.case.state != REFERRED:
        return None
    rows = conn.execute(unsettled((view.case.id,))).all()
    return next((from_iso(row.rule["base"]) for row in rows if row.event == LADDER and row.subject_id == view.case.id), None)


def after(ahead: Sequence[v.Rung], until: datetime | None) -> str:
    """What happens once a due date has passed; where there is none, what happens next."""
    then = next((r for r in ahead if until is None or r.at > until), ahead[-1] if ahead else None)
    return then.says if then else "nothing"


def waited_for(view: CaseView) -> str:
    """What a case waits for, the first two by name; empty if for nothing."""
    titles = {step.id: view.title(step) for step in view.steps}
    found = [titles.get(w.subject, w.what) for w in waits(view)]
    return "; ".join(found[:2]) + (f" and {len(found) - 2} more" if len(found) > 2 else "")


def due(conn: Connection, views: Iterable[CaseView]) -> dict[str, datetime]:
    """By case, when the next of what it waits for is due; else when something happens next. Cases without either are left out."""
    dates = {view.case.id: [w.until for w in waits(view) if w.until] for view in views}
    return earliest(conn, [case for case, found in dates.items() if not found]) | {
        case: min(found) for case, found in dates.items() if found}


def earliest(conn: Connection, ids: Collection[str]) -> dict[str, datetime]:
    """When something happens next in these cases, if nobody acts."""
    query = select(deadlines.c.case_id, func.min(deadlines.c.due_at)).where(
        among(deadlines.c.case_id, ids), deadlines.c.settled_at.is_(None)).group_by(deadlines.c.case_id)
    return dict(conn.execute(query).tuples().all()) if ids else {}
