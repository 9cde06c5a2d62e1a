"""What changes from one version of the programme to the next, in sentences that a manager reads before applying it."""

from __future__ import annotations

import pytest

from isms_workflow.programme.diff import diff
from isms_workflow.programme.load import parse, shipped
from tests.programme.test_check import changed

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
                                      "fact processor: answer changes from None to False."),
    "a stage's period": ("obligations/gdpr.yaml", "within: 72 hours", "within: 96 hours",
                         "gdpr stage notification: within changes from 72 hours to 96 hours."),
    "a regime's title": ("obligations/gdpr.yaml", "title: GDPR", "title: UK GDPR", "regime gdpr: title changes from"),
    "a ladder": ("ladders.yaml", "offset: 2 working days at 09:00", "offset: 3 working days at 09:00",
                 "ladder step: levels changes"),
}


@pytest.mark.parametrize(("file", "old", "new", "sentence"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_one_sentence(file: str, old: str, new: str, sentence: str) -> None:
    """It says where, from what, to what."""
    (told,) = diff(parse(shipped()), parse(changed(file, old, new)))
    assert sentence in told
    assert told.endswith(".")


def test_a_comment_changes_nothing() -> None:
    """Both mean the same, though the text that is kept is another."""
    files = {**shipped(), "calendar.yaml": "# ours\n" + shipped()["calendar.yaml"]}
    assert diff(parse(shipped()), parse(files)) == []
