"""Reports that run, as rows of My work: to whoever decides that they were submitted."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.duties import anchor
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices, programmes
from isms_workflow.portal import views as v
from isms_workflow.portal.names import case_url
from isms_workflow.portal.running import Look
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.incidents import IncidentWorkflow


def obligations_url(view: CaseView) -> str:
    """Where an incident's reports are seen to."""
    return f"{case_url(view.case.reference)}/obligations"


def submissions(conn: Connection, visit: Visit) -> Iterator[v.WorkItem]:
    """What runs, in the incidents that the reader may see, if it is theirs to decide on."""
    if not visit.may(Action.WRITE):
        return
    look = Look(conn, visit)
    rows = look.rows()
    deciding = {digest for digest in {row.programme for row in rows} if _decides(conn, visit, digest)}
    for row, each in look.standings([row for row in rows if row.programme in deciding]):
        lawful = "" if each.latest_lawful is None else "it is recorded as not submitted in time"
        url = look.url(row)
        yield v.WorkItem(f"Submit: {each.obligation.stage.title}", url, look.reference(row), v.Link("Submit it", url), anchor(each),
                         each.started_at or row.opened_at, f"{each.obligation.regime.title}, {each.obligation.stage.article}",
                         lawful)


def _decides(conn: Connection, visit: Visit, digest: str) -> bool:
    """Whether the reader decides of submissions, by one version of the programme."""
    workflow = programmes.version(conn, digest).programme.workflows.get("incident")
    if not isinstance(workflow, IncidentWorkflow) or workflow.reporting is None:
        return False
    directory = offices.directory(conn, visit.now)
    return any(directory.holds(visit.person.id, name) for name in workflow.reporting.decides)
