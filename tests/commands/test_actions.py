"""`isms actions`: what the operator sees and opens."""

from __future__ import annotations

from contextlib import closing

from isms_workflow.settings import Settings
from isms_workflow.store.database import open_store
from tests.shell import Shell
from tests.world import found


def test_the_operator_opens_and_sees_them(database_url: str, settings: Settings, shell: Shell) -> None:
    """Beside the database, as the operator; the owner by their mail address."""
    with closing(open_store(database_url)) as store:
        found(store)
    assert "None was opened yet" in shell.ok("actions list")
    assert "CAP-2026-0001 is open." in shell.ok("actions open", "Restores were never tried", "--owner", "ben@example.org")
    assert "Restores were never tried" in shell.ok("actions list")
    said = shell.ok("actions show CAP-2026-0001")
    for each in ("is correcting, round 1", "Ben Ito", "waits for step correction", "Check whether it is effective"):
        assert each in said
    assert "None is overdue." in shell.ok("actions list --overdue")
    assert "give the mail address of somebody" in shell.refused("actions open", "Restores", "--owner", "nobody@example.org")
