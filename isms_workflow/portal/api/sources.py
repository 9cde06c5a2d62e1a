"""Sources: what reports incidents by itself, under a credential of its own. For administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Connection

from isms_workflow.connectors import signatures
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import sources as commands
from isms_workflow.portal.api import hooks, shapes
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Administers, Caller
from isms_workflow.portal.api.cases import Limit
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import sources as questions

router = APIRouter(prefix="/sources", tags=["sources"], route_class=Route)


class Source(m.Said):
    """A webhook or a mailbox. `category` and `systems` are for reports that name none."""

    id: m.Id
    name: str
    kind: Literal["webhook", "maildir", "imap"]
    category: str
    systems: list[m.Id]
    made_by: str
    made_at: datetime
    revoked_at: datetime | None


class MadeSource(Source):
    """One that was just made. A webhook's secret is shown this once; `url` is where it posts."""

    url: str | None
    secret: str | None


class NewSource(m.Taken):
    """A source; its name is unique among those in use."""

    name: Annotated[str, Field(max_length=commands.LONGEST_NAME)]
    kind: Literal["webhook", "maildir", "imap"]
    category: Annotated[str, Field(max_length=60)]
    systems: list[m.Id] = Field(default=[], max_length=200)


@router.get("")
def sources(caller: Administers, limit: Limit = 50, after: str = "") -> m.Page[Source]:
    """Every source, also those that were revoked, in the order in which they came."""
    with caller.reading() as conn:
        rows = conn.execute(questions.after(after, limit + 1)).all()
    return shapes.page([Source(**_facts(row)) for row in rows], limit, lambda each: each.id, caller)


@router.post("", status_code=201, response_model=MadeSource)
def add(body: NewSource, caller: Administers) -> Response:
    """A source may report from now on. The answer isn't kept for a repeat of its key, for it may hold a secret."""
    with caller.portal.store.write() as tx:
        made = commands.add(tx, body.name, body.kind, body.category, body.systems, caller.actor, When.at(caller.now))
        facts = _facts(_row(tx, made))
    return Response(MadeSource(**facts, **_credential(caller, made, body.kind)).model_dump_json(), 201,
                    media_type="application/json")


@router.post("/{source}/revoke", response_model=Source)
def revoke(source: str, caller: Administers) -> Response:
    """Nothing of it is taken from now on."""
    def carry_out(tx: Transaction, when: When) -> Source:
        commands.revoke(tx, source, caller.actor, when)
        return Source(**_facts(_row(tx, source)))

    return caller.write(None, carry_out)


def _credential(caller: Caller, source: str, kind: str) -> dict[str, str | None]:
    if kind != "webhook":
        return {"url": None, "secret": None}
    settings = caller.portal.settings
    return {"url": f"{settings.public_url}{hooks.PATH}/{source}",
            "secret": signatures.secret(signatures.key(settings), source)}


def _row(conn: Connection, source: str) -> Any:
    row = conn.execute(questions.of_id(source)).first()
    if row is None:
        raise Unknown("source", source)
    return row


def _facts(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Source.model_fields}
