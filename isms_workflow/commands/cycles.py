"""`isms cycle`: where the cycle stands, and what it waits for. Deciding is for people, in the portal."""

from __future__ import annotations

from cyclopts import App
from sqlalchemy import Connection

from isms_workflow.commands.shared import OPERATOR, instant, reading, say, table, writing
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import waits
from isms_workflow.engine import reading as truth
from isms_workflow.engine.commands import cases
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look
from isms_workflow.store.statements import cases as questions

app = App(name="cycle", help="The Plan-Do-Check-Act cycles.")


@app.command(name="list")
def list_() -> None:
    """Every cycle, newest first."""
    with reading() as conn:
        rows = conn.execute(questions.all_cases("pdca")).all()
    table(("reference", "state", "opened", "closed"),
          ((r.reference, r.state, r.opened_at, r.closed_at) for r in rows),
          "There is no cycle yet: `isms cycle open`, or start one in the portal.")


@app.command
def show(reference: str | None = None) -> None:
    """One cycle (default: the open one): its steps and gates."""
    with reading() as conn:
        view = _view(conn, reference)
        look = Look(conn, utc_now())
        say(f"{view.case.reference} is {view.case.state}.")
        table(("phase", "step", "state", "owner", "due"),
              ((s.phase, view.title(s), s.state, look.name(s.owner) if s.owner else None, s.due_at)
               for s in view.steps), "")
        table(("gate", "round", "state", "answers", "due"),
              ((g.name, g.round, g.state, f"{len(g.decisions)} of {g.quorum}", g.due_at) for g in view.gates),
              "No gate has opened yet.")


@app.command(name="open")
def open_() -> None:
    """Open a cycle under the programme in force; it starts at once if every responsibility is held."""
    with writing() as (tx, when):
        view = truth.view(tx, cases.open_cycle(tx, OPERATOR, when), when.noticed)
    say(f"{view.case.reference} is {view.case.state}.")
    for each in waits(view):
        say(f"  waits for {each}")


@app.command
def explain(reference: str | None = None) -> None:
    """What the cycle waits for: for whom, since when, until when, and what happens then."""
    with reading() as conn:
        view, look = _view(conn, reference), Look(conn, utc_now())
        say(f"{view.case.reference} is {view.case.state}.")
        for each in waits(view):
            say(f"\nWaits for {each.what}: {' or '.join(each.who) or 'nobody'}")
            say(f"  since {instant(each.since)}, until {instant(each.until)}")
        for subject, name in _waiting(view):
            for coming in look.coming(view, subject):
                say(f"  {name}: {instant(coming.at)} {coming.says}")


def _waiting(view: CaseView) -> list[tuple[str, str]]:
    """What has deadlines of its own, with its name."""
    return [(view.case.id, view.case.reference),
            *((s.id, f"step {s.key}") for s in view.steps if s.state == "open"),
            *((g.id, f"gate {g.name}") for g in view.gates if g.state == "open" or g.waits_for_way_out)]


def _view(conn: Connection, reference: str | None) -> CaseView:
    now = utc_now()
    if reference is not None:
        return truth.view(conn, case_id(conn, reference), now)
    found = conn.execute(questions.open_cases("pdca")).scalar()
    if found is None:
        raise Unknown("open cycle", "pdca")
    return truth.view(conn, found, now)
