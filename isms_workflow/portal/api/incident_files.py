"""Incidents in and out as documents of others' formats."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Response

from isms_workflow.connectors import veris
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import veris as commands
from isms_workflow.portal.api import incident_models as im
from isms_workflow.portal.api.caller import Reads, Writes
from isms_workflow.portal.api.cases import by_name
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction

router = APIRouter(prefix="/incidents", tags=["incidents"], route_class=Route)


@router.post("/import", status_code=201, response_model=im.ImportedAll)
def take(body: im.Documents, caller: Writes) -> Response:
    """VERIS documents become incidents. Responders and the ISMS manager."""
    checked = veris.schema(caller.portal.settings.veris_schema)
    found = veris.read([("documents", json.dumps(body.documents).encode())], checked, body.lenient, "send lenient: true")

    def taken(tx: Transaction, when: When) -> im.ImportedAll:
        done = commands.take(tx, found, body.open, caller.actor, when)
        return im.ImportedAll(items=[im.Imported(document=each.name, reference=each.reference, new=each.is_new,
                                                 notes=[*each.notes, *filter(None, (each.unlike,))]) for each in done])

    return caller.write(body, taken, 201)


@router.get("/{incident}/veris")
def as_veris(incident: str, caller: Reads) -> dict[str, Any]:
    """One incident as a VERIS document."""
    with caller.reading() as conn:
        return commands.export(conn, by_name(conn, caller, incident, "incident"))
