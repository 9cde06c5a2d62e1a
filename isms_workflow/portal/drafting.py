"""A draft of a report: what is recorded of its incident, gathered for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.conditions import WAIVED
from isms_workflow.domain.duties import Duties
from isms_workflow.domain.incident import RESPONDING
from isms_workflow.domain.limits import earlier
from isms_workflow.domain.obligations import Standing
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.systems import in_order
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import register
from isms_workflow.portal.surroundings import organisation
from isms_workflow.programme.obligations import EVENTS, SUBMITTED
from isms_workflow.reports.drafts import Affected, Entry, Record, draft
from isms_workflow.reports.paper import on_paper
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.statements import obligations as report_questions

EARLIER = ", in an earlier round of this report"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft: the report's title, the text in Markdown, and what stands at the foot of its pages."""

    title: str
    text: str
    at: datetime
    foot: str

    def pdf(self) -> bytes:
        """As PDF."""
        return on_paper(self.text, self.at, self.foot, self.foot.partition(" · ")[0])


def draft_of(conn: Connection, view: CaseView, stage: str, now: datetime) -> Drafted:
    """The draft of one report of an incident. Raises `Unknown`."""
    duties = view.duties
    found = next((each for each in duties.standings() if each.obligation.id == stage), None) if duties else None
    if duties is None or found is None:
        raise Unknown("obligation", stage)
    record = replace(_record(conn, view, duties, found), late_because=_reasons(conn, view.case.id, duties, found))
    text = draft(record, found, duties.facts, duties.programme.organisation, now)
    foot = " · ".join(each for each in (organisation(conn), view.case.reference, view.case.label, "draft") if each)
    return Drafted(found.obligation.stage.title, text, now, foot)


def _record(conn: Connection, view: CaseView, duties: Duties, found: Standing) -> Record:
    (workflow, incident), row = incidents_of(view), conn.execute(questions.report_of(view.case.id)).one()
    systems = sorted(register.by_ids(conn, incident.systems).values(), key=lambda each: each.name)
    measures = (Entry(step.settled_at, view.title(step)) for step in view.steps_of(RESPONDING)
                if step.state == "done" and step.settled_at is not None)
    return Record(view.case.reference, row.title or "(erased)", row.description or "", workflow.category(incident.category).title,
                  severity_of(view).title, view.case.opened_at, row.occurred_at,
                  tuple(Affected(each.name, in_order(each.data)) for each in systems),
                  tuple(sorted(_timeline(view, row.occurred_at, duties, found), key=lambda each: each.at)),
                  tuple(sorted(measures, key=lambda each: each.at)), organisation(conn))


def _reasons(conn: Connection, case: str, duties: Duties, found: Standing) -> str:
    """What was said of the delay with the submission that counts; empty if nothing was, or it is erased."""
    ids = {each.id for each in duties.dated if (each.event.kind, each.event.of) == (SUBMITTED, found.obligation.id)
           and each.event.has_reasons and each.event.at == found.submitted_at}
    said = conn.execute(report_questions.reasons(case)) if ids else ()
    return next((row.value or "" for row in said if json.loads(row.body)["data"].get("id") in ids), "")


def _timeline(view: CaseView, occurred: datetime | None, duties: Duties, found: Standing) -> Iterator[Entry]:
    """What the report says, and what was recorded since; what is of an earlier round of the stage says so."""
    yield Entry(view.case.opened_at, "it was reported within the organisation")
    if occurred is not None:
        yield Entry(occurred, "it began, by its report")
    before = earlier(found.obligation.regime, found.obligation.stage, duties.facts, found.started_at)
    for event in (each.event for each in duties.dated if each.event.kind != WAIVED):
        of = f" ({event.of})" if event.of else ""
        yield Entry(event.at, f"{EVENTS[event.kind]}{of}{EARLIER if event in before else ''}")
