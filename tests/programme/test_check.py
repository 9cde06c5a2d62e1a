"""A broken programme is refused whole: each problem with its file, its line, and what would be right."""

from __future__ import annotations

import pytest

from isms_workflow.programme.check import smallest_organisation
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme

BROKEN: dict[str, tuple[str, str, str, str]] = {
    # what is wrong: (file, text that is there, text instead, what is said)
    "no YAML": ("pdca.yaml", "kind: pdca", "kind: [pdca", "is no YAML"),
    "a key twice": ("pdca.yaml", "title: Plan-Do-Check-Act cycle", "title: A\ntitle: B", "title"),
    "an unknown key": ("pdca.yaml", "effort_hours: 16", "effort_hour: 16", "slip of the pen"),
    "a missing key": ("pdca.yaml", "        effort_hours: 16\n", "", "is missing"),
    "an unknown responsibility": ("pdca.yaml", "responsibility: isms_manager", "responsibility: isms_manger",
                                  "did you mean 'isms_manager'"),
    "an unknown ladder": ("pdca.yaml", "ladder: step", "ladder: stepp", "did you mean 'step'"),
    "an unknown owner of a phase": ("pdca.yaml", "owner: isms_manager", "owner: nobody", "nobody"),
    "a step that depends on itself": ("pdca.yaml", "depends_on: [scope]", "depends_on: [policy]", "depends on itself"),
    "a step of another phase": ("pdca.yaml", "depends_on: [scope]", "depends_on: [train]", "step of this phase"),
    "a step's id twice": ("pdca.yaml", "- id: policy", "- id: scope", "no id of its own"),
    "a gate that its own workers decide": ("pdca.yaml", "responsibilities: [top_management, risk_owner]",
                                           "responsibilities: [top_management, isms_manager]", "name others, or relax"),
    "a gate that lapses before its ladder ends": ("pdca.yaml", "lapse: 10 working days", "lapse: 2 working days",
                                                  "let the gate lapse after it"),
    "another kind than the file's name": ("pdca.yaml", "kind: pdca", "kind: incident", "the file is named 'pdca'"),
    "phases in another order": ("pdca.yaml", "- id: plan", "- id: plann", "goes through plan, do, check, act"),
    "a span that is none": ("pdca.yaml", "due: 10 working days", "due: soon", "working days"),
    "guidance of one line": ("pdca.yaml", "          Start from the issues", "Start from the issues", ""),
    "a zone that isn't one": ("calendar.yaml", "zone: UTC", "zone: Europe/Viena", "did you mean 'Europe/Vienna'"),
    "no day of work": ("calendar.yaml", "working_week: [0, 1, 2, 3, 4]", "working_week: []", "has no day of work"),
    "levels out of order": ("ladders.yaml", "offset: -3 working days at 09:00", "offset: 3 working days at 09:00",
                            "aren't in order of time"),
    "a ladder to nobody": ("ladders.yaml", "to: deputy", "to: deputys", "did you mean 'deputy'"),
    "a wait whose ladder ends": ("ladders.yaml", ", repeat: 7 days at 09:00}\n  - id: gate", "}\n  - id: gate", "repeat"),
    "a responsibility that every ladder needs": ("responsibilities.yaml", "id: top_management", "id: top_managers",
                                                 "is missing: every ladder ends in it"),
}


def changed(file: str, old: str, new: str) -> dict[str, str]:
    """The shipped programme with one text replaced once."""
    files = dict(shipped())
    assert old in files[file], "the shipped programme has changed: adapt this example"
    files[file] = files[file].replace(old, new, 1)
    return files


