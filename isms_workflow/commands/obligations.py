"""`isms obligations`: which reports of incidents run, how each instant was computed, and drafts of them. Deciding is for people,
in the portal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cyclopts import App
from sqlalchemy import Connection

from isms_workflow.commands.shared import instant, reading, say, table
from isms_workflow.domain.duties import Duties, anchor
from isms_workflow.domain.obligations import State, explain
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading as truth
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.context import utc_now
from isms_workflow.portal.drafting import draft_of
from isms_workflow.portal.rendering import span
from isms_workflow.store.statements import obligations as questions

app = App(name="obligations", help="Reports of incidents that acts, contracts and insurances ask for.")


@app.command(name="list")
def list_() -> None:
    """Every report that runs, over all incidents, the next to act on first."""
    now = utc_now()
    with reading() as conn:
        ids = list(conn.execute(questions.running()).scalars())
        views = truth.views(conn, ids, now).values() if ids else ()
        found = sorted(((anchor(each), view.case.reference, each) for view in views if view.duties
                        for each in view.duties.running), key=lambda each: each[:2])
    table(("incident", "obligation", "act by", "latest lawful", "to"),
          ((reference, each.obligation.id, _by(each.act_by, now), _by(each.latest_lawful, now), each.obligation.stage.recipient)
           for _, reference, each in found),
          "No report runs. The regimes that hold for you are switched on in the programme, obligations/organisation.yaml.")


@app.command
def draft(reference: str, obligation: str, *, pdf: Path | None = None) -> None:
    """A draft of one report from the incident's record: Markdown, or a PDF file.

    Parameters
    ----------
    obligation:
        as `isms obligations explain` names it, e.g. gdpr.notification.
    pdf:
        the file to write; without it the Markdown is printed.
    """
    now = utc_now()
    with reading() as conn:
        found = draft_of(conn, _view(conn, reference, now), obligation, now)
    if pdf is None:
        say(found.text.rstrip())
        return
    pdf.write_bytes(found.pdf())
    say(f"The draft of {found.title} is in {pdf}.")


@app.command(name="explain")
def explain_(reference: str, *, every: bool = False) -> None:
    """How an incident stands with each obligation, and how each instant was computed.

    Parameters
    ----------
    every:
        also those that don't apply, and why.
    """
    now = utc_now()
    with reading() as conn:
        view = _view(conn, reference, now)
    if view.duties is None:
        say(f"{view.case.reference} has no obligations: it is an exercise, or the programme that it keeps names none.")
        return
    say(f"{view.case.reference}, reported {instant(view.case.opened_at)}, programme {view.case.programme[:12]}.")
    for line in _unanswered(view, view.duties):
        say(line)
    hidden = 0
    for each in view.duties.standings():
        if each.state is State.NOT_APPLICABLE and not every:
            hidden += 1
            continue
        say("")
        for line in explain(each, f"{span(now - each.latest_lawful)} late" if each.latest_lawful else "late"):
            say(line)
    if hidden:
        say(f"\n{hidden} don't apply; --every says why.")


def _unanswered(view: CaseView, duties: Duties) -> Iterator[str]:
    """What is asked; of an incident that has ended, that nobody is."""
    if view.case.closed_at is not None:
        if duties.hold:
            yield "It has ended: of what is open here nobody is asked."
        return
    for owed in duties.owed:
        yield f"unanswered: {owed.text} ({owed.id}, needed by {', '.join(owed.needed_by)})"
    for each in duties.offered:
        yield f"unanswered, and not owed: {each.text} ({each.id}, a relief of {', '.join(each.needed_by)} depends on it)"


def _by(at: datetime | None, now: datetime) -> str:
    """An instant, and how long ago it was once it has passed."""
    return instant(at) if at is None or at > now else f"{instant(at)}, {span(now - at)} late"


def _view(conn: Connection, reference: str, now: datetime) -> CaseView:
    view = next(iter(truth.views(conn, (case_id(conn, reference),), now).values()), None)
    if view is None or view.incident is None:
        raise Unknown("incident", reference)
    return view
