"""`isms outbox`: effects that wait to leave, and those that were refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cyclopts import App

from isms_workflow.commands.shared import OPERATOR, reading, say, table, writing
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.telling import HELD
from isms_workflow.engine import deliverer
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look
from isms_workflow.store.statements import outbox as questions

app = App(name="outbox", help="Mails and calls to Prefect, carried out after the commit that decided them.")


@app.command(name="list")
def list_() -> None:
    """What has not left yet, oldest first."""
    with reading() as conn:
        _print(conn.execute(questions.waiting()).all(), Look(conn, utc_now()), "Nothing waits.")


@app.command
def dead() -> None:
    """What was refused for good, newest first, and why."""
    with reading() as conn:
        _print(conn.execute(questions.dead()).all(), Look(conn, utc_now()), "Nothing was refused.")


@app.command
def retry(message_id: str) -> None:
    """Have a refused message tried again, once its cause is put right."""
    with writing() as (tx, when):
        if not deliverer.send_again(tx, message_id, OPERATOR.id, when.noticed):
            raise Unknown("refused message", message_id)
    say("It is tried again at once.")


def _print(rows: Sequence[Any], look: Look, empty: str) -> None:
    """Whom and what about; never the text, which may be confidential or carry a secret."""
    table(("id", "channel", "what", "to", "queued", "tries", "said"),
          ((r.id, r.channel, r.payload.get("notice") or r.payload.get("do"),
            look.name(r.payload["to"]) if r.payload.get("to") else None, r.queued_at, r.attempts, _said(r)) for r in rows), empty)


def _said(row: Any) -> str | None:
    """What the last try was answered, or why there was none."""
    if row.error or row.settled_at is not None or row.held is None:
        return row.error  # type: ignore[no-any-return]
    return f"{HELD[row.held]}, until {row.due_at:%Y-%m-%d %H:%M} UTC"
