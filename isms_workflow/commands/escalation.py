"""`isms escalation`: who is told of a case when, before and after the fact, by which way, and whether it arrived."""

from __future__ import annotations

from collections.abc import Iterable

from cyclopts import App
from sqlalchemy import Connection

from isms_workflow.commands import cycles, explaining
from isms_workflow.commands.shared import reading, say, table
from isms_workflow.domain.telling import Telling
from isms_workflow.engine import reading as truth
from isms_workflow.engine import telling
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look

app = App(name="escalation", help="Who is told of a case when, and what became of each message.")


@app.command
def explain(reference: str) -> None:
    """Who was told when by which way, every attempt, who will be told when if nobody acts, and why just then."""
    now = utc_now()
    with reading() as conn:
        view = truth.view(conn, case_id(conn, reference), now)
        if view.incident is None:
            cycles.explain(reference)
        else:
            explaining.explain(conn, view, now)
        print_told(conn, Look(conn, now), view.case.id)


def print_told(conn: Connection, look: Look, case: str) -> None:
    """Every message to a person, and what became of it; beneath, every attempt that isn't said by that."""
    found = telling.of_case(conn, case)
    say("\nWhat became of each message:")
    table(("decided", "to", "what", "by", "state", "at", "said"),
          ((t.decided, look.name(t.person), t.what, t.channel, "not sent" if t.state == "unsent" else t.state,
            t.settled or (t.due if t.held else None), t.says() or None) for t in found), "nobody was told")
    failed = list(_failed(found, look))
    if failed:
        say("\nAttempts that failed:")
        table(("to", "what", "by", "first", "last", "times", "said"), failed, "")


def _failed(found: Iterable[Telling], look: Look) -> Iterable[tuple[object, ...]]:
    for each in found:
        for attempt in each.attempts:
            if attempt.outcome == "failed":
                yield (look.name(each.person), each.what, attempt.channel, attempt.first, attempt.last, attempt.times,
                       attempt.answer)
