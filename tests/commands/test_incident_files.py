"""`isms incidents import` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.shell import Shell
from tests.veris import sample
from tests.world import World, found


@pytest.fixture
def world(store: Store, settings: Settings, shell: Shell) -> World:
    """The cast in office on the database that the shell speaks to."""
    return found(store)


def test_files_come_and_go(world: World, shell: Shell, tmp_path: Path) -> None:
    """Many at once; again, they are there already; what comes out is what went in."""
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(sample()))
    two.write_text(json.dumps(sample(incident_id="b", schema_version="1.2")))
    assert "--lenient" in shell.refused("incidents import", str(one), str(two))
    said = shell.ok("incidents import", str(one), str(two), "--lenient")
    assert "one.json: INC-2026-0001\ntwo.json: INC-2026-0002\n  not as the schema has it" in said
    assert "one.json: is INC-2026-0001 already" in shell.ok("incidents import", str(one))
    one.write_text(json.dumps(sample(summary="It was worse.")))
    assert "already\n  it differs from what was imported before, and was not taken: summary" in shell.ok("incidents import", str(one))
    assert json.loads(shell.ok("incidents export INC-2026-0001 --veris")) == sample()
    assert len(json.loads(shell.ok("incidents export --veris"))) == 2
    assert "INC-2026-0001 is closed" in shell.ok("incidents show INC-2026-0001")
    assert "name it: --veris" in shell.refused("incidents export")


def test_open_ones_are_reported_now(world: World, shell: Shell, tmp_path: Path) -> None:
    """With `--open`."""
    (tmp_path / "a.json").write_text(json.dumps(sample()))
    shell.ok("incidents import", str(tmp_path / "a.json"), "--open")
    assert "INC-2026-0001 is reported" in shell.ok("incidents show INC-2026-0001")
    assert "Errno" not in shell.refused("incidents import", str(tmp_path / "none.json"))


def test_an_incident_is_written_to_a_pdf(world: World, shell: Shell, tmp_path: Path) -> None:
    """For the operator with everything in it; what is no incident is refused."""
    report(world)
    assert "INC-2026-0001: Someone reads our mails is in" in shell.ok(
        "incidents document INC-2026-0001 --pdf", str(tmp_path / "a.pdf"))
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert "No case" in shell.refused("incidents document INC-2026-0002 --pdf", str(tmp_path / "b.pdf"))


def test_statistics_are_said(world: World, shell: Shell) -> None:
    """A line for each month and severity; nothing to count is said so."""
    assert "Nothing to count yet" in shell.ok("incidents statistics")
    report(world)
    said = shell.ok("incidents statistics")
    assert said.splitlines()[1].split()[:6] == ["2026-01", "high", "1", "0", "-", "-"]
