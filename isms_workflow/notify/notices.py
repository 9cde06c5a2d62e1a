"""From a notice and its facts to a mail: rendered when it is delivered, in its reader's zone, outside transactions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateSyntaxError, meta, nodes
from pydantic import ValidationError

from isms_workflow.domain.times import utc
from isms_workflow.errors import IsmsError
from isms_workflow.notify import action_facts as a
from isms_workflow.notify import facts as f
from isms_workflow.notify import incident_facts as i
from isms_workflow.notify import report_facts as r
from isms_workflow.notify.filters import FILTERS
from isms_workflow.notify.wording import one_line


@dataclass(frozen=True, slots=True)
class Notice:
    """A sort of mail: `templates/notices/<name>.txt` says it, with these facts and no others, as text and as HTML.

    A `sensitive` one carries a link that signs somebody in: it is never listed or shown.
    """

    name: str
    facts: type[f.Facts]
    sensitive: bool = False


NOTICES: Mapping[str, Notice] = {notice.name: notice for notice in (
    Notice("step_opened",           f.StepOpened),
    Notice("reminder",              f.Reminder),
    Notice("overdue",               f.Overdue),
    Notice("escalated",             f.Escalated),
    Notice("several",               f.Several),
    Notice("reassigned",            f.Reassigned),
    Notice("gate_opened",           f.GateOpened),
    Notice("decided",               f.Decided),
    Notice("voided",                f.Voided),
    Notice("gate_lapsed",           f.GateLapsed),
    Notice("rejected_waits",        f.RejectedWaits),
    Notice("undecidable_gate",      f.UndecidableGate),
    Notice("planned_missing",       f.PlannedMissing),
    Notice("cycle_started",         f.CycleStarted),
    Notice("cycle_paused",          f.CyclePaused),
    Notice("cycle_closed",          f.CycleClosed),
    Notice("cycle_cancelled",       f.CycleCancelled),
    Notice("incident_reported",     i.IncidentReported),
    Notice("incident_escalated",    i.IncidentEscalated),
    Notice("incident_acknowledged", i.IncidentAcknowledged),
    Notice("word_asked",            i.WordAsked),
    Notice("word_lapsed",           i.WordLapsed),
    Notice("incident_paused",       i.IncidentPaused),
    Notice("incident_resumed",      i.IncidentResumed),
    Notice("incident_reassessed",   i.IncidentReassessed),
    Notice("response_missed",       i.ResponseMissed),
    Notice("incident_responded",    i.IncidentResponded),
    Notice("incident_closed",       i.IncidentClosed),
    Notice("incident_reopened",     i.IncidentReopened),
    Notice("report_answered",       i.ReportAnswered),
    Notice("action_ineffective",    a.ActionIneffective),
    Notice("action_referred",       a.ActionReferred),
    Notice("action_uncheckable",    a.ActionUncheckable),
    Notice("action_ended",          a.ActionEnded),
    Notice("action_handed_over",    a.ActionHandedOver),
    Notice("nobody_reached",        i.NobodyReached),
    Notice("obligation_runs",       r.ReportsRun),
    Notice("obligation_reminder",   r.ReportDue),
    Notice("obligation_warning",    r.ReportDue),
    Notice("obligation_act_by",     r.ReportDue),
    Notice("obligation_missed",     r.ReportDue),
    Notice("obligation_submitted",  r.ReportSubmitted),
    Notice("invitation",            f.Invitation, sensitive=True),
    Notice("password_reset",        f.PasswordReset, sensitive=True),
    Notice("deactivated",           f.Deactivated),
    Notice("system_reassigned",     f.SystemReassigned),
    Notice("granted",               f.Granted),
    Notice("deputised",             f.Deputised),
    Notice("delegated",             f.Delegated),
    Notice("on_call_covered",       f.OnCallCovered),
    Notice("on_call_ordered",       f.OnCallOrdered),
    Notice("on_call_gap",           f.OnCallGap),
    Notice("programme_applied",     f.ProgrammeApplied),
    Notice("flood",                 f.Many),
    Notice("operator_notice",       f.OperatorNotice),
    Notice("digest",                f.Digest),
)}

_GAP = re.compile(r"\n{3,}")

GIVEN = frozenset({"layout", "marks", "parts", "ui", "zone", "now", "name", "organisation", "url"})
"""What every template has besides its notice's facts."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a mail is for, as they are when it leaves; `zone` is an IANA name."""

    name: str
    email: str
    zone: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What a notice says to one person at an instant, as text and as HTML."""

    subject: str
    text: str
    html: str
    at: datetime


class WrongFacts(IsmsError):
    """A notice was asked for by a name that doesn't exist, or with other facts than it says."""

    status = 500

    def __init__(self, notice: str, problem: str, right: str) -> None:
        super().__init__(notice, problem, right)
        self.notice, self.problem, self.right = notice, problem, right

    def __str__(self) -> str:
        return f"Notice {self.notice!r} can't be written: {self.problem}. Right would be: {self.right}."


