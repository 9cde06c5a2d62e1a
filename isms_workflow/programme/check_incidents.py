"""Whether the programme's section on incidents holds together: every severity has clocks that end, every rule a name. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import Programme
from isms_workflow.programme.references import PARTS, Place, ahead, known, wait

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
