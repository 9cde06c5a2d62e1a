"""What the API says and takes about incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from isms_workflow.domain.rules.incidents import LONGEST_TEXT, LONGEST_TITLE
from isms_workflow.portal.api.models import Coming, Evidence, Id, Label, Reason, Said, Step, Taken, Wait

Severity = Annotated[str, Field(max_length=60, description="An id of the programme's severities, e.g. `high`.")]


class Incident(Said):
    """An information security incident. Severity and category are ids of the programme that it keeps."""

    id: Id
    reference: str
    state: str
    version: int
    label: Label
    title: str | None = Field(description="Null once erased.")
    category: str
    severity: str
    systems: list[Id] = Field(description="What it affects, of the register.")
    reported_by: Id | None = Field(description="Null where no person reported it.")
    source: str = Field(description="The person's id, or who else reported it.")
    reported_at: datetime
    occurred_at: datetime | None
    occurrences: int = Field(description="How often the same was reported again while it was open.")
    response_due: datetime = Field(description="By when somebody has to be at it; later by pauses that have ended.")
    responded_at: datetime | None
    breached_at: datetime | None = Field(description="When it was found that nobody was at it in time.")
    acknowledged_by: Id | None = Field(description="Whose word that they see to it holds now.")
    paused_until: datetime | None
    closed_at: datetime | None
    merged_into: Id | None
    follows: Id | None = Field(description="The incident under the same key that had ended before.")
    exercise: bool
    programme: str = Field(description="The digest of the programme version that it keeps.")
    waits: list[Wait]


class IncidentWhole(Incident):
    """An incident with everything on it, what may be done with it, and what happens if nobody does."""

    description: str | None
    external_key: str | None
    attachments: list[Evidence] = Field(description="Files that came with the report.")
    steps: list[Step]
    possible: list[str] = Field(description="Events that its machine allows people now; rights are asked when they are fired.")
    if_nobody_acts: list[Coming]


class Reported(Said):
    """How a report stands, for whoever made it: nothing else of the incident, whose label may be narrower."""

    id: Id
    reference: str
    state: str
    title: str | None
    category: str
    reported_at: datetime
    closed_at: datetime | None
    occurrences: int
    new: bool = Field(default=False, description="Whether this very request made it; false where it was open already.")


class Attached(Said):
    """A file of a report, for whoever sent it: their own words alone, for the incident's label may be narrower."""

    id: Id
    name: str
    size: int = Field(description="Bytes.")
    sha256: str


class NewReport(Taken):
    """What has happened, as far as it is known; nobody has to know which systems are affected."""

    title: Annotated[str, Field(max_length=LONGEST_TITLE)]
    category: Annotated[str, Field(max_length=60, description="An id of the programme's categories, e.g. `malware`.")]
    description: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    systems: list[Id] = Field(default=[], max_length=200, description="Ids of the register's, as `GET /systems` lists them.")
    occurred_at: AwareDatetime | None = Field(default=None, description="When it began, if that is known.")
    external_key: Annotated[str | None, Field(max_length=LONGEST_TITLE)] = Field(
        default=None, description="Your own name for it: again while it is open is an occurrence, and makes nothing new.")
    exercise: bool = False


class Documents(Taken):
    """Incidents of another register, as VERIS documents; all of them are taken, or none."""

    documents: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=500)]
    open: bool = Field(default=False, description="They are reported now, with their clocks; without it they are history, "
                                                  "closed at once and told to nobody.")
    lenient: bool = Field(default=False, description="Take what can be named of documents that don't satisfy the schema.")


class Imported(Said):
    """What became of one document."""

    document: str = Field(description="Which: `documents, incident 1` is the first.")
    reference: str
    new: bool = Field(description="False where it was imported before; it stays as it is.")
    notes: list[str] = Field(description="What of it isn't as the schema has it; it is kept as it was. Of one that isn't "
                                         "new: that it differs from what was imported before, and in what.")


class ImportedAll(Said):
    """What became of all of them."""

    items: list[Imported]


class Triage(Taken):
    """The severity as whoever knows sees it; a change takes a reason."""

    severity: Severity
    reason: Reason = ""


class Reassess(Taken):
    """Another severity, with a reason."""

    severity: Severity
    reason: Reason


class PauseUntil(Taken):
    """Until an instant, with a reason."""

    until: AwareDatetime
    reason: Reason


class Merge(Taken):
    """The incident that this one is part of, by reference or id."""

    into: Annotated[str, Field(max_length=60)]
    reason: Reason = ""


class Reopen(Taken):
    """The steps of the response that are owed again, and why."""

    steps: Annotated[list[Id], Field(max_length=100)]
    reason: Reason
