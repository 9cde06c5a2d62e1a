"""A broken programme is refused whole: each problem with its file, its line, and what would be right."""

from __future__ import annotations

import pytest

from isms_workflow.programme.check import smallest_organisation
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import kept, parse, shipped
from isms_workflow.programme.model import Programme

LAYER = """    layers:
      - {id: weekend, title: W, responsibility: risk_owner, shift: 7 days, hand_over: {weekday: monday, at: 09:00}, from: 2024-01-01, during: [{days: [saturday], begins: 08:00, ends: 20:00}]}
"""

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
    "a span before its start": ("pdca.yaml", "due: 10 working days", "due: -10 working days", "use a positive span"),
    "a gate that is due before it opens": ("pdca.yaml", "due: 5 working days\n      ladder: gate",
                                           "due: 0 days\n      ladder: gate", "use a positive span"),
    "no time to decide": ("pdca.yaml", "decide_due: 5 working days", "decide_due: -1 days", "use a positive span"),
    "a span beyond every calendar": ("pdca.yaml", "due: 10 working days", "due: 99999 working days",
                                     "less than or equal to 1000"),
    "working minutes": ("pdca.yaml", "due: 10 working days", "due: 10 working minutes", "is no span"),
    "working hours that end at an hour": ("pdca.yaml", "due: 10 working days", "due: 4 working hours at 12:00",
                                          "only days end at an hour"),
    "levels out of order by working hours": ("ladders.yaml", "offset: 2 working days at 09:00", "offset: 41 working hours",
                                             "aren't in order of time"),
    "a schedule's id twice": ("pdca.yaml", "at: '09:00'}", "at: '09:00'}\n  - {id: yearly_cycle, every: year}",
                              "stands here twice"),
    "one responsibility for two approvals": ("pdca.yaml", "responsibilities: [top_management, risk_owner]",
                                             "responsibilities: [top_management, top_management]",
                                             "only 1 of its responsibilities"),
    "a gate relaxed without a reason": ("pdca.yaml", "      quorum: 2", "      quorum: 2\n      relaxed: '  '",
                                        "at least 1 character"),
    "guidance of one line": ("pdca.yaml", "          Start from the issues", "Start from the issues", ""),
    "a zone that isn't one": ("calendar.yaml", "zone: UTC", "zone: Europe/Viena", "did you mean 'Europe/Vienna'"),
    "no day of work": ("calendar.yaml", "working_week: [0, 1, 2, 3, 4]", "working_week: []", "has no day of work"),
    "closing before opening": ("calendar.yaml", "# opens: 09:00", "opens: 18:30", "nobody works from 18:30 to 17:00"),
    "closing at the opening": ("calendar.yaml", "# closes: 17:00", "closes: 09:00", "open before you close"),
    "an opening that is a number": ("calendar.yaml", "# opens: 09:00", "opens: 9", "9 is no hour of a day"),
    "a closing in a zone of its own": ("calendar.yaml", "# closes: 17:00", "closes: 17:00Z", "minutes of the calendar's zone"),
    "a closing after the day": ("calendar.yaml", "# closes: 17:00", "closes: 24:00", "hour must be in 0..23"),
    "a country without holidays": ("calendar.yaml", "country: null", "country: XX", "XX not available"),
    "an opener that nobody is": ("corrective_action.yaml", "openers: [isms_manager,", "openers: [isms_manger,", "did you mean 'isms_manager'"),
    "a check before the deed": ("corrective_action.yaml", "check_after: 90 days", "check_after: 0 days", "use a positive span"),
    "a gravity twice": ("corrective_action.yaml", "{id: minor,", "{id: major,", "stands here twice"),
    "no gravity": ("corrective_action.yaml", ("  - {id: major, title: Major, check_after: 90 days at 09:00}\n"
                   "  - {id: minor, title: Minor, check_after: 30 days at 09:00}"), "  []", "at least 1 item"),
    "management after no check": ("corrective_action.yaml", "management_after: 2", "management_after: 0", "greater than or equal to 1"),
    "a referral that ends with nobody": ("corrective_action.yaml", "referral_ladder: referral", "referral_ladder: gate", "may end with nobody told"),
    "a check by who does the work": ("corrective_action.yaml", "responsibility: internal_auditor", "responsibility: process_owner",
                                     "let somebody else check it"),
    "a gate for the check": ("corrective_action.yaml", 'clause: "10.2 d"\n    steps:', ('clause: "10.2 d"\n    gate: {responsibilities: '
                             '[isms_manager], quorum: 1, due: 5 days, ladder: gate, lapse: 30 days}\n    steps:'), "ends when its steps are done"),
    "a part of another country": ("calendar.yaml", "country: null\nsubdivision: null", "country: AT\nsubdivision: BY",
                                  "does not have subdivision BY"),
    "a part of no country": ("calendar.yaml", "subdivision: null", "subdivision: BY", "name the country"),
    "a day that doesn't exist": ("calendar.yaml", "extra_holidays: {}", "extra_holidays: {2026-02-30: Moving house}",
                                 "day value is outside expected range"),
    "a character that can't be": ("calendar.yaml", "country: null", "country: \x01", "take it out"),
    "an hour that no day has": ("audit.yaml", "digest_hour: 8", "digest_hour: 25", "less than or equal to 23"),
    "a heartbeat in the clear": ("audit.yaml", "heartbeat_url: null", "heartbeat_url: http://example.org/x", "https, or http on"),
    "a heartbeat to nowhere": ("audit.yaml", "heartbeat_url: null", "heartbeat_url: ftp://example.org/x", "is no address"),
    "a heartbeat with a password": ("audit.yaml", "heartbeat_url: null", "heartbeat_url: https://a:b@example.org/", "leave it out"),
    "a responsibility's id twice": ("responsibilities.yaml", "id: process_owner", "id: control_owner", "stands here twice"),
    "a ladder's id twice": ("ladders.yaml", "id: planned", "id: way_on", "stands here twice"),
    "levels out of order": ("ladders.yaml", "offset: -3 working days at 09:00", "offset: 3 working days at 09:00",
                            "aren't in order of time"),
    "a ladder to nobody": ("ladders.yaml", "to: deputy", "to: deputys", "did you mean 'deputy'"),
    "a wait whose ladder ends": ("ladders.yaml", ", repeat: 7 days at 09:00}\n  - id: gate", "}\n  - id: gate", "repeat"),
    "an unknown rotation": ("ladders.yaml", "on_call:first_line", "on_call:first_lime", "did you mean 'first_line'"),
    "a wait that may end with who is on call": ("ladders.yaml", "to: top_management, offset: 10 working days",
                                                "to: on_call:first_line, offset: 10 working days", "may end with nobody told"),
    "a rotation of nobody": ("oncall.yaml", "incident_responder", "incident_respondr", "did you mean 'incident_responder'"),
    "a rotation in no zone": ("oncall.yaml", "shift: 7 days", "shift: 7 days\n    zone: Europe/Viena", "did you mean 'Europe/Vienna'"),
    "a shift of working days": ("oncall.yaml", "shift: 7 days", "shift: 5 working days", "is no shift"),
    "a shift of nothing": ("oncall.yaml", "shift: 7 days", "shift: 0 days", "is no shift"),
    "a layer of nobody": ("oncall.yaml", "from: 2024-01-01\n", "from: 2024-01-01\n" + LAYER.replace("risk_owner", "risk_ownr"),
                          "did you mean 'risk_owner'"),
    "a layer's id twice": ("oncall.yaml", "from: 2024-01-01\n", "from: 2024-01-01\n" + LAYER + LAYER.split("\n", 1)[1], "stands here twice"),
    "a layer on no day": ("oncall.yaml", "from: 2024-01-01\n", "from: 2024-01-01\n" + LAYER.replace("[saturday]", "[]"), "at least 1 item"),
    "a layer within layers": ("oncall.yaml", "from: 2024-01-01\n", "from: 2024-01-01\n" + LAYER.replace("title: W", "title: W, layers: []"),
                              "slip of the pen"),
    "a hand-over on no day": ("oncall.yaml", "weekday: monday", "weekday: moonday", "'monday'"),
    "a flood that lasts for days": ("notifications.yaml", "within: 10 minutes", "within: 2 days", "write e.g. '10 minutes'"),
    "a flood of nothing": ("notifications.yaml", "most: 20", "most: 0", "greater than or equal to 1"),
    "an unknown severity for the unknown": ("incident.yaml", "unknown: medium", "unknown: medum", "did you mean 'medium'"),
    "an assessment to an unknown severity": ("incident.yaml", "severity: low, when", "severity: lowly, when",
                                             "did you mean 'low'"),
    "a rule on an unknown category": ("incident.yaml", "category: [outage, denial_of_service, malware]",
                                      "category: [outrage]", "did you mean 'outage'"),
    "a need that is none": ("incident.yaml", "{confidentiality: medium}", "{confidentiality: middling}", "'low', 'medium' or 'high'"),
    "a kind of data that nobody holds": ("incident.yaml", "when: {data: personal,", "when: {data: personnel,",
                                         "'personal', 'special_category'"),
    "an unknown responder": ("incident.yaml", "responders: incident_responder", "responders: incident_respnder",
                             "did you mean 'incident_responder'"),
    "an incident's ladder that nobody wrote": ("incident.yaml", "ladder: incident_low", "ladder: incident_lo",
                                               "did you mean 'incident_low'"),
    "an incident's ladder to an owner": ("incident.yaml", "ladder: incident_low", "ladder: step", "name responsibilities"),
    "a response that is due before the report": ("incident.yaml", "response: 1 hours", "response: -1 hours",
                                                 "use a positive span"),
    "a word that is never asked after": ("incident.yaml", "reminders: 2", "reminders: 0", "greater than or equal to 1"),
    "a severity's id twice": ("incident.yaml", "id: low", "id: medium", "stands here twice"),
    "a response that ends in a gate": ("incident.yaml", "    clause: A.5.26\n    steps:",
                                       ("    clause: A.5.26\n    gate: {responsibilities: isms_manager, quorum: 1, due: 1 days, "
                                       "ladder: gate, lapse: 9 days}\n    steps:"), "ends when its steps are done"),
    "lessons without an approval": ("incident.yaml", ("    gate:\n      responsibilities: [isms_manager, top_management]\n"
                                    "      quorum: 1\n      due: 5 working days\n      ladder: gate\n"
                                    "      lapse: 10 working days\n"), "", "ends in an approval"),
    "nobody who answers": ("responsibilities.yaml", "id: incident_responder", "id: fire_brigade", "it answers incidents"),
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