class BrokenTemplate(IsmsError):
    """A notice has no template, or one that can't be read or names a fact that the notice doesn't have."""

    status = 500

    def __init__(self, notice: str, problem: str) -> None:
        super().__init__(notice, problem)
        self.notice, self.problem = notice, problem

    def __str__(self) -> str:
        return f"The mail template notices/{self.notice}.txt is broken: {self.problem}."


def render(
    notice: str, facts: Mapping[str, object], recipient: Recipient, now: datetime, public_url: str, organisation: str,
    marks: Sequence[str] = (),
) -> Mail:
    """The mail to one person about `facts`, which hold JSON values: instants as ISO 8601 with a zone.

    `marks` stand before the subject: `EXERCISE`, `CRITICAL`.

    Raises `WrongFacts`; `UnknownZone` for the recipient's zone; `BrokenTemplate` at the first use.
    """
    known = NOTICES.get(notice)
    if known is None:
        raise WrongFacts(notice, "there is no such notice", f"one of {', '.join(NOTICES)}")
    try:
        checked = known.facts.model_validate(dict(facts))
    except ValidationError as error:
        raise WrongFacts(notice, _problems(error), f"the facts of {known.facts.__name__}") from None
    given = {
        **dict(checked), "zone": recipient.zone, "now": utc(now), "name": one_line(recipient.name),
        "organisation": one_line(organisation), "url": address(notice, checked.link, public_url),
        "marks": tuple(one_line(each) for each in marks),
    }
    text, html = (environment.get_template(f"notices/{notice}.txt") for environment in templates())
    return Mail(
        subject=one_line(text.render(given, layout="subject.txt", parts="parts.txt")),
        text=_spaced(text.render(given, layout="layout.txt", parts="parts.txt")),
        html=html.render(given, layout="layout.html", parts="parts.html"),
        at=utc(now),
    )


@cache
def templates() -> tuple[Environment, Environment]:
    """The templates as text and as HTML, checked whole when first used. Raises `BrokenTemplate`."""
    text, html = _environment(escape=False), _environment(escape=True)
    for notice, problem in broken(text):
        raise BrokenTemplate(notice, problem)
    return text, html


def broken(environment: Environment) -> Iterator[tuple[str, str]]:
    """Each notice whose template is missing, can't be read, or doesn't use just the facts that it has."""
    there = {name.removeprefix("notices/").removesuffix(".txt")
             for name in environment.list_templates() if name.startswith("notices/")}
    yield from ((name, "no notice has this name") for name in sorted(there - set(NOTICES)))
    for name, notice in NOTICES.items():
        if name not in there:
            yield name, "it isn't there"
        elif problem := _misfit(environment, notice):
            yield name, problem


def _misfit(environment: Environment, notice: Notice) -> str:
    try:
        trees = tuple(_whole(environment, f"notices/{notice.name}.txt"))
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    own = {each.target.name for tree in trees for each in tree.find_all(nodes.Assign) if isinstance(each.target, nodes.Name)}
    used = {name for tree in trees for name in meta.find_undeclared_variables(tree)} - own
    blocks = {each.name for tree in trees for each in tree.find_all(nodes.Block)}
    if missing := {"subject", "says", "act"} - blocks:
        return f"it has no block {', '.join(sorted(missing))}"
    facts = set(notice.facts.model_fields) - {"link"}  # the layout shows it, as `url`
    if unknown := used - facts - GIVEN:
        return f"it names {', '.join(sorted(unknown))}, which {notice.facts.__name__} doesn't have"
    if unused := facts - used:
        return f"it doesn't say {', '.join(sorted(unused))}"
    return ""


def _whole(environment: Environment, name: str) -> Iterator[nodes.Template]:
    """A template, and those that it extends by name; the layout is given by another name in each form."""
    assert environment.loader is not None  # _environment gives it one
    source, _, _ = environment.loader.get_source(environment, name)
    tree = environment.parse(source)
    yield tree
    for parent in tree.find_all(nodes.Extends):
        if isinstance(parent.template, nodes.Const):
            yield from _whole(environment, parent.template.value)


def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("isms_workflow.notify"),
        autoescape=escape,  # noqa: S701 - off for the text alternative, which is never shown as HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    return environment


def _spaced(text: str) -> str:
    """The text with one blank line, and no more, between its parts."""
    return _GAP.sub("\n\n", text).strip() + "\n"


def address(notice: str, link: str, public_url: str) -> str:
    """The link as a whole address; a mail never leads anywhere but to the portal."""
    root = public_url.rstrip("/")
    whole = f"{root}{link}" if link.startswith("/") else link
    if not whole.startswith(f"{root}/") or any(c.isspace() or c in '<>"\\' for c in whole):
        raise WrongFacts(notice, "its link leads out of the portal", "a path such as /steps/…")
    return whole


def _problems(error: ValidationError) -> str:
    """What was wrong with which fact; never the values, which may be secrets."""
    return "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
                     for each in error.errors(include_url=False, include_input=False))
