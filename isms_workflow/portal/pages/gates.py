"""A gate: what is decided on, by whom, until when, and what happens otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.gates import authority, disposes, eligible, lacking, workers
from isms_workflow.domain.incident import LEARNING
from isms_workflow.domain.lessons import counting
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.refusals import ReasonNeeded, Unknown, Wrong
from isms_workflow.domain.rules.apart import is_current
from isms_workflow.domain.rules.gates import Answer, Shown, left_open
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.engine import reading
from isms_workflow.engine.commands import gates as commands
from isms_workflow.errors import IsmsError
from isms_workflow.portal import views as v
from isms_workflow.portal.again import refused
from isms_workflow.portal.asking import Route
from isms_workflow.portal.circle import people_of
from isms_workflow.portal.history import of_subject
from isms_workflow.portal.lessons_view import Board
from isms_workflow.portal.names import Names, entry, gate_url, reference, responsibility, step_url
from isms_workflow.portal.pages.steps import find as find_step
from isms_workflow.portal.rendering import word
from isms_workflow.portal.showing import files, remarks, rungs, wait_of_gate
from isms_workflow.portal.texts import capital
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import audit, audit_private, decisions, dispositions

router = APIRouter(prefix="/gates", route_class=Route)
DONE = {"approve": "Your approval is recorded.", "return": "It is returned for rework.", "reject": "It is rejected."}


def find(conn: Connection, visit: Visit, gate: str) -> tuple[CaseView, Gate]:
    """A gate with its case, if the reader may see it. Raises `Unknown`, `NotShown`."""
    case = conn.execute(questions.case_of_gate(), {"gate": gate}).scalar()
    if case is None:
        raise Unknown("gate", gate)
    view = reading.view(conn, case, visit.now)
    visit.require_sight(conn, view, "gate", gate)
    return view, view.gate(gate)


@router.get("/{gate}")
def show(visit: Reader, gate: str) -> Response:
    """The gate's page."""
    with visit.portal.store.read() as conn:
        view, found = find(conn, visit, gate)
        page = _page(conn, visit, view, found)
    return visit.page("gate.html", page, entry(view))


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.Gate, str]:
    """The gate's page, for a form on it that was refused: template, view, menu entry."""
    view, gate = find(conn, visit, path[0])
    return "gate.html", _page(conn, visit, view, gate), entry(view)


def _page(conn: Connection, visit: Visit, view: CaseView, gate: Gate) -> v.Gate:
    names, spec = Names(conn, visit.person), view.workflow.gate(gate.name)
    able = eligible(view, gate, visit.now)
    steps = view.steps_of(gate.name)
    covered = _covered(conn, visit, view, steps, names)
    working = workers(view, gate.name)
    short = lacking(view, gate, visit.now) if gate.state == "open" else 0
    answer, why_not = _answer(visit, view, gate)
    needed = " or ".join(responsibility(view, r) for r in spec.responsibilities)
    left = [p for p in able if p not in {d.person for d in gate.decisions}]
    return v.Gate(
        reference(view), f"approve {word(gate.name)}", gate.state, gate.due_at, gate.state != "open", gate.round,
        gate.digest, _counted(covered), covered,
        f"{gate.quorum} of: {needed}",
        "" if spec.relaxed else f"nobody who did, evidenced or waived a step ({names.names(working)})",
        _votes(conn, gate, names, left), rungs(conn, view, gate.id),
        of_subject(conn, gate.id, names, visit), wait=wait_of_gate(conn, view, gate, names, left),
        answer=answer, why_not=why_not,
        relaxed=f"Separation of duties is relaxed here by the programme: {spec.relaxed}" if spec.relaxed else "",
        undecidable=f"The people in office can't decide this gate: {short} more, who had no part in the work, must hold "
                    f"{needed}. Name them on People." if short else "",
        carried=_carried(conn, visit, view, gate, names),
        rounds=tuple(v.Round(g.round, g.state, g.closed_at, "", g.digest)
                     for g in view.gates if g.name == gate.name and g.id != gate.id and g.closed_at),
        actions=_ways_out(visit, view, gate),
        lessons=None if view.incident is None else Board(conn, visit, view, names).whole(working=False))


def _covered(conn: Connection, visit: Visit, view: CaseView, steps: tuple[Step, ...],
             names: Names) -> tuple[v.CoveredStep, ...]:
    inside = visit.person.id in people_of(conn, view, visit.now)
    found, said = files(conn, steps, names, visit.person, inside), remarks(conn, steps, names)
    return tuple(v.CoveredStep(
        view.title(s), step_url(s), s.state, names.who(s.settled_by or s.owner), s.settled_at, found.get(s.id, ()),
        said.get(s.id, ()), _note(conn, s, names), entries=len(counting(s.lessons))) for s in steps)


