"""`isms obligations`: what runs, and how each instant was computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.database import open_store
from tests.conftest import NewDatabase
from tests.engine.incidents import report
from tests.engine.obligations import BREACH, answer, date
from tests.shell import Shell
from tests.world import World, found


@pytest.fixture
def world(new_sqlite: NewDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The cast in office, under the programme as it is shipped, on the database that the shell speaks to."""
    url = new_sqlite()
    monkeypatch.setenv("ISMS_DATABASE_URL", url)
    with closing(open_store(url)) as store:
        made = found(store, programme=parse(shipped()))
        report(made)
        yield made


def test_it_lists_what_runs_and_explains_each_instant(world: World, shell: Shell) -> None:
    """Nothing before the answers; then each with both instants, and the paragraph of each step of the count."""
    assert "No report runs" in shell.ok("obligations list")
    assert "unanswered: Were personal data" in shell.ok("obligations explain INC-2026-0001")
    answer(world, BREACH)
    date(world, "aware", world.now)
    assert "gdpr.notification" in shell.ok("obligations list")
    said = shell.ok("obligations explain INC-2026-0001")
    for words in ("GDPR, Art. 33(1)", "72 hours from then", "Art. 3(1)", "act by", "latest lawful", "don't apply; --every says why"):
        assert words in said
    assert "cert_in.report" in shell.ok("obligations explain INC-2026-0001 --every")


@pytest.mark.usefixtures("world")
def test_a_draft_is_printed_or_written(shell: Shell, tmp_path: Path) -> None:
    """As Markdown, or as a PDF file; of an obligation that there is."""
    said = shell.ok("obligations draft INC-2026-0001 gdpr.notification")
    assert said.startswith("# Notification")
    assert "Someone reads our mails" in said
    file = tmp_path / "draft.pdf"
    assert str(file) in shell.ok(f"obligations draft INC-2026-0001 gdpr.notification --pdf {file}")
    assert file.read_bytes().startswith(b"%PDF-")
    assert "gdpr.nothing" in shell.refused("obligations draft INC-2026-0001 gdpr.nothing")


@pytest.mark.usefixtures("world")
def test_an_incident_that_isnt_there(shell: Shell) -> None:
    """Is refused by its name."""
    assert shell("obligations explain INC-2026-0099") == 1
    assert "INC-2026-0099" in shell.complained
