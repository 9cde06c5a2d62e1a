"""The cycle: four phases, 24 steps, who and when."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response

from isms_workflow.domain import machines
from isms_workflow.domain.access import Action
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.rules.cases import needed
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Gate, Step, programme_key
from isms_workflow.engine import offices, programmes, reading
from isms_workflow.engine.commands import cases as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import Names, gate_url, reference, responsibility, step_url
from isms_workflow.portal.rendering import word
from isms_workflow.portal.showing import waiting
from isms_workflow.portal.visit import Form, Reader, Sender, Visit
from isms_workflow.programme.model import Phase
from isms_workflow.store.tables import cases

router = APIRouter(route_class=Route)
NOBODY = "Only {who} {does}; you don't hold that responsibility."


@router.get("/cycle")
def cycle(visit: Reader) -> Response:
    """The open cycle; else the last one, and how to start another."""
    with visit.portal.store.read() as conn:
        page = _page(conn, visit)
    return visit.page("cycle.html", page, "Cycle")


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.Cycle, str]:  # noqa: ARG001  # there is one
    """The cycle's page, for a form on it that was refused: template, view, menu entry."""
    return "cycle.html", _page(conn, visit), "Cycle"


def _page(conn: Connection, visit: Visit) -> v.Cycle:
    rows = conn.execute(select(cases.c.id).where(cases.c.kind == "pdca").order_by(
        cases.c.closed_at.is_(None).desc(), cases.c.opened_at.desc()).limit(10)).scalars().all()
    found = [view for view in reading.views(conn, rows, visit.now).values() if visit.sees(conn, view)]
    found.sort(key=lambda view: rows.index(view.case.id))
    return _cycle(conn, visit, found[0], found[1:], Names(conn, visit.person)) if found else _none(conn, visit)


def _none(conn: Connection, visit: Visit) -> v.Cycle:
    programme = programmes.in_force(conn).programme
    return v.Cycle(v.Reference("No cycle yet", "/cycle"), "planned", "no cycle was opened so far", v.Meter(0, 24), (),
                   v.Link(programme.digest[:12], "/programme"), start=_open(conn, visit))


def _open(conn: Connection, visit: Visit) -> v.Action:
    manager = offices.directory(conn, visit.now).holds(visit.person.id, ISMS_MANAGER)
    why = "" if manager else NOBODY.format(who="the ISMS manager", does="opens a cycle")
    return v.Action("start", "Open and start a cycle", "/cycle/open", main=True, why_not=why,
                    then="It starts at once if every responsibility is held; its first steps reach their owners by mail.")


def _cycle(conn: Connection, visit: Visit, view: CaseView, earlier: list[CaseView], names: Names) -> v.Cycle:
    case, settled = view.case, sum(s.is_settled for s in view.steps)
    late = sum(s.state == "open" and s.due_at is not None and s.due_at <= visit.now for s in view.steps)
    ended = case.closed_at is not None
    day = (visit.now - (case.started_at or visit.now)).days + 1
    says = "planned" if case.started_at is None else f"day {day} · {settled} of {len(view.steps)} steps done"
    return v.Cycle(
        reference(view), "paused" if case.paused_until else case.state, says, v.Meter(settled, len(view.steps), late),
        tuple(_phase(visit, view, phase, names) for phase in view.workflow.phases),
        v.Link(case.programme[:12], "/programme"), waiting(conn, view),
        _missing(visit, view) if case.state == "planned" else (),
        _open(conn, visit) if ended else _start(visit, view) if case.state == "planned" else None,
        () if ended else _actions(visit, view), f"/cases/{case.reference}",
        tuple(reference(e) for e in earlier))


def _phase(visit: Visit, view: CaseView, phase: Phase, names: Names) -> v.Phase:
    steps, gate = view.steps_of(phase.id), view.latest_gate(phase.id)
    late = sum(s.state == "open" and s.due_at is not None and s.due_at <= visit.now for s in steps)
    state = _phase_state(view, phase, gate)
    opens = {"planned": "opens when the gate before it has passed", "open": "", "passed": "approved"}
    return v.Phase(phase.id, phase.id.upper(), state, v.Meter(sum(s.is_settled for s in steps), len(steps), late),
                   tuple(line(view, s, names) for s in steps), gate_line(view, phase, gate, names),
                   opens.get(state, state))


def _phase_state(view: CaseView, phase: Phase, gate: Gate | None) -> str:
    if gate is not None and gate.state in ("passed", "rejected", "lapsed"):
        return gate.state
    order = [p.id for p in view.workflow.phases]
    if view.case.state in order and order.index(phase.id) <= order.index(view.case.state):
        return "open"
    return "cancelled" if view.case.state == "cancelled" else "planned"


def line(view: CaseView, step: Step, names: Names) -> v.StepLine:
    """A step as a row."""
    spec = view.workflow.step(programme_key(step.key))
    state = {s.key: s for s in view.steps}
    before = () if step.carried_from else tuple(
        view.title(state[k]) for k in spec.depends_on if k in state and not state[k].is_settled)
    owner = step.owner or view.directory.owner(step.responsibility)
    note = "carried over" if step.carried_from else {0: "", 1: "extended once"}.get(step.extensions, "extended again")
    return v.StepLine(view.title(step), step_url(step), step.state, spec.clause, names.who(owner) if owner else None,
                      step.due_at, step.settled_at, sum(not e.withdrawn for e in step.evidence), before, note)


