"""`isms actions`: corrective actions, and what they wait for. Deciding on one is for people, in the portal."""

from __future__ import annotations

from cyclopts import App
from sqlalchemy import Connection, select

from isms_workflow.commands.shared import OPERATOR, line, reading, say, table, writing
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules.corrective import Draft, action_of
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import waits
from isms_workflow.engine import reading as truth
from isms_workflow.engine.commands import corrective as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.actions import due_of
from isms_workflow.store.statements import corrective as questions
from isms_workflow.store.tables import cases, people

app = App(name="actions", help="Corrective actions.")


@app.command(name="list")
def list_(*, overdue: bool = False) -> None:
    """Every corrective action, newest first; or those alone in which something is overdue."""
    now = utc_now()
    query = questions.lines().order_by(cases.c.id.desc())
    with reading() as conn:
        rows = conn.execute(query.where(questions.is_overdue(now)) if overdue else query).all()
        look = Look(conn, now)
        lines = [(r.reference, r.state, r.gravity, r.round, look.name(r.owner), r.opened_at,
                  due_of(r), r.closed_at, r.title) for r in rows]
    table(("reference", "state", "gravity", "round", "owner", "opened", "due", "closed", "title"), lines,
          "None is overdue." if overdue else "None was opened yet: `isms actions open`, or in the portal.")


@app.command
def show(reference: str) -> None:
    """One corrective action: what it is about, what it waits for, its steps."""
    now = utc_now()
    with reading() as conn:
        view = _view(conn, reference)
        look, (_, action) = Look(conn, now), action_of(view)
        say(f"{view.case.reference} is {view.case.state}, round {action.round}: {line(look.title(view))}")
        source = truth.view(conn, action.from_case, now).case.reference if action.from_case else None
        table(("what", "is"), (
            ("owner", look.name(action.owner)), ("gravity", action.gravity), ("label", view.case.label), ("from", source),
            ("opened", view.case.opened_at), ("by", look.name(action.opened_by)), ("found not effective", action.failed),
            ("closed", view.case.closed_at)), "")
        for each in waits(view):
            say(f"  waits for {each}")
        for coming in look.coming(view, view.case.id):
            say(f"  {coming.at:%Y-%m-%d %H:%M} UTC: {coming.says}")
        table(("phase", "step", "state", "owner", "due"),
              ((s.phase, view.title(s), s.state, look.name(s.owner) if s.owner else None, s.due_at) for s in view.steps), "")


@app.command(name="open")
def open_(title: str, *, owner: str, gravity: str = "minor", description: str = "") -> None:
    """Open a corrective action; its owner owes the correction from now on, and gets a mail.

    Parameters
    ----------
    owner:
        the mail address of whoever answers for it.
    gravity:
        an id of the programme's gravities; it says after how long its effectiveness is checked.
    """
    with writing() as (tx, when):
        person = tx.execute(select(people.c.id).where(people.c.email == owner.strip().lower())).scalar()
        if person is None:
            raise Wrong("owner", owner, "give the mail address of somebody with an account; `isms people list` shows them")
        case = commands.open_by_hand(tx, Draft(title, description, gravity, person), OPERATOR, when)
        view = truth.view(tx, case, when.noticed)
    say(f"{view.case.reference} is open.")


def _view(conn: Connection, reference: str) -> CaseView:
    view = next(iter(truth.views(conn, (case_id(conn, reference),), utc_now()).values()), None)
    if view is None or view.corrective is None:
        raise Unknown("corrective action", reference)
    return view