@pytest.mark.parametrize(("file", "old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_programme_names_file_line_and_remedy(file: str, old: str, new: str, said: str) -> None:
    """Nothing of it is loaded; the first problem stands where the mistake is."""
    files = changed(file, old, new)
    with pytest.raises(ProgrammeRefused) as refused:
        parse(files)
    told = str(refused.value)
    assert said in told
    assert {each.file for each in refused.value.problems} & {file, "pdca.yaml"}, told
    assert all(1 <= each.line <= len(files[each.file].splitlines()) for each in refused.value.problems)


def test_the_line_is_the_mistakes_own() -> None:
    """Not the file's first, nor that of the step around it."""
    files = changed("pdca.yaml", "responsibility: isms_manager", "responsibility: isms_manger")
    line = next(n for n, text in enumerate(files["pdca.yaml"].splitlines(), start=1) if "isms_manger" in text)
    with pytest.raises(ProgrammeRefused) as refused:
        parse(files)
    assert [(each.file, each.line) for each in refused.value.problems] == [("pdca.yaml", line)]


def test_every_problem_is_told_at_once() -> None:
    """Whoever corrects one mistake isn't sent back for the next."""
    files = changed("pdca.yaml", "ladder: step", "ladder: stepp")
    files["calendar.yaml"] = files["calendar.yaml"].replace("zone: UTC", "zone: Mars/Phobos")
    with pytest.raises(ProgrammeRefused) as refused:
        parse(files)
    assert {each.file for each in refused.value.problems} == {"pdca.yaml", "calendar.yaml"}


def test_a_small_organisation_may_relax_a_gate_with_a_reason() -> None:
    """Without one it is refused; with one the gate carries it for everybody to read."""
    same = "responsibilities: [top_management, isms_manager]\n      relaxed: {}"
    with pytest.raises(ProgrammeRefused):
        parse(changed("pdca.yaml", "responsibilities: [top_management, risk_owner]", same.format("''")))
    relaxed = parse(changed("pdca.yaml", "responsibilities: [top_management, risk_owner]", same.format("'two of us'")))
    assert relaxed.workflows["pdca"].phase("plan").gate.relaxed == "two of us"


STEPS = {
    "plan": ("Establish scope and boundaries", "Define the information security policy", "Conduct the risk assessment",
             "Risk treatment plan", "Select controls", "Statement of Applicability"),
    "do": ("Implement the treatment plan", "Deploy the selected controls", "Train personnel", "Manage operations",
           "Manage resources", "Document procedures"),
    "check": ("Monitor and measure", "Internal audits", "Management review", "Review the effectiveness of controls",
              "Identify nonconformities", "Evaluate compliance"),
    "act": ("Corrective actions", "Preventive actions", "Apply lessons learned", "Update the risk assessment",
            "Communicate improvements", "Continual improvement"),
}
CLAUSES = {"Preventive actions": {"6.1"}, "Evaluate compliance": {"9.1", "A.5.31", "A.5.36"},
           "Continual improvement": {"10.1"}, "Corrective actions": {"10.2"}}


@pytest.fixture(scope="module")
def programme() -> Programme:
    """The programme that comes with the product; it passes its own check."""
    return parse(shipped())


def test_the_shipped_programme_has_the_24_steps(programme: Programme) -> None:
    """Four phases of six, in the standard's order."""
    phases = programme.workflows["pdca"].phases
    assert {phase.id: tuple(step.title for step in phase.steps) for phase in phases} == STEPS


def test_each_step_says_what_good_looks_like(programme: Programme) -> None:
    """A clause, three to six lines of guidance, an example of evidence, an estimate of effort, a date, a ladder."""
    for step in (step for phase in programme.workflows["pdca"].phases for step in phase.steps):
        assert 3 <= len(step.guidance.strip().splitlines()) <= 6
        assert step.clause
        assert step.example
        assert step.evidence_needed
        assert step.effort_hours > 0
        assert step.due.amount > 0
        assert step.ladder in programme.ladders


@pytest.mark.parametrize(("title", "clauses"), CLAUSES.items())
def test_the_clauses_are_those_of_the_2022_edition(programme: Programme, title: str, clauses: set[str]) -> None:
    """It has no clause named preventive action, and its 10.1 and 10.2 changed places."""
    step = next(s for phase in programme.workflows["pdca"].phases for s in phase.steps if s.title == title)
    assert set(step.clause.replace(",", "").split()) == clauses


def test_three_people_are_the_smallest_organisation(programme: Programme) -> None:
    """One who does the work, two who approve it; the README says so, and the simulator plays it."""
    assert smallest_organisation(programme.workflows["pdca"]) == 3
