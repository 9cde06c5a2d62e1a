"""VERIS files: what is read, and what is refused with its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from isms_workflow.connectors import veris
from isms_workflow.connectors.veris import VerisRefused
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.load import parse, shipped
from tests.veris import NEWER, OLDER, SCHEMA, community, needs_veris, read, sample

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"incident_id": None}, "incident_id: null can't be; give a text of 1 to 200 characters"),
    "a name that is a number": ({"incident_id": 7}, "incident_id: 7 can't be"),
    "no words": ({"summary": " "}, "summary"),
    "a certainty that there isn't": ({"security_incident": "Sure"}, 'security_incident: "Sure" can\'t be; one of Confirmed, Suspected'),
    "a misspelt action": ({"action": {"hackin": {}}}, 'action: "hackin" can\'t be; one of hacking'),
    "no action": ({"action": {}}, "action: {} can't be; name at least one of malware, hacking"),
    "a rating that there isn't": ({"impact": {"overall_rating": "Bad"}}, "impact.overall_rating"),
    "an impact that is a word": ({"impact": "Bad"}, "impact"),
    "no year": ({"timeline": {}}, "timeline.incident.year"),
    "a day that there isn't": ({"timeline": {"incident": {"year": 2025, "month": 2, "day": 30}}}, "timeline.incident"),
    "a year that is a yes": ({"timeline": {"incident": {"year": True, "month": 1, "day": 1}}}, "give a day that there is"),
    "a year of another age": ({"timeline": {"incident": {"year": 1, "month": 1, "day": 1}}}, "give a day that there is"),
    "a year far ahead": ({"timeline": {"incident": {"year": 9999, "month": 12, "day": 31}}}, "give a day that there is"),
    "a letter that no text has": ({"notes": "a\0b"}, "U+0000"),
    "an older edition": ({"schema_version": "1.3.4"}, 'the edition "1.3.4", older than 1.3.6'),
    "no edition": ({"schema_version": None}, "the edition null"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, Any], said: str) -> None:
    """The file, the field, what it says, and what would be right."""
    with pytest.raises(VerisRefused) as refused:
        read(sample(), sample(**change))
    assert str(refused.value).startswith("Nothing was imported. 2.json: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(("plus", "said"), [("[" * 600 + "]" * 600, "nested more than 100 deep"), ("1e999", "a number without an end")])
def test_what_could_not_be_written_again_is_refused(plus: str, said: str) -> None:
    """It reads as JSON, but no database or export could hold it."""
    raw = json.dumps(sample())[:-1] + f', "plus": {{"theirs": {plus}}}}}'
    with pytest.raises(VerisRefused, match=said):
        veris.read([("file.json", raw.encode())], None)


@pytest.mark.parametrize("raw", [b"", b"{", b"[", b'"text"', b"[1]", b'{"a": NaN}', b"\xff", b"[" * 100_000,
                                 b" " * (veris.LARGEST + 1), b"[]"])
def test_what_is_no_incident_is_refused(raw: bytes) -> None:
    """In a sentence, whatever it is."""
    with pytest.raises(VerisRefused, match="Nothing was imported"):
        veris.read([("file.json", raw)], None)


def test_a_file_may_hold_a_list() -> None:
    """As registers export them; each is named by its place."""
    found = veris.read([("all.json", json.dumps([sample(), sample(incident_id="their-18")]).encode())], None)
    assert [(each.name, each.incident_id) for each in found] == [
        ("all.json, incident 1", "their-17"), ("all.json, incident 2", "their-18")]


def test_an_empty_list_is_refused_by_its_name() -> None:
    """Also beside a good file: whoever chose it meant something to come of it."""
    with pytest.raises(VerisRefused, match=r"^Nothing was imported\. empty\.json: the list is empty: give at least one incident"):
        veris.read([("good.json", json.dumps(sample()).encode()), ("empty.json", b"[]")], None)


def test_an_older_edition_is_taken_if_that_is_asked_for() -> None:
    """What isn't as it should be is noted; what we read has to be right all the same."""
    found, = read(sample(schema_version="1.2"), lenient=True)
    assert "older than 1.3.6" in found.notes[0]
    with pytest.raises(VerisRefused, match="hackin"):
        read(sample(schema_version="1.2", action={"hackin": {}}), lenient=True)


def section() -> IncidentWorkflow:
    """The shipped programme's section on incidents."""
    found = parse(shipped()).workflows["incident"]
    assert isinstance(found, IncidentWorkflow)
    return found


def test_it_is_said_in_our_words() -> None:
    """Title, category by action, and the day on which it began, in the organisation's zone."""
    said = section().veris
    assert said is not None
    found = veris.report(sample(), said, "Europe/Vienna")
    assert (found.title[:10], found.category, found.severity) == ("An invoice", "malware", None)
    assert found.occurred_at == datetime(2025, 3, 8, 23, tzinfo=UTC)
    assert veris.report(sample(timeline={"incident": {"year": 2025}}), said, "UTC").occurred_at is None
    long = veris.report(sample(summary="word " * 100), said, "UTC")
    assert (len(long.title), long.title[-1], long.description) == (200, "…", ("word " * 100).strip())
    rated = said.model_copy(update={"impact": {"Painful": "high"}})
    assert veris.report(sample(), rated, "UTC").severity == "high"


def test_a_schema_that_is_none_is_said_so(tmp_path: Path) -> None:
    """The setting and the file are named."""
    (tmp_path / "x.json").write_text('{"type": 7}')
    for path in (tmp_path / "x.json", tmp_path / "none.json"):
        with pytest.raises(VerisRefused, match="veris_schema"):
            veris.schema(path)
    assert veris.schema(None) is None


@needs_veris
def test_the_community_s_files_are_read_against_its_schema() -> None:
    """Those of 1.3.6 and later are; the older one says what isn't as it should be, and is taken if that is asked for."""
    checked = veris.schema(SCHEMA)
    assert len(read(*map(community, NEWER), checked=checked)) == 3
    with pytest.raises(VerisRefused) as refused:
        read(community(OLDER), checked=checked)
    for said in ("older than 1.3.6", "action.malware: without vector; give it", "victim: without government",
                 'asset.cloud: "NA" can\'t be; it takes a list', "--lenient"):
        assert said in str(refused.value)
    found, = read(community(OLDER), checked=checked, lenient=True)
    assert len(found.notes) == 4


@needs_veris
def test_every_enumeration_of_the_schema_is_held_to() -> None:
    """The nearest value is offered."""
    wrong = sample(action={"malware": {"variety": ["Ransomwear"], "vector": ["Unknown"]}})
    with pytest.raises(VerisRefused, match=r'action.malware.variety\[0\]: "Ransomwear" can\'t be; one of Ransomware'):
        read(wrong, checked=veris.schema(SCHEMA))
    assert read(sample(), checked=veris.schema(SCHEMA)), "our own sample is as it should be"
