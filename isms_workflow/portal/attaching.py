"""Files that whoever reported an incident attaches later: the form on its page and on that of the report, and what it does."""

from __future__ import annotations

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.attachments import MOST
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine.commands import attachments as commands
from isms_workflow.portal import uploads
from isms_workflow.portal import views as v
from isms_workflow.portal.visit import Posted, Visit

FIELD = "files"


def hint(visit: Visit, most: int) -> str:
    """What may be chosen; and that it has to be chosen anew, where the form comes back."""
    largest = visit.portal.settings.evidence_max_mib
    told = f"A picture of the screen, the mail, a log: up to {most}, each up to {largest} MiB. Who may see the incident sees them."
    before: Posted | None = getattr(visit.request.state, "posted", None)
    again = "Choose them again: a browser keeps none of them. " if before and uploads.chosen(before.form, FIELD) else ""
    return again + told


def form(conn: Connection, visit: Visit, view: CaseView, page: str) -> v.Action | None:
    """The form on a page with this address; None to everybody but the reporter, and after the incident's end."""
    if view.case.closed_at is not None or incidents_of(view)[1].reported_by != visit.person.id:
        return None
    room = commands.room(conn, view.case.id)
    full = "" if room else f"It has {MOST} files, the most that an incident takes: give what is more to the response team."
    return v.Action("attach", "Attach files", f"{page}/files", (
        v.Field(FIELD, "Files", "file", hint(visit, room), required=True, multiple=True),), why_not=full,
        then="They are kept with the report under their digests, and never deleted.")


def nothing(view: CaseView, attach: v.Action | None) -> v.Empty:
    """What stands where no file does."""
    if attach:
        return v.Empty("No files yet.", "A picture of the screen, the mail or a log helps the response team.")
    came = "None came with the report."
    later = " Whoever made it can attach some; what the response finds is added to its steps."
    return v.Empty("No files.", came + (later if view.case.closed_at is None else ""))


def take(visit: Visit, sent: Posted, case: str) -> str:
    """The files of the form, all or none; what is said of them.

    Raises `Wrong` naming the field, `NotYours` for a report of somebody else's, `NotAllowed` after the incident's end.
    """
    visit.require(Action.REPORT, "Attaching files to a report")
    files, when = uploads.chosen(sent.form, FIELD), When.at(visit.now)
    if not files:
        raise Wrong(FIELD, "", "choose one or more to attach")
    with visit.portal.store.read() as conn:
        commands.may_attach(conn, case, visit.actor, when, len(files))
    kept = [uploads.attachment(visit.portal, each, FIELD) for each in files]
    with visit.portal.store.write() as tx:
        commands.attach(tx, case, kept, visit.actor, when)
    return f"{kept[0].name} is attached." if len(kept) == 1 else f"{len(kept)} files are attached."
