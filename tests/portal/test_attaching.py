"""Files that are attached to an incident later: by whom, from which page, and what a refused one leaves."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from isms_workflow.domain.rules.attachments import AT_ONCE, MOST
from isms_workflow.engine.commands import incidents
from isms_workflow.store.files import MIB
from tests.engine.incidents import do
from tests.portal.incidents import FIRST, label, main_of
from tests.portal.test_attachments import SCREEN, kept
from tests.portal.visitor import House, Visitor

REPORT = f"{FIRST}/report"
LOG = ("log.txt", b"a line", "text/plain")
PAGES = {"the incident's": FIRST, "the report's": REPORT}


def attach(visitor: Visitor, *files: tuple[str, bytes, str], page: str = FIRST) -> httpx.Response:
    """The form on that page, with these files."""
    return visitor.send(f"{page}/files", page, files=[("files", each) for each in files])


def link(house: House, *files: tuple[str, bytes, str], who: str, address: str = f"{FIRST}/files") -> httpx.Response:
    """The same, sent to its address by somebody whose page may have no such form."""
    return house.visitor(who).send(address, files=[("files", each) for each in files or (SCREEN,)])


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_whoever_reported_attaches_files_later(reported: House, page: str) -> None:
    """Guests, too, on either page; they are led back to it, and whoever sees the incident finds them there."""
    gil = reported.visitor("gil")
    assert "No files yet." in main_of(gil, page)
    answer = attach(gil, SCREEN, LOG, page=page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}#files")
    assert "2 files are attached." in gil.read(page)
    assert all(name in main_of(gil, page) for name in ("screen.png", "log.txt"))
    names = re.findall(r'href="/evidence/[^"]+/file" download>([^<]+)', main_of(reported.visitor("ben"), FIRST))
    assert names == ["screen.png", "log.txt"]


@pytest.mark.parametrize("who", ["ben", "maria", "alex", "ines", "olga"])
def test_nobody_else_has_the_form(reported: House, who: str) -> None:
    """They read who attaches files, and where theirs belong; its address refuses them, and no file is kept."""
    page = main_of(reported.visitor(who), FIRST)
    assert "No files. None came with the report. Whoever made it can attach some; what the response finds is added to its steps." in (
        re.sub(r"<[^>]+>", "", page))
    assert 'name="files"' not in page
    answer = link(reported, who=who)
    assert (answer.status_code, "whoever reported it" in answer.text, kept(reported)) == (403, True, (1, 0))


@pytest.mark.parametrize(("name", "status"), [("confidential", 403), ("restricted", 404)])
def test_what_is_hidden_is_refused_as_its_page_is(reported: House, name: str, status: int) -> None:
    """Whoever reported it attaches files all the same, to their report."""
    label(reported, name)
    assert {link(reported, who="ines", address=f"{page}/files").status_code for page in PAGES.values()} == {status}
    assert attach(reported.visitor("gil"), SCREEN, page=REPORT).status_code == 303


REFUSED: dict[str, tuple[list[tuple[str, bytes, str]], str]] = {
    "none at all": ([("", b"", "application/octet-stream")], "Files: '' can't be; choose one or more to attach"),
    "an empty one": ([SCREEN, ("empty.txt", b"", "text/plain")], "Files: 'empty.txt' can't be; it is empty"),
    "one of 100 MB": ([SCREEN, ("dump.bin", b"x" * 100_000_000, "application/octet-stream")],
                      "Files: 'dump.bin' can't be; it is larger than 25 MiB, the most that evidence_max_mib allows: leave it out"),
    "eleven": ([SCREEN] * 11, "Files: '11 files' can't be; at most 10 at once"),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize(("files", "says"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_can_t_be_taken_comes_back_to_its_page(reported: House, files: list[Any], says: str, page: str) -> None:
    """The summary leads to the field, whose form stands open; none of the files is attached."""
    gil = reported.visitor("gil")
    answer = attach(gil, *files, page=page)
    text = answer.text.replace("&#39;", "'")
    assert answer.status_code == 422, text
    assert f'href="#attach-files">{says}' in text
    assert '<details class="action" open>' in text
    assert "What you reported" in text or page == FIRST
    assert "No files yet." in main_of(gil, page)


def test_an_incident_takes_no_more_than_it_can_hold(reported: House) -> None:
    """The last few are asked for by their number; then the form says why there is none, and nothing more is kept."""
    gil = reported.visitor("gil")
    for batch in range(MOST // AT_ONCE - 1):
        attach(gil, *(("note.txt", bytes([batch, n]), "text/plain") for n in range(AT_ONCE)))
    attach(gil, *(("note.txt", bytes([9, n]), "text/plain") for n in range(AT_ONCE - 1)))
    assert "up to 1, each up to 25 MiB" in gil.read(FIRST)
    before = kept(reported)
    assert attach(gil, SCREEN, LOG).status_code == 422
    assert kept(reported) == before
    attach(gil, LOG)
    assert "It has 50 files, the most that an incident takes" in gil.read(FIRST)
    assert link(reported, who="gil").status_code == 422


def test_after_its_end_nothing_is_attached(reported: House) -> None:
    """What came before stays; the form is gone."""
    gil = reported.visitor("gil")
    attach(gil, SCREEN)
    do(reported.world, incidents.dismiss, "ben", None, "a prank")
    for page in PAGES.values():
        assert ("screen.png" in main_of(gil, page), 'name="files"' in main_of(gil, page)) == (True, False)
    assert link(reported, who="gil").status_code == 409


def test_what_is_read_to_the_end_has_an_end(reported: House) -> None:
    """Only these forms are; another page's stops at what a file may have."""
    assert link(reported, ("dump.bin", b"x" * (27 * MIB), "text/plain"), who="gil", address=f"{FIRST}/acknowledge").status_code == 413
