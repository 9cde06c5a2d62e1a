"""How reports are seen to: who answers, who decides, which ladders; what would leave one unseen is refused, with its line."""

from __future__ import annotations

import pytest

from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import parse, shipped
from tests.programme.test_check import changed

BROKEN: dict[str, tuple[str, str, str]] = {
    # what is wrong: (text that is there, text instead, what is said)
    "nobody who decides": ("decides: [compliance_officer, isms_manager]", "decides: [compliance_ofice, isms_manager]",
                           "did you mean 'compliance_officer'"),
    "nobody who answers": ("answers: [incident_responder, compliance_officer", "answers: [incident_respondr, compliance_officer",
                           "did you mean 'incident_responder'"),
    "a ladder that nobody wrote": ("ladder: statutory", "ladder: statutary", "did you mean 'statutory'"),
    "a ladder that may end with nobody told": ("ladder: statutory", "ladder: gate", "may end with nobody told"),
    "a ladder that tells an owner": ("ladder: statutory", "ladder: step", "a report has none, name responsibilities"),
    "a margin that stops at night": ("margin: 2 hours", "margin: 2 working hours", "elapses day and night"),
    "a margin that lies behind": ("margin: 2 hours", "margin: -2 hours", "lies ahead of nothing"),
    "a step that is there already": ("id: obligation_questions", "id: contain", "is no id of its own"),
    "nobody who sees to reports": ("reporting:\n", "reporting_was:\n", "reporting"),
}


@pytest.mark.parametrize(("old", "new", "says"), BROKEN.values(), ids=BROKEN)
def test_what_would_leave_a_report_unseen_is_refused(old: str, new: str, says: str) -> None:
    """With the file, the line, and what would be right."""
    with pytest.raises(ProgrammeRefused) as refused:
        parse(changed("incident.yaml", old, new))
    assert says in str(refused.value)
    assert all(problem.file == "incident.yaml" for problem in refused.value.problems)


def test_a_programme_with_obligations_says_who_sees_to_them() -> None:
    """Without the section nobody would be asked, or reminded."""
    before, _, rest = shipped()["incident.yaml"].partition("reporting:\n")
    with pytest.raises(ProgrammeRefused, match="it says who answers what the obligations ask"):
        parse({**shipped(), "incident.yaml": before + "phases:\n" + rest.partition("phases:\n")[2]})