def gate_line(view: CaseView, phase: Phase, gate: Gate | None, names: Names) -> v.GateLine:
    """A phase's gate as the last row of its table."""
    spec = view.workflow.gate(phase.id)
    needs = " or ".join(responsibility(view, r) for r in spec.responsibilities)
    if gate is None:
        return v.GateLine(f"Gate: approve {word(phase.id)}", "", "planned", f"{spec.quorum} of {needs}")
    said = names.names(tuple(d.person for d in gate.decisions)) if gate.decisions else "nobody yet"
    says = f"{len(gate.decisions)} of {gate.quorum} approvals: {said}"
    return v.GateLine(f"Gate: approve {word(phase.id)}, round {gate.round}", gate_url(gate), gate.state, says,
                      gate.due_at, gate.closed_at)


def _missing(visit: Visit, view: CaseView) -> tuple[v.Missing, ...]:
    link = v.Link("Grant it on People", "/people") if visit.may(Action.ADMIN) else None
    found = []
    for name in view.directory.missing(needed(view.workflow)):
        steps = [s.title for p in view.workflow.phases for s in p.steps if s.responsibility == name]
        gates = [f"the {phase.upper()} gate" for phase, gate in view.workflow.gates.items() if name in gate.responsibilities]
        found.append(v.Missing(responsibility(view, name), ", ".join([*steps, *gates]) or "its ladders", link))
    return tuple(found)


def _start(visit: Visit, view: CaseView) -> v.Action:
    missing = view.directory.missing(needed(view.workflow))
    why = f"Nobody holds {', '.join(responsibility(view, m) for m in missing)}." if missing else ""
    if not view.directory.holds(visit.person.id, ISMS_MANAGER):
        why = NOBODY.format(who="the ISMS manager", does="starts a cycle")
    return v.Action("start", "Start the cycle", f"/cases/{view.case.id}/start", main=True, why_not=why,
                    version=str(view.case.version), then="PLAN opens, and its steps reach their owners by mail.")


def _actions(visit: Visit, view: CaseView) -> tuple[v.Action, ...]:
    possible = machines.ALL["pdca"].possible(view.case.state)
    manager = view.directory.holds(visit.person.id, ISMS_MANAGER)
    top = view.directory.holds(visit.person.id, TOP_MANAGEMENT)
    version, url = str(view.case.version), f"/cases/{view.case.id}"
    found = []
    if "pause" in possible and not view.case.paused_until:
        found.append(v.Action(
            "pause", "Pause the cycle", f"{url}/pause", (v.Field("until", "Until", "date", required=True),),
            why_not="" if manager else NOBODY.format(who="the ISMS manager", does="pauses a cycle"), reason_required=True,
            version=version, then="Every open due date moves by the pause's days. It ends by itself on that day."))
    if "resume" in possible and view.case.paused_until:
        found.append(v.Action("resume", "End the pause now", f"{url}/resume", version=version,
                              why_not="" if manager else NOBODY.format(who="the ISMS manager", does="ends a pause"),
                              then="The days that are left are given back: due dates move forward again."))
    if "cancel" in possible:
        found.append(v.Action("cancel", "Cancel the cycle", f"{url}/cancel", danger=True, reason_required=True,
                              why_not="" if top else NOBODY.format(who="top management", does="cancels a cycle"),
                              version=version, then="Nothing is owed any more; nothing is deleted. Can't be undone."))
    return tuple(found)


@router.post("/cycle/open")
def open_cycle(visit: Sender) -> Response:
    """Opens a cycle; it starts at once if every responsibility is held."""
    visit.require(Action.WRITE, "Opening a cycle")
    with visit.portal.store.write() as tx:
        commands.open_cycle(tx, visit.actor, When.at(visit.now))
    return visit.go("/cycle", "The cycle is open.")


def _seen(visit: Visit, case: str, what: str) -> None:
    """Role and label first; the rule is the command's to check."""
    visit.require(Action.WRITE, what)
    with visit.portal.store.read() as conn:
        visit.require_sight(conn, reading.view(conn, case_id(conn, case), visit.now), "case", case)


@router.post("/cases/{case}/start")
def start(visit: Sender, form: Form, case: str) -> Response:
    """Starts a planned cycle."""
    _seen(visit, case, "Starting a cycle")
    with visit.portal.store.write() as tx:
        commands.start(tx, case, form.version(), visit.actor, When.at(visit.now))
    return visit.go("/cycle", "The cycle has started: PLAN is open.")


@router.post("/cases/{case}/pause")
def pause(visit: Sender, form: Form, case: str) -> Response:
    """Pauses a cycle until a date."""
    _seen(visit, case, "Pausing a cycle")
    with visit.portal.store.write() as tx:
        commands.pause(tx, case, form.version(), form.text("until"), form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go("/cycle", "The cycle is paused; every due date has moved.")


@router.post("/cases/{case}/resume")
def resume(visit: Sender, form: Form, case: str) -> Response:
    """Ends a pause before its time."""
    _seen(visit, case, "Ending a pause")
    with visit.portal.store.write() as tx:
        commands.resume(tx, case, form.version(), visit.actor, When.at(visit.now))
    return visit.go("/cycle", "The cycle goes on.")


@router.post("/cases/{case}/cancel")
def cancel(visit: Sender, form: Form, case: str) -> Response:
    """Ends a cycle before its time."""
    _seen(visit, case, "Cancelling a cycle")
    with visit.portal.store.write() as tx:
        commands.cancel(tx, case, form.version(), form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go("/cycle", "The cycle is cancelled.", "information")