def test_a_programme_has_every_workflow_and_no_other() -> None:
    """Without one the next case could not open; one that no machine runs would never start."""
    files = dict(shipped())
    other = files["pdca.yaml"].replace("kind: pdca", "kind: audit_programme")
    with pytest.raises(ProgrammeRefused, match=r"audit_programme\.yaml:3: kind: nothing runs workflows of kind"):
        parse({**files, "audit_programme.yaml": other})
    del files["pdca.yaml"]
    with pytest.raises(ProgrammeRefused, match=r"pdca\.yaml: is missing"):
        parse(files)


def test_a_version_that_was_applied_is_read_again_whatever_later_releases_ask() -> None:
    """Cases finish under the version they started with."""
    assert kept(changed("pdca.yaml", "due: 10 working days", "due: 0 days")).workflows["pdca"].step("scope").due.amount == 0


def test_the_line_is_the_mistakes_own() -> None:
    """Not the file's first, nor that of the step around it."""
    files = changed("pdca.yaml", "responsibility: isms_manager", "responsibility: isms_manger")
    line = next(n for n, text in enumerate(files["pdca.yaml"].splitlines(), start=1) if "isms_manger" in text)
    with pytest.raises(ProgrammeRefused) as refused:
        parse(files)
    assert [(each.file, each.line) for each in refused.value.problems] == [("pdca.yaml", line)]


@pytest.mark.parametrize(("old", "new"), [("# opens: 09:00", "opens: 17:00"), ("# closes: 17:00", "closes: 08:00")])
def test_the_line_of_working_hours_is_the_one_that_was_written(old: str, new: str) -> None:
    """The other hour is the default, and stands nowhere."""
    files = changed("calendar.yaml", old, new)
    with pytest.raises(ProgrammeRefused) as refused:
        parse(files)
    line = files["calendar.yaml"].splitlines().index(new) + 1
    assert [(each.line, each.field) for each in refused.value.problems] == [(line, new.partition(":")[0])]


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
