"""What each notice about a report that an act, a contract or an insurance asks for says. They go to people who see the incident."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from isms_workflow.notify.facts import Line, Names, OfCase, Waiting


class Running(BaseModel):
    """One report that runs: what it is called, after which article, to whom; `latest` is None where the act names no figure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    report: Line
    article: Line
    recipient: Line
    act_by: AwareDatetime | None
    latest: AwareDatetime | None


class ReportsRun(OfCase):
    """To whoever sees to reports: these began to run by one decision. `title` is the incident's, or `(erased)`."""

    title: Line
    reports: tuple[Running, ...]


class ReportDue(Waiting):
    """A report that waits to be submitted: `due` is the safe instant, `latest` the act's. `waits_for` decide on it."""

    title: Line
    report: Line
    article: Line
    recipient: Line
    waits_for: Names
    latest: AwareDatetime | None


class ReportSubmitted(OfCase):
    """It was submitted; `in_time` is None where the act names no figure."""

    title: Line
    report: Line
    article: Line
    recipient: Line
    by: Line
    at: AwareDatetime
    in_time: bool | None
