"""VERIS documents for tests: our own, and the community's where they lie beside the checkout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from isms_workflow.connectors import veris

FOLDER = Path(os.environ.get("ISMS_TEST_VERIS") or Path(__file__).parents[2] / "shared" / "data" / "veris")
SCHEMA = FOLDER / "verisc-merged.json"
NEWER = ("veris-1_3_6-test1.json", "veris-1_4_0-test1.json", "veris-1_4_1-test1.json")
OLDER = "veris-1_3_4-test1.json"

needs_veris = pytest.mark.skipif(not SCHEMA.exists(), reason=f"the VERIS community's schema and samples aren't in {FOLDER}")
"""They are under CC BY-SA, and not copied into this repository."""


def sample(**changes: Any) -> dict[str, Any]:
    """An incident of another organisation's register, in our own words; a change of None leaves a field out."""
    said: dict[str, Any] = {
        "schema_version": "1.4.1", "incident_id": "their-17", "security_incident": "Confirmed", "source_id": "a partner",
        "summary": "An invoice opened by accounting ran a program that locked two shared folders.",
        "timeline": {"incident": {"year": 2025, "month": 3, "day": 9}, "containment": {"unit": "Hours", "value": 5}},
        "action": {"malware": {"variety": ["Ransomware"], "vector": ["Email attachment"], "result": ["Deploy payload"]}},
        "actor": {"external": {"variety": ["Unknown"], "motive": ["Financial"], "country": ["Unknown"]}},
        "asset": {"assets": [{"variety": "S - File"}], "cloud": ["Unknown"]},
        "discovery_method": {"unknown": True}, "impact": {"overall_rating": "Painful"},
        "plus": {"systems": ["customer RECORDS"], "their own": [1, {"b": None}]},
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def read(*documents: dict[str, Any], checked: Draft4Validator | None = None, lenient: bool = False) -> list[veris.Read]:
    """These documents, each as the file of its own number."""
    return veris.read([(f"{n}.json", json.dumps(each).encode()) for n, each in enumerate(documents, 1)], checked, lenient)


def community(name: str) -> dict[str, Any]:
    """One of the community's files."""
    found: dict[str, Any] = json.loads((FOLDER / name).read_bytes())
    return found
