"""Every promise in prose that can be checked is: commands, targets, paths, settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isms_workflow import cli
from isms_workflow.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "bench" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?:`|^)isms ([a-z-]+)(?: ([a-z-]+))?", re.MULTILINE)
TARGET = re.compile(r"(?:`|^)make ([a-z]+)\b", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
SETTING = re.compile(r"\bISMS_([A-Z_]+)\b")
NO_SETTINGS = {"TEST_POSTGRES", "REQUIRE_SERVICES", "SCREENSHOTS", "DIE_AT"}
"""Variables of tests."""


def said(pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
    """What the pages say that matches, each once."""
    found = {match if isinstance(match, tuple) else (match,) for page in PAGES for match in pattern.findall(page.read_text())}
    return sorted(found)


def usage(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `isms … --help` prints."""
    assert cli.run([*words, "--help"]) == 0
    return capsys.readouterr().out


def test_every_command_that_the_pages_name_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """`isms x y` is in the help of `isms x`, or `x` takes no commands of its own."""
    top = usage(capsys)
    for name, more in said(COMMAND):
        assert re.search(rf"\b{name}\b", top), f"isms {name}"
        if more:
            inside = usage(capsys, name)
            assert re.search(rf"\b{more}\b", inside) or "Commands" not in inside, f"isms {name} {more}"


def test_every_make_target_that_the_pages_name_exists() -> None:
    """As written there."""
    makefile = (ROOT / "Makefile").read_text()
    for (name,) in said(TARGET):
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), f"make {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_links_is_there(page: Path) -> None:
    """Pictures and pages alike."""
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_every_setting_that_the_pages_name_exists() -> None:
    """As the environment variable that sets it."""
    known = {name.upper() for name in Settings.model_fields} | NO_SETTINGS
    assert {name for (name,) in said(SETTING)} <= known
