"""Evidence: files, streamed both ways; always sent as an attachment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, select

from isms_workflow.domain.access import strictest
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import steps as commands
from isms_workflow.portal import uploads
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Reads, Writes
from isms_workflow.portal.api.steps import by_id
from isms_workflow.portal.asking import Route
from isms_workflow.portal.texts import attachment, file_name, media_type
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import evidence as table

router = APIRouter(tags=["evidence"], route_class=Route)


@router.get("/steps/{step}/evidence")
def of_step(step: str, caller: Reads) -> m.Page[m.Evidence]:
    """A step's files, those withdrawn too, oldest first."""
    with caller.reading() as conn:
        view, _ = by_id(conn, caller, step)
        return m.Page(items=shapes.files(conn, caller, view, (step,)))


@router.post("/steps/{step}/evidence", status_code=201, response_model=m.Evidence)
def upload(step: str, caller: Writes, file: Annotated[UploadFile, File()], label: Annotated[m.Label, Form()] = "internal",
           replaces: Annotated[str | None, Form(description="The file that this is a newer version of.")] = None,
           ) -> Response:
    """Lays a file before the step's gate. Its label is never wider than its case's."""
    name = file_name(file.filename or "")
    with caller.reading() as conn:
        view, _ = by_id(conn, caller, step)
        if not caller.has_answer(conn):
            commands.may_add_evidence(conn, step, caller.actor, When.at(caller.now))
    stored = uploads.kept(caller.portal, file)
    narrow = strictest(label, view.case.label)

    def add(tx: Transaction, when: When) -> m.Evidence:
        made = commands.add_evidence(tx, step, stored, name, media_type(file.content_type), narrow, replaces, caller.actor, when)
        return shapes.file(_row(tx, made), caller)

    return caller.write(None, add, 201, sha256=stored.sha256, name=name, label=narrow, replaces=replaces or "")


@router.get("/evidence/{item}")
def evidence(item: str, caller: Reads) -> m.Evidence:
    """One file's facts."""
    with caller.reading() as conn:
        return shapes.file(_seen(conn, caller, item), caller)


@router.get("/evidence/{item}/file", response_class=StreamingResponse)
def content(item: str, caller: Reads) -> Response:
    """A file's bytes, as an attachment."""
    with caller.reading() as conn:
        row = _seen(conn, caller, item)
    chunks = caller.portal.files.open_chunks(row.sha256)
    first = next(chunks)  # a lost file is said before the answer begins
    headers = {"Content-Disposition": attachment(row.name or row.id),
               "Content-Length": str(row.size), "X-Content-Type-Options": "nosniff", "ETag": f'"{row.sha256}"'}
    return StreamingResponse(_rest(first, chunks), media_type="application/octet-stream", headers=headers)


@router.post("/evidence/{item}/withdraw", response_model=m.Evidence)
def withdraw(item: str, body: m.Why, caller: Writes) -> Response:
    """A file no longer counts; it is never deleted."""
    with caller.reading() as conn:
        step = _seen(conn, caller, item).step_id

    def carry_out(tx: Transaction, when: When) -> m.Evidence:
        commands.withdraw_evidence(tx, step, item, body.reason, caller.actor, when)
        return shapes.file(_row(tx, item), caller)

    return caller.write(body, carry_out)


def _seen(conn: Connection, caller: Caller, item: str) -> Any:
    """A file's row, if its case's label and its own let the caller see it. Raises `Unknown`, `NotShown`."""
    row = conn.execute(select(table).where(table.c.id == item)).first()
    if row is None:
        raise Unknown("evidence", item)
    caller.view(conn, row.case_id, "evidence", item, row.label)
    return row


def _row(tx: Transaction, item: str) -> Any:
    return tx.execute(select(table).where(table.c.id == item)).one()


def _rest(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks
