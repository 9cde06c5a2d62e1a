"""`isms sources`: what reports by itself, made and ended beside the database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from isms_workflow.connectors import signatures
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.tables import sources
from tests.engine.incidents import have_systems
from tests.shell import Shell
from tests.world import World, found


@pytest.fixture
def world(store: Store) -> World:
    """The cast in office on the database that the shell speaks to."""
    return found(store)


def test_a_webhook_is_made_listed_and_revoked(world: World, shell: Shell, settings: Settings) -> None:
    """Its address and its secret are printed once."""
    assert "Nothing reports by itself yet" in shell.ok("sources list")
    have_systems(world)
    said = shell.ok("sources", "add", "Shop monitoring", "--kind", "webhook", "--category", "outage", "--system", "web shop")
    with world.store.read() as conn:
        row = conn.execute(select(sources)).one()
    assert f"/hooks/{row.id}" in said
    assert signatures.secret(signatures.key(settings), row.id) in said
    assert len(row.systems) == 1
    listed = shell.ok("sources list")
    assert "Shop monitoring" in listed
    assert "whsec_" not in listed
    shell.ok("sources", "revoke", "Shop monitoring")
    assert "No source in use" in shell.refused("sources", "revoke", "Shop monitoring")


def test_a_mailbox_is_a_folder_that_a_setting_names(world: World, shell: Shell) -> None:
    """There is no secret to it."""
    said = shell.ok("sources", "add", "Mailbox", "--kind", "maildir", "--category", "other")
    assert "ISMS_REPORT_MAILDIR" in said
    assert "ISMS_REPORT_IMAP" in shell.ok("sources", "add", "Fetched", "--kind", "imap", "--category", "other")
    assert "there is one mailbox of this kind" in shell.refused("sources", "add", "Another", "--kind", "maildir", "--category", "other")


def test_a_system_that_there_isn_t_is_named(world: World, shell: Shell) -> None:
    """And nothing is made."""
    said = shell.refused("sources", "add", "x", "--kind", "webhook", "--category", "other", "--system", "Atlantis")
    assert "'Atlantis' can't be" in said
