"""`isms systems`: the register, for whoever has a shell beside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from isms_workflow import cli
from isms_workflow.store.database import Store
from tests.shell import Shell
from tests.world import World, found

LIST = """name,owner,confidentiality,integrity,availability,data
ERP,ben@example.org,high,high,high,internal;payment
Wiki,ines@example.org,low,low,low,none
"""


@pytest.fixture
def world(store: Store, shell: Shell) -> World:
    """The cast in office, on the database that the shell speaks to."""
    return found(store)


def test_a_list_of_systems_is_imported_and_shown(world: World, shell: Shell, tmp_path: Path) -> None:
    """By the operator; each owner is told."""
    assert "No system is in the register" in shell.ok("systems list")
    file = tmp_path / "systems.csv"
    file.write_text(LIST)
    assert "2 systems are in the register now." in shell.ok("systems import", str(file))
    assert "ERP   Ben Ito     high             high       high          internal, payment" in shell.ok("systems list")
    assert sorted(world.mails("system_reassigned")) == [("system_reassigned", "ben"), ("system_reassigned", "ines")]


def test_a_list_with_a_bad_line_changes_nothing(world: World, shell: Shell, tmp_path: Path) -> None:
    """The line is named; so is a file that isn't there."""
    file = tmp_path / "systems.csv"
    file.write_text(LIST.replace("Wiki,ines", "Wiki,zoe"))
    assert "line 3: Wiki" in shell.refused("systems import", str(file))
    assert "No system is in the register" in shell.ok("systems list")
    assert "No such file" in shell.refused("systems import", str(tmp_path / "nothing.csv"))


@pytest.mark.parametrize("verb", ["add", "change", "retire"])
def test_what_a_person_decides_has_no_command(verb: str) -> None:
    """The operator is nobody's owner, and no ISMS manager."""
    assert cli.run(["systems", verb]) == 2
