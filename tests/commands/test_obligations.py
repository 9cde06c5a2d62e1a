"""`isms obligations`: what runs, and how each instant was computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from isms_workflow.commands import obligations
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.database import open_store
from tests.conftest import NewDatabase
from tests.counting import counted
from tests.engine.incidents import do, report
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


def test_what_is_late_is_said_to_be_and_by_how_much(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the incident's page does: against the safe instant, and against the act's."""
    answer(world, BREACH)
    date(world, "aware", world.now)
    monkeypatch.setattr(obligations, "utc_now", lambda: world.now + timedelta(hours=72, minutes=13))
    assert re.findall(r"gdpr.notification +(.+?) UTC(.*?)  +(.+?) UTC(.*?)  ", shell.ok("obligations list")) == [
        ("2026-01-08 08:00", ", 13 minutes late", "2026-01-08 09:00", "")]
    assert "the latest lawful instant has passed" not in shell.ok("obligations explain INC-2026-0001")
    monkeypatch.setattr(obligations, "utc_now", lambda: world.now + timedelta(hours=73, minutes=13))
    assert "2026-01-08 09:00 UTC, 13 minutes late" in shell.ok("obligations list")
    said = shell.ok("obligations explain INC-2026-0001")
    assert said.count("  13 minutes late: the latest lawful instant has passed, and it is owed all the same") == 1


def test_of_one_that_was_dismissed_nobody_is_asked(world: World, shell: Shell) -> None:
    """And that is said in the place of the questions."""
    do(world, incidents.dismiss, "ben", None, "a test of the alarm")
    said = shell.ok("obligations explain INC-2026-0001")
    assert ("nobody is asked" in said, "\nunanswered: " in said) == (True, False)


def test_the_list_asks_no_question_for_each_report(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor for each incident: of many it asks as often as of one."""
    monkeypatch.setattr(obligations, "reading", world.store.read)

    def asked(more: int) -> tuple[int, int]:
        for _ in range(more):
            report(world)
            answer(world, BREACH)
            date(world, "aware", world.now)
        obligations.list_()
        capsys.readouterr()
        with counted(world.store) as statements:
            obligations.list_()
        return capsys.readouterr().out.count("gdpr.notification"), len(statements)

    count, few = asked(1)
    assert (count, asked(7)) == (1, (8, few))


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


def test_it_names_the_facts_that_a_relief_depends_on(new_sqlite: NewDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch,
                                                     shell: Shell) -> None:
    """Beside what is owed, until they are answered."""
    url, name, asked = new_sqlite(), "obligations/organisation.yaml", "unanswered, and not owed: Is the organisation a credit institution?"
    monkeypatch.setenv("ISMS_DATABASE_URL", url)
    with closing(open_store(url)) as store:
        world = found(store, programme=parse({**shipped(), name: shipped()[name].replace("dora: no", "dora: yes")}))
        report(world)
        assert asked in shell.ok("obligations explain INC-2026-0001")
        answer(world, {"organisation.credit_institution": False})
    assert asked not in shell.ok("obligations explain INC-2026-0001")


def test_it_explains_what_put_a_report_off(new_sqlite: NewDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch, shell: Shell) -> None:
    """By which article, from where it is counted, and until when."""
    url, name = new_sqlite(), "obligations/organisation.yaml"
    monkeypatch.setenv("ISMS_DATABASE_URL", url)
    with closing(open_store(url)) as store:
        world = found(store, programme=parse({**shipped(), name: shipped()[name].replace("sec: no", "sec: yes")}))
        report(world)
        answer(world, {"sec.may_be_material": True})
        date(world, "determined", world.now)
        date(world, "delay_allowed", world.now, "maria", "a letter", "sec.item_1_05", world.now + timedelta(days=30))
    said = shell.ok("obligations explain INC-2026-0001")
    for words in ("was allowed, or asked for, in writing 2026-01-05 03:00:01 EST (08:00:01 UTC) (Item 1.05(c)):", "at most 30 days from",
                  "put off until 2026-02-04 03:00:01 EST"):
        assert words in said
