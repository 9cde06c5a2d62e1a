"""Files of an incident's report, by whoever made it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Response, UploadFile
from sqlalchemy import Connection

from isms_workflow.domain.times import When
from isms_workflow.engine.commands import attachments as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal import uploads
from isms_workflow.portal.api import incident_models as im
from isms_workflow.portal.api.caller import Caller, Reports
from isms_workflow.portal.api.cases import by_name
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import incidents as questions

router = APIRouter(prefix="/incidents", tags=["incidents"], route_class=Route)


@router.post("/{incident}/attachments", status_code=201, response_model=im.Attached)
def attach(incident: str, caller: Reports, file: Annotated[UploadFile, File()]) -> Response:
    """Adds a file to a report of your own, while its incident is open. Who may see the incident sees it."""
    with caller.reading() as conn:
        case = _own(conn, caller, incident)
        if not caller.has_answer(conn):
            commands.may_attach(conn, case, caller.actor, When.at(caller.now))
    sent = uploads.attachment(caller.portal, file, "file")

    def add(tx: Transaction, when: When) -> im.Attached:
        made, = commands.attach(tx, case, (sent,), caller.actor, when)
        return im.Attached(id=made, name=sent.name, size=sent.stored.size, sha256=sent.stored.sha256)

    return caller.write(None, add, 201, sha256=sent.stored.sha256, name=sent.name)


def _own(conn: Connection, caller: Caller, name: str) -> str:
    """The case of a report that the caller made; of others' the refusal is that of whether they may see it."""
    case = case_id(conn, name)
    if not conn.execute(questions.reported_by(case, caller.token.person.id)).first():
        by_name(conn, caller, name, "incident")
    return case