def _counted(covered: tuple[v.CoveredStep, ...]) -> str:
    """How much a gate decides on: steps, files, and entries where there are some."""
    entries = sum(s.entries for s in covered)
    said = ("" if not entries else ", 1 entry" if entries == 1 else f", {entries} entries")
    return f"{len(covered)} steps, {sum(len(s.evidence) for s in covered)} files{said}"


def _note(conn: Connection, step: Step, names: Names) -> str:
    parts = [f"extended {step.extensions} times" if step.extensions > 1 else "extended once"] if step.extensions else []
    if step.state == "waived":
        reason = conn.execute(
            select(audit_private.c.value).join(audit, audit.c.seq == audit_private.c.seq)
            .where(audit.c.subject == step.id, audit.c.kind == "step.waived", audit_private.c.field == "reason")
            .order_by(audit.c.seq.desc()).limit(1)).scalar()
        parts.append(f"waived by {names.name(step.settled_by)}: {reason or '(erased)'}")
    return "; ".join(parts)


def _votes(conn: Connection, gate: Gate, names: Names, left: list[str]) -> tuple[v.Vote, ...]:
    words = {"approve": "approved", "return": "returned", "reject": "rejected"}
    rows = conn.execute(select(decisions).where(decisions.c.gate_id == gate.id).order_by(decisions.c.decided_at)).all()
    given = tuple(v.Vote(names.who(r.person, f"for {names.name(r.for_person)}" if r.for_person else ""),
                         "void" if r.voided_at else words[r.answer], r.decided_at, r.digest) for r in rows)
    waiting = tuple(v.Vote(names.who(p), "waiting") for p in left) if gate.state == "open" else ()
    return given + waiting


def _answer(visit: Visit, view: CaseView, gate: Gate) -> tuple[v.Answer | None, str]:
    if gate.state != "open":
        return None, ""
    try:
        visit.require(Action.WRITE, "Deciding a gate")
        authority(view, gate, visit.person.id, visit.now)
    except IsmsError as error:
        return None, str(error)
    name, url = word(gate.name), gate_url(gate)
    last = len(gate.decisions) + 1 >= gate.quorum
    goes_on = GOES_ON[view.case.kind]
    if view.duties and (view.duties.running or view.duties.owed):  # domain/rules/duties.py holds the end until then
        goes_on += " once its obligations to report are settled"
    left = left_open(view, gate)
    passes = f"{capital(name)} {_are(name)} approved and frozen, and {goes_on}." if last else (
        f"{len(gate.decisions) + 1} of {gate.quorum}.")
    return v.Answer(
        v.Field("comment", "Comment", "textarea", "Needed to return or reject. Kept in the history."),
        v.Field("reopen", "Steps to reopen", "checkboxes", choices=_reopenable(view, gate)),
        (v.Action("approve", f"Approve {name}", f"{url}/approve", main=True, why_not=f"{capital(left)}." if left else "",
                  then=f"{passes} Can't be undone."),
         v.Action("return", "Return for rework", f"{url}/return",
                  then=f"Closes round {gate.round} at once; the chosen steps reopen, and the next round follows."),
         v.Action("reject", "Reject", f"{url}/reject", danger=True,
                  then=f"Closes the gate at once; top management restarts {name}{_or_cancels(view)}."))), ""


GOES_ON = {"pdca": "the cycle goes on", "incident": "the incident closes", "corrective_action": "the plan is carried out"}
"""By a case's kind: what its gate's passing leads to."""


def _reopenable(view: CaseView, gate: Gate) -> tuple[v.Choice, ...]:
    """The steps that a return or a restart may reopen: of a corrective action those of its latest round."""
    return tuple(v.Choice(s.id, view.title(s)) for s in view.steps_of(gate.name)
                 if s.state in ("done", "waived") and is_current(view, s))


def _or_cancels(view: CaseView) -> str:
    return " or cancels the cycle" if view.workflow.is_followed else ""


def _are(name: str) -> str:
    """A phase is one; the lessons are several."""
    return "are" if name == word(LEARNING) else "is"


def _carried(conn: Connection, visit: Visit, view: CaseView, gate: Gate, names: Names) -> tuple[v.CarriedOver, ...]:
    if not disposes(view, gate):
        return ()
    rows = {r.step_id: r for r in conn.execute(select(dispositions).where(dispositions.c.case_id == view.case.id))}
    last = view.workflow.gate(view.workflow.phases[-1].id).responsibilities
    may = gate.state == "open" and any(view.directory.holds(visit.person.id, n) for n in (ISMS_MANAGER, *last))
    people = names.choices(tuple(p.id for p in view.directory.people.values() if p.may_write))
    found = []
    for step in (s for s in view.steps if s.state == "waived"):
        row = rows.get(step.id)
        actions = (
            v.Action(f"carry-{step.id}", "Carry it over", f"/gates/{gate.id}/carry/{step.id}",
                     (v.Field("to", "To", "select", choices=people, required=True),)),
            v.Action(f"decline-{step.id}", "Decline it", f"/gates/{gate.id}/decline/{step.id}", reason_required=True),
        ) if row is None and may else ()
        state = "undecided" if row is None else "carried over" if row.answer == "carried" else "declined"
        found.append(v.CarriedOver(view.title(step), reference(view), _note(conn, step, names), state,
                                   names.who(row.to_person) if row is not None and row.to_person else None, actions))
    return tuple(found)


def _ways_out(visit: Visit, view: CaseView, gate: Gate) -> tuple[v.Action, ...]:
    if not gate.waits_for_way_out or view.case.closed_at is not None:
        return ()
    reopen = v.Field("reopen", "Steps to reopen", "checkboxes", choices=_reopenable(view, gate))
    version, url = str(gate.version), gate_url(gate)
    if gate.state == "rejected":
        why = "" if view.directory.holds(visit.person.id, TOP_MANAGEMENT) else "Only top management restarts a rejected phase."
        return (v.Action("restart", f"Restart {word(gate.name)}", f"{url}/restart", (reopen,), main=True, why_not=why,
                         reason_required=True, version=version,
                         then="The chosen steps are owed again; the last of them opens the next round." + (
                             "" if not view.workflow.is_followed else " Top management can also cancel the cycle, on its page.")),)
    owner = view.workflow.phase(gate.name).owner
    why = "" if view.directory.holds(visit.person.id, owner) else f"Only the {responsibility(view, owner)} says how it goes on."
    return (v.Action("again", "Open the next round", f"{url}/again", (replace(reopen, hint="None: as it stands."),),
                     main=True, why_not=why, reason_required=True, version=version,
                     then="As it stands, or after the chosen steps are done again. Approvals start anew."),)


@router.post("/{gate}/{answer}")
def decide(visit: Sender, form: Form, gate: str, answer: str) -> Response:
    """One person's answer on exactly what was shown; or how a rejected or lapsed gate goes on."""
    visit.require(Action.WRITE, "Deciding a gate")
    try:
        _write(visit, form, gate, answer)
    except (ReasonNeeded, Wrong) as error:
        return _refused(visit, form, gate, error)
    return visit.go(f"/gates/{gate}", DONE.get(answer, "The phase goes on."))


def _write(visit: Visit, form: Posted, gate: str, answer: str) -> None:
    when, steps, reason = When.at(visit.now), form.many("reopen"), form.text("reason")
    with visit.portal.store.write() as tx:
        def admit(view: CaseView) -> None:
            visit.require_sight(tx, view, "gate", gate)

        if answer in DONE:
            shown = Shown(form.number("round") or 0, form.text("digest"))
            commands.decide(tx, gate, shown, Answer(answer, form.text("comment"), steps if answer == "return" else ()),
                            visit.actor, when, admit)
        elif answer == "restart":
            commands.restart(tx, gate, form.version(), steps, reason, visit.actor, when, admit)
        elif answer == "again":
            commands.next_round(tx, gate, form.version(), steps, reason, visit.actor, when, admit)
        else:
            raise Unknown("answer", answer)


def _refused(visit: Visit, form: Posted, gate: str, error: IsmsError) -> Response:
    """The same page, with what was typed and what was wrong with it."""
    with visit.portal.store.read() as conn:
        view, found = find(conn, visit, gate)
        page = _page(conn, visit, view, found)
    if page.answer is not None:
        field = "reopen" if isinstance(error, Wrong) and error.field != "reason" else "comment"
        typed = replace(page.answer, comment=replace(page.answer.comment, value=form.text("comment"),
                                                     error=str(error) if field == "comment" else ""),
                        reopen=replace(page.answer.reopen, value=form.many("reopen"),
                                       error=str(error) if field == "reopen" else ""))
        page = replace(page, answer=typed, problems=(v.Problem(str(error), f"answer-{field}"),))
    else:
        page = refused(page, visit.request.url.path, form.typed(), error)
    return visit.page("gate.html", page, entry(view), status=422)


@router.post("/{gate}/carry/{step}")
def carry(visit: Sender, form: Form, gate: str, step: str) -> Response:
    """A waived step is carried over to somebody by name."""
    _dispose(visit, step, form.text("to") or "nobody", "")
    return visit.go(f"/gates/{gate}", "It is carried over into the next cycle.")


@router.post("/{gate}/decline/{step}")
def decline(visit: Sender, form: Form, gate: str, step: str) -> Response:
    """A waived step is not carried over, with a reason."""
    _dispose(visit, step, None, form.text("reason"))
    return visit.go(f"/gates/{gate}", "It is declined.", "information")


def _dispose(visit: Visit, step: str, to: str | None, reason: str) -> None:
    visit.require(Action.WRITE, "Carrying over a waived step")
    with visit.portal.store.read() as conn:
        find_step(conn, visit, step)
    with visit.portal.store.write() as tx:
        commands.dispose(tx, step, to, reason, visit.actor, When.at(visit.now))
