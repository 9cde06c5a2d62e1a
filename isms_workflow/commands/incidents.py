"""`isms incidents`: what was reported, and how its clocks stand. Answering one is for people, in the portal."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from sqlalchemy import Connection

from isms_workflow.commands import escalation, explaining
from isms_workflow.commands.shared import OPERATOR, instant, line, reading, say, table, writing
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.drill import REPORT
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import waits
from isms_workflow.engine import drills, register
from isms_workflow.engine import reading as truth
from isms_workflow.engine.commands import incidents as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look
from isms_workflow.store.statements import among, sources
from isms_workflow.store.statements import incidents as questions

app = App(name="incidents", help="Information security incidents.")


@app.command(name="list")
def list_() -> None:
    """Every incident, newest first."""
    with reading() as conn:
        rows = conn.execute(questions.of_kind()).all()
    table(("reference", "state", "severity", "category", "reported", "response due", "closed", "title"),
          ((r.reference, r.state, r.severity, r.category, r.opened_at, r.response_due, r.closed_at, r.title) for r in rows),
          "Nothing was reported yet: `isms incidents report`, or in the portal.")


@app.command
def show(reference: str) -> None:
    """One incident: what was reported, where it stands, its steps and gates."""
    with reading() as conn:
        view = _view(conn, reference)
        look, (_, incident) = Look(conn, utc_now()), incidents_of(view)
        row = conn.execute(questions.beside(), among.ids((view.case.id,))).one()
        again = dict(conn.execute(questions.occurrences_of(), among.ids((view.case.id,))).tuples().all())
        systems = [each.name for each in register.by_ids(conn, incident.systems).values()]
        say(f"{view.case.reference} is {view.case.state}, severity {incident.severity}: {line(row.title or 'erased')}")
        table(("what", "is"), (
            ("category", incident.category), ("label", view.case.label), ("systems", ", ".join(systems) or None),
            ("reported", view.case.opened_at), ("by", _source(conn, look, incident.source)),
            ("occurred", row.occurred_at), ("occurred again", again.get(view.case.id, 0)), ("key", row.external_key),
            ("exercise", "yes" if incident.is_exercise else "no"), ("response due", incident.response_due),
            ("responded", incident.responded_at), ("missed", incident.breached_at)), "")
        for each in waits(view):
            say(f"  waits for {each}")
        table(("phase", "step", "state", "owner", "due"),
              ((s.phase, view.title(s), s.state, look.name(s.owner) if s.owner else None, s.due_at) for s in view.steps), "")


@app.command
def report(title: str, *, category: str, system: tuple[str, ...] = (), description: str = "",
           key: Annotated[str | None, Parameter(help="your own name for it: again while it is open is an occurrence")] = None,
           exercise: bool = False) -> None:
    """Report an incident; its clocks run at once, and the response team is told.

    Parameters
    ----------
    category:
        an id of the programme's categories, e.g. malware.
    system:
        the name of a system of the register that is affected; may be given several times.
    """
    with writing() as (tx, when):
        ids, unknown = register.named(tx, system)
        if unknown:
            raise Wrong("systems", unknown[0], "name systems of the register; `isms systems list` shows them")
        view, is_new = commands.report(tx, Report(title, description, category, (), None, key, exercise), ids, OPERATOR, when)
    _, incident = incidents_of(view)
    if is_new:
        say(f"{view.case.reference} is reported, severity {incident.severity}: "
            f"somebody has to be at it by {instant(incident.response_due)}.")
    else:
        say(f"{view.case.reference} is open under this key: it counts another occurrence.")


@app.command
def explain(reference: str) -> None:
    """Who was told when, who will be told when, and how the instant of each internal clock was computed."""
    now = utc_now()
    with reading() as conn:
        view = _view(conn, reference)
        explaining.explain(conn, view, now)
        escalation.print_told(conn, Look(conn, now), view.case.id)


@app.command
def drill(reference: str) -> None:
    """How an exercise went: who was told when, who answered after how long, which levels were reached, what was missed."""
    now = utc_now()
    with reading() as conn:
        view = _view(conn, reference)
        found, look, began = drills.of(conn, view), Look(conn, now), view.case.opened_at
        say(f"EXERCISE {view.case.reference}, reported {instant(began)}.\n\nWhat was missed:")
        for each in found.missed or ("nothing",):
            say(f"  {each}")
        say("\nWho answered:")
        table(("name", "did", "at", "after"),
              ((look.name(a.person), a.did, a.at, str(a.after).partition(".")[0]) for a in found.answers), "nobody")
        say("\nLevels that were told:")
        table(("level", "repetition", "fell due", "late", "people"),
              ((x.level + 1, x.repeat or None, x.at, str(x.late).partition(".")[0], x.reached) for x in found.levels), "none")
        say("\nWho was told:")
        table(("name", "level", "decided", "left"),
              ((look.name(t.person), "report" if t.level == REPORT else t.level + 1, t.decided,
                t.settled if t.outcome == "sent" else t.outcome) for t in found.told), "nobody")


def _source(conn: Connection, look: Look, name: str) -> str:
    row = conn.execute(sources.of_id(name)).first()
    return look.name(name) if row is None else f"{row.name} ({row.kind})"


def _view(conn: Connection, reference: str) -> CaseView:
    found = truth.views(conn, (case_id(conn, reference),), utc_now())
    view = next(iter(found.values()), None)
    if view is None or view.incident is None:
        raise Unknown("incident", reference)
    return view
