"""Incidents in and out as documents, by programs."""

from __future__ import annotations

from tests.portal.api.conftest import Programs
from tests.veris import sample


def test_documents_come_and_go(both_call: Programs) -> None:
    """All of them, once; what can't be is a problem document with its place."""
    said = both_call.write("ben", "/incidents/import", {"documents": [sample(), sample(incident_id="b")]}, key="one")
    assert (said.status_code, [each["reference"] for each in said.json()["items"]]) == (201, ["INC-2026-0001", "INC-2026-0002"])
    again = both_call.write("ben", "/incidents/import", {"documents": [sample()]}).json()["items"]
    assert again == [{"document": "documents, incident 1", "reference": "INC-2026-0001", "new": False, "notes": []}]
    unlike, = both_call.write("ben", "/incidents/import", {"documents": [sample(summary="It was worse.")]}).json()["items"]
    assert unlike["notes"] == ["it differs from what was imported before, and was not taken: summary"]
    assert both_call.get("ben", "/incidents/INC-2026-0001/veris") == sample()
    wrong = both_call.write("ben", "/incidents/import", {"documents": [sample(incident_id="c", summary="")]})
    assert (wrong.status_code, "incident 1: summary" in wrong.json()["detail"]) == (422, True)


def test_whoever_doesn_t_answer_incidents_imports_none(call: Programs) -> None:
    """Nor with a token that writes."""
    assert call.write("alex", "/incidents/import", {"documents": [sample()]}).status_code == 403
