"""What changes from one version of the programme to the next, in sentences that a manager reads before applying it."""

from __future__ import annotations

import pytest

from isms_workflow.programme.diff import diff
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme
from tests.programme.test_check import changed

LOW_LAST = shipped()["incident.yaml"].split("  - id: medium")[1].split("\ncategories:")[0]
MEDIUM, LOW = LOW_LAST.split("  - id: low")
LOW_LAST, LOW_FIRST = f"  - id: medium{LOW_LAST}", f"  - id: low{LOW}  - id: medium{MEDIUM}"

CHANGES: dict[str, tuple[str, str, str, str]] = {
    "a date": ("pdca.yaml", "due: 10 working days", "due: 15 working days", "pdca.plan step scope: due changes from"),
    "a title": ("pdca.yaml", "title: Select controls", "title: Choose controls", "title changes from"),
    "a quorum": ("pdca.yaml", "due: 5 working days\n      ladder: gate", "due: 6 working days\n      ladder: gate",
                 "pdca.plan gate: due changes"),
    "a zone": ("calendar.yaml", "zone: UTC", "zone: Europe/Vienna", "calendar: zone changes from 'UTC' to 'Europe/Vienna'."),
    "a rotation": ("oncall.yaml", "shift: 7 days", "shift: 1 days", "rotation first_line: shift changes from"),
    "a regime switched off": ("obligations/organisation.yaml", "gdpr: yes", "gdpr: no",
                              "regime gdpr: whether it holds changes from yes to no."),
    "a regime from a day on": ("obligations/organisation.yaml", "gdpr: yes", "gdpr: 2026-03-01",
                               "regime gdpr: whether it holds changes from yes to yes from 2026-03-01."),
    "a fact about the organisation": ("obligations/organisation.yaml", "(processor)?\", answer: null", "(processor)?\", answer: no",
                                      "fact processor: answer changes from nothing to no."),
    "a stage's period": ("obligations/gdpr.yaml", "within: 72 hours", "within: 96 hours",
                         "gdpr stage notification: within changes from 72 hours to 96 hours."),
    "a regime's title": ("obligations/gdpr.yaml", "title: GDPR", "title: UK GDPR", "regime gdpr: title changes from"),
    "a ladder": ("ladders.yaml", "offset: 2 working days at 09:00", "offset: 3 working days at 09:00",
                 "ladder step levels no. 3: offset changes from 2 working days at 09:00 to 3 working days at 09:00."),
    "whom a level tells": ("ladders.yaml", "{to: [on_call:first_line, isms_manager], offset: 2 hours}",
                           "{to: [on_call:first_line, risk_owner], offset: 2 hours}",
                           "ladder incident_high levels no. 1: to changes from [on_call:first_line, isms_manager] to [on_call:first_line, risk_owner]."),
    "a level more": ("ladders.yaml", "      - {to: owner, offset: 0 days}\n",
                     "      - {to: owner, offset: 0 days}\n      - {to: [deputy, owner], offset: 1 days at 10:00}\n",
                     "ladder step levels no. 3 is new: {to: [deputy, owner], offset: 1 days at 10:00}."),
    "a level less": ("ladders.yaml", "      - {to: deputy, offset: 2 working days at 09:00}\n", "",
                     "ladder step levels no. 3 is gone: {to: [deputy], offset: 2 working days at 09:00}."),
    "a hand-over": ("oncall.yaml", "hand_over: {weekday: monday, at: 09:00}", "hand_over: {weekday: monday, at: 08:30}",
                    "rotation first_line hand_over: at changes from 09:00 to 08:30."),
    "a rotation's first day": ("oncall.yaml", "    from: 2024-01-01", "    from: 2024-01-08",
                               "rotation first_line: from changes from 2024-01-01 to 2024-01-08."),
    "a severity's clock": ("incident.yaml", "acknowledgement: {holds: 1 hours,", "acknowledgement: {holds: 2 hours,",
                           "incident severities high acknowledgement: holds changes from 1 hours to 2 hours."),
    "a category": ("incident.yaml", "  - {id: misuse, title: Misuse of rights}\n",
                   "  - {id: misuse, title: Misuse of rights}\n  - {id: theft, title: Theft}\n", "incident categories theft is new."),
    "the order of severities": ("incident.yaml", LOW_LAST, LOW_FIRST,
                                "incident severities: the order changes from [critical, high, medium, low] to [critical, high, low, medium]."),
    "a rule of assessment": ("incident.yaml", "when: {confidentiality: medium}", "when: {confidentiality: low}",
                             "incident assessments no. 6 when: confidentiality changes from 'medium' to 'low'."),
    "a reading of VERIS": ("incident.yaml", "    error: data_breach", "    error: other",
                           "incident veris actions: error changes from 'data_breach' to 'other'."),
}


@pytest.mark.parametrize(("file", "old", "new", "sentence"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_one_sentence(file: str, old: str, new: str, sentence: str) -> None:
    """It says where, from what, to what; of what has parts, in which part."""
    (told,) = diff(parse(shipped()), parse(changed(file, old, new)))
    assert sentence in told
    assert told.endswith(".")


def test_a_repetition_that_is_counted_is_a_level_as_it_is_written() -> None:
    """However often the level is told, a change of that is one sentence."""
    once, thrice = (changed("ladders.yaml", "{to: deputy, offset: 2 working days at 09:00}",
                            f"{{to: deputy, offset: 2 working days at 09:00, repeat: 1 hours, times: {times}}}") for times in (1, 3))
    assert diff(parse(shipped()), parse(once)) == ["ladder step levels no. 3: repeat changes from nothing to 1 hours.",
                                                   "ladder step levels no. 3: times changes from nothing to 1."]
    assert diff(parse(once), parse(thrice)) == ["ladder step levels no. 3: times changes from 1 to 3."]


def test_a_team_that_is_told_in_turn_changes_in_its_own_sentence_alone() -> None:
    """The ladder that names it is written as before."""
    files = changed("ladders.yaml", "{to: deputy, offset: 2 working days at 09:00}",
                    "{to: team:staff, offset: 2 working days at 09:00, in_turn: 10 minutes}")

    def of(members: str) -> Programme:
        rotations = f"{files['oncall.yaml']}\nteams:\n  - {{id: staff, title: Staff, members: [{members}]}}\n"
        return parse({**files, "oncall.yaml": rotations})

    assert diff(of("isms_manager, risk_owner"), of("isms_manager, top_management")) == [
        "team staff: members changes from [isms_manager, risk_owner] to [isms_manager, top_management]."]


def test_a_comment_changes_nothing() -> None:
    """Both mean the same, though the text that is kept is another."""
    files = {**shipped(), "calendar.yaml": "# ours\n" + shipped()["calendar.yaml"]}
    assert diff(parse(shipped()), parse(files)) == []
