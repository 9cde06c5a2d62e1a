"""From the domain's views to what the API says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from sqlalchemy import Connection, select

from isms_workflow.domain import gates as gate_rules
from isms_workflow.domain.forecast import Coming
from isms_workflow.domain.steps import MACHINE
from isms_workflow.domain.views import CaseView, Gate, Step, programme_key
from isms_workflow.domain.waits import waits
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Caller
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.tables import comments, evidence

Row = TypeVar("Row")
MOST = 200


def page(items: Sequence[Row], limit: int, key: Callable[[Row], str], caller: Caller) -> m.Page[Row]:
    """A page of `limit` from a list that was asked one row longer; the next begins behind its last."""
    if len(items) <= limit:
        return m.Page(items=list(items))
    shown = list(items[:limit])
    kept = [(name, value) for name, value in caller.request.query_params.multi_items() if name != "after"]
    where = f"{caller.request.url.path}?{urlencode([*kept, ('after', key(shown[-1]))])}"
    return m.Page(items=shown, next=where)


def cycle(view: CaseView) -> m.Cycle:
    """A case as a cycle."""
    case = view.case
    return m.Cycle(
        id=case.id, reference=case.reference, state=case.state, version=case.version,
        label=case.label,  # the table's CHECK allows these three only
        programme=case.programme, opened_at=case.opened_at, started_at=case.started_at,
        paused_until=case.paused_until, closed_at=case.closed_at, steps=len(view.steps),
        steps_settled=sum(s.is_settled for s in view.steps),
        waits=[m.Wait(what=w.what, who=list(w.who), since=w.since, until=w.until) for w in waits(view)],
    )


def step_facts(view: CaseView, step: Step) -> dict[str, Any]:
    """What a step's list entry and its whole have in common."""
    spec = view.workflow.step(programme_key(step.key))
    names = ("id", "phase", "key", "state", "version", "responsibility", "owner", "due_at", "opened_at",
             "settled_at", "settled_by", "extensions")
    return {**{name: getattr(step, name) for name in names}, "cycle": view.case.reference,
            "title": spec.title, "clause": spec.clause, "evidence_needed": spec.evidence_needed}


def step(view: CaseView, found: Step) -> m.Step:
    """A step in a list."""
    return m.Step(**step_facts(view, found))


def whole_step(conn: Connection, caller: Caller, view: CaseView, found: Step) -> m.StepWhole:
    """A step with everything on it that the caller may see."""
    remarks = conn.execute(select(comments).where(comments.c.step_id == found.id).order_by(comments.c.id)).all()
    return m.StepWhole(
        **step_facts(view, found), guidance=view.workflow.step(programme_key(found.key)).guidance,
        evidence=files(conn, caller, view, (found.id,)), possible=list(MACHINE.possible(found.state)),
        comments=[m.Comment(id=r.id, author=r.author, written_at=r.written_at, text=r.text) for r in remarks],
        if_nobody_acts=coming(Look(conn, caller.now).coming(view, found.id)),
    )


def files(conn: Connection, caller: Caller, view: CaseView, steps: Iterable[str]) -> list[m.Evidence]:
    """The files of some steps, as far as their labels let the caller see them."""
    rows = conn.execute(select(evidence).where(evidence.c.step_id.in_(list(steps))).order_by(evidence.c.id)).all()
    return [file(row, caller) for row in rows if caller.sees(conn, view, row.label)]


def attachments(conn: Connection, caller: Caller, view: CaseView) -> list[m.Evidence]:
    """The files that came with an incident's report, as far as the caller may see them."""
    rows = conn.execute(incident_questions.attachments_of(view.case.id)).all()
    return [file(row, caller) for row in rows if caller.sees(conn, view, row.label)]


def file(row: Any, caller: Caller) -> m.Evidence:
    """A file from its row."""
    root = caller.request.scope.get("root_path", "")
    return m.Evidence(id=row.id, step=row.step_id, name=row.name, media_type=row.media_type, size=row.size,
                      sha256=row.sha256, label=row.label, added_by=row.added_by, added_at=row.added_at,
                      replaces=row.replaces, withdrawn=row.withdrawn_at is not None,
                      damaged=row.damaged_at is not None, file=f"{root}/evidence/{row.id}/file")


def gate_facts(view: CaseView, gate: Gate) -> dict[str, Any]:
    """What a gate's list entry and its whole have in common."""
    names = ("id", "name", "round", "state", "version", "digest", "quorum", "opened_at", "due_at", "closed_at")
    given = [m.Decision(id=d.id, person=d.person, for_person=d.for_person, responsibility=d.responsibility,
                        answer=d.answer,  # the table's CHECK allows these three only
                        digest=d.digest, decided_at=d.decided_at) for d in gate.decisions]
    return {**{name: getattr(gate, name) for name in names}, "cycle": view.case.reference, "decisions": given}


def gate(view: CaseView, found: Gate) -> m.Gate:
    """A gate's round in a list."""
    return m.Gate(**gate_facts(view, found))


def whole_gate(conn: Connection, view: CaseView, found: Gate, now: datetime) -> m.GateWhole:
    """A gate's round with what it covers and who can decide it."""
    spec, is_open = view.workflow.gate(found.name), found.state == "open"
    return m.GateWhole(
        **gate_facts(view, found), responsibilities=list(spec.responsibilities), relaxed=spec.relaxed,
        covers=[step(view, s) for s in view.steps_of(found.name)],
        can_decide=sorted(gate_rules.eligible(view, found, now)) if is_open else [],
        lacking=gate_rules.lacking(view, found, now) if is_open else 0,
        if_nobody_acts=coming(Look(conn, now).coming(view, found.id)),
    )


def coming(found: Iterable[Coming]) -> list[m.Coming]:
    """What happens if nobody acts."""
    return [m.Coming(at=each.at, says=each.says) for each in found]
