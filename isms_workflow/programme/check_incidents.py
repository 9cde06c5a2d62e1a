"""Whether the programme's section on incidents holds together: every severity has clocks that end, every rule a name. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.incidents import IncidentWorkflow, Reporting
from isms_workflow.programme.model import Programme
from isms_workflow.programme.references import PARTS, Place, ahead, known, wait

SHORT = frozenset({"hours", "minutes", "seconds"})
"""Units that elapse day and night."""

HANDLERS = ("incident_responder",)
"""Responsibilities that the machine of incidents names; the programme must know them."""


def check_incidents(programme: Programme, file: str, workflow: IncidentWorkflow, place: Place) -> Iterator[Problem]:
    """Every problem of severities, rules and responders."""
    for name in HANDLERS:
        if name not in programme.responsibilities:
            yield Problem("responsibilities.yaml", place("responsibilities.yaml"), name, "is missing: it answers incidents")
    for name in workflow.responders:
        yield from known(file, place(file, "responders"), "responders", name, programme.responsibilities)
    yield from ahead(file, place(file, "duplicates_within"), "duplicates_within", workflow.duplicates_within)
    yield from _severities(programme, file, workflow, place)
    yield from _reporting(programme, file, workflow, place)
    yield from _rules(file, workflow, place)


def _severities(programme: Programme, file: str, workflow: IncidentWorkflow, place: Place) -> Iterator[Problem]:
    for index, severity in enumerate(workflow.severities):
        def line(*path: str, index: int = index) -> int:
            return place(file, "severities", index, *path)

        yield from ahead(file, line("response"), f"{severity.id}.response", severity.response)
        yield from wait(programme, file, line("ladder"), f"{severity.id}.ladder", severity.ladder)
        if severity.ladder in programme.ladders:
            for level in programme.ladders[severity.ladder].levels:
                if set(level.to) & PARTS:
                    yield Problem(file, line("ladder"), f"{severity.id}.ladder", f"ladder {severity.ladder!r} tells "
                                  f"{', '.join(sorted(set(level.to) & PARTS))}: an incident has none, name responsibilities")
        word = severity.acknowledgement
        yield from ahead(file, line("acknowledgement", "holds"), f"{severity.id}.acknowledgement.holds", word.holds)
        yield from ahead(file, line("acknowledgement", "remind"), f"{severity.id}.acknowledgement.remind", word.remind)


def _reporting(programme: Programme, file: str, workflow: IncidentWorkflow, place: Place) -> Iterator[Problem]:
    """Who sees to reports, and by which ladders; a programme with obligations says so."""
    found = workflow.reporting
    if found is None:
        if programme.obligations:
            yield Problem(file, place(file), "reporting", "is missing: it says who answers what the obligations ask, and who is "
                          "reminded; copy it, and the ladders that it names, from the shipped programme")
        return

    yield from _seen_to(programme, file, found, place)
    step, at = found.questions, ("reporting", "questions")
    yield from known(file, place(file, *at, "responsibility"), f"{step.id}.responsibility", step.responsibility,
                     programme.responsibilities)
    yield from wait(programme, file, place(file, *at, "ladder"), f"{step.id}.ladder", step.ladder)
    yield from ahead(file, place(file, *at, "due"), f"{step.id}.due", step.due)
    if step.id in {each.id for phase in workflow.phases for each in phase.steps}:
        yield Problem(file, place(file, *at, "id"), step.id, "is no id of its own")


def _seen_to(programme: Programme, file: str, found: Reporting, place: Place) -> Iterator[Problem]:
    """By whom, and by which ladder."""
    for field in ("answers", "decides"):
        for name in getattr(found, field):
            yield from known(file, place(file, "reporting", field), f"reporting.{field}", name, programme.responsibilities)
    line = place(file, "reporting", "margin")
    yield from ahead(file, line, "reporting.margin", found.margin)
    if found.margin.unit not in SHORT:
        yield Problem(file, line, "reporting.margin", "elapses day and night: write hours, minutes or seconds")
    line = place(file, "reporting", "ladder")
    yield from wait(programme, file, line, "reporting.ladder", found.ladder)
    levels = programme.ladders[found.ladder].levels if found.ladder in programme.ladders else ()
    if parts := {name for level in levels for name in level.to} & PARTS:
        yield Problem(file, line, "reporting.ladder", f"ladder {found.ladder!r} tells {', '.join(sorted(parts))}: a report has "
                      "none, name responsibilities")


def _rules(file: str, workflow: IncidentWorkflow, place: Place) -> Iterator[Problem]:
    severities, categories = ([each.id for each in some] for some in (workflow.severities, workflow.categories))
    yield from known(file, place(file, "unknown"), "unknown", workflow.unknown, severities, "severity")
    for index, rule in enumerate(workflow.assessments):
        yield from known(file, place(file, "assessments", index, "severity"), "assessments.severity", rule.severity,
                         severities, "severity")
    for field, known_names, what in (("actions", categories, "category"), ("impact", severities, "severity")):
        for word, name in (getattr(workflow.veris, field) if workflow.veris else {}).items():
            yield from known(file, place(file, "veris", field, word), f"veris.{field}.{word}", name, known_names, what)
    for name in ("assessments", "labels"):
        for index, each in enumerate(getattr(workflow, name)):
            for category in each.when.category:
                yield from known(file, place(file, name, index, "when", "category"), f"{name}.when.category", category,
                                 categories, "category")
