"""Reports that run, as rows of My work: to whoever decides that they were submitted."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.duties import anchor
from isms_workflow.domain.rules.duties import reporting_of
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.portal import views as v
from isms_workflow.portal.names import case_url, reference
from isms_workflow.portal.sight import eyes
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements import obligations as questions
from isms_workflow.store.statements.sight import seen_by


def obligations_url(view: CaseView) -> str:
    """Where an incident's reports are seen to."""
    return f"{case_url(view.case.reference)}/obligations"


def submissions(conn: Connection, visit: Visit) -> Iterator[v.WorkItem]:
    """What runs, in the incidents that the reader may see, if it is theirs to decide on."""
    query = questions.running().where(seen_by(eyes(conn, visit)))
    ids = list(conn.execute(query).scalars()) if visit.may(Action.WRITE) else []
    for view in reading.views(conn, ids, visit.now).values() if ids else ():
        decides = reporting_of(view).decides
        if view.duties is None or not any(view.directory.holds(visit.person.id, name) for name in decides):
            continue
        for each in view.duties.running:
            lawful = "" if each.latest_lawful is None else "it is recorded as not submitted in time"
            url = f"{obligations_url(view)}#{each.obligation.id}"
            yield v.WorkItem(f"Submit: {each.obligation.stage.title}", url, reference(view), v.Link("Submit it", url), anchor(each),
                             each.started_at or view.case.opened_at, f"{each.obligation.regime.title}, {each.obligation.stage.article}",
                             lawful)
