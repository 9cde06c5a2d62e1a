"""Files on the form of a report: who sends them, who sees them, and what a refused one leaves of the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from isms_workflow.engine import reading
from isms_workflow.portal import incident_paper
from isms_workflow.store.files import MIB
from isms_workflow.store.tables import evidence, incidents
from tests.engine.incidents import have_systems
from tests.portal.incidents import FIRST, label, main_of
from tests.portal.visitor import House, Visitor
from tests.world import CAST

FORM = "/incidents/report"
SAID = {"title": "A strange mail", "category": "social_engineering", "description": "It asks for passwords."}
SCREEN = ("screen.png", b"\x89PNG of a screen", "image/png")


def send(visitor: Visitor, *files: tuple[str, bytes, str], **typed: Any) -> httpx.Response:
    """The form, filled in, with these files."""
    return visitor.send(FORM, FORM, files=[("files", each) for each in files], **{**SAID, **typed})


def kept(house: House) -> tuple[int, int]:
    """How many incidents there are, and how many files lie where evidence does."""
    folder = Path(house.app.state.portal.files.folder)
    with house.world.store.read() as conn:
        reports = int(conn.execute(select(func.count()).select_from(incidents)).scalar_one())
    return reports, sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else 0


@pytest.mark.parametrize("who", CAST)
def test_whoever_reports_sends_files_with_it(house: House, who: str) -> None:
    """Guests, too. The page of the report names them, to whoever sent them; the incident's leads whoever sees it to them."""
    visitor, ben = house.visitor(who), house.visitor("ben")
    answer = send(visitor, SCREEN, ("log.txt", b"a line", "text/plain"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{FIRST}/report")
    own = main_of(visitor, f"{FIRST}/report")
    assert ("screen.png" in own, "log.txt" in own, "/evidence/" in own) == (True, True, False)
    links = re.findall(r'href="(/evidence/[^"]+/file)" download>([^<]+)', main_of(ben, FIRST))
    assert [name for _, name in links] == ["screen.png", "log.txt"]
    sent = ben.get(links[0][0])
    assert (sent.content, sent.headers["content-type"]) == (SCREEN[1], "application/octet-stream")
    assert sent.headers["content-disposition"].startswith("attachment;")


def test_a_form_without_files_reports_as_before(house: House) -> None:
    """A browser sends an empty part for none."""
    assert send(house.visitor("gil"), ("", b"", "application/octet-stream")).status_code == 303
    assert kept(house) == (1, 0)


@pytest.mark.parametrize("name", ["internal", "confidential", "restricted"])
def test_they_are_shown_as_their_incident_is(house: House, name: str) -> None:
    """By the incident's label, to whoever may see the incident; its reporter learns no more than they said."""
    send(house.visitor("gil"), SCREEN)
    label(house, name)
    with house.world.store.read() as conn:
        item = conn.execute(select(evidence.c.id)).scalar_one()
    hidden = {"internal": 200, "confidential": 403, "restricted": 404}[name]
    assert {who: house.visitor(who).get(f"/evidence/{item}/file").status_code for who in ("ben", "ines", "gil")} == {
        "ben": 200, "ines": hidden, "gil": hidden}
    assert ("screen.png" in house.visitor("ines").read("/evidence")) == (name == "internal")


def test_a_file_takes_the_incident_s_own_label(house: House) -> None:
    """Whatever the rules of the programme give the incident; its reporter isn't told which."""
    have_systems(house.world)
    gil = house.visitor("gil")
    systems = re.findall(r'name="systems" value="([^"]+)">\s*<label[^>]*>Customer records', gil.read(FORM))
    send(gil, SCREEN, category="data_breach", systems=systems)
    with house.world.store.read() as conn:
        assert conn.execute(select(evidence.c.label)).scalar_one() == "confidential"
    own = main_of(gil, f"{FIRST}/report")
    assert ("screen.png" in own, "confidential" in own) == (True, False)


def test_lists_document_and_paper_name_them(house: House) -> None:
    """Where all evidence stands; the history says who added it."""
    send(house.visitor("gil"), SCREEN)
    ben = house.visitor("ben")
    assert f'href="{FIRST}#files">The report' in ben.read("/evidence")
    assert "screen.png" in ben.read(f"{FIRST}/document")
    assert "added evidence" in ben.read(FIRST)
    with house.world.store.read() as conn:
        case = conn.execute(select(incidents.c.case_id)).scalar_one()
        paper = incident_paper.read(conn, reading.view(conn, case, house.world.now), lambda _: True, lambda _: True)
    assert any("screen.png" in str(block) for block in paper.blocks)


REFUSED: dict[str, tuple[list[tuple[str, bytes, str]], str]] = {
    "an empty one": ([SCREEN, ("empty.txt", b"", "text/plain")], "Files: 'empty.txt' can't be; it is empty"),
    "one over the limit": ([("dump.bin", b"x" * (25 * MIB + 1), "application/octet-stream")],
                           "Files: 'dump.bin' can't be; it is larger than 25 MiB"),
    "one of 100 MB": ([SCREEN, ("dump.bin", b"x" * 100_000_000, "application/octet-stream")],
                      ("Files: 'dump.bin' can't be; it is larger than 25 MiB, the most that evidence_max_mib allows: "
                       "leave it out, or choose another")),
    "eleven": ([SCREEN] * 11, "Files: '11 files' can't be; at most 10 at once"),
    "one with an endless name": ([("x" * 201, b"x", "text/plain")], f"Files: '{'x' * 40}' can't be; a name of 1 to 200"),
}


@pytest.mark.parametrize(("files", "says"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_can_t_be_taken_loses_nothing_of_the_report(house: House, files: list[tuple[str, bytes, str]], says: str) -> None:
    """The form comes back as it was typed; the summary names the field and what to do, and leads there. Nothing is reported yet."""
    gil = house.visitor("gil")
    answer = send(gil, *files, exercise="yes")
    page = answer.text.replace("&#39;", "'")
    assert answer.status_code == 422, page
    assert f'href="#report-files">{says}' in page
    for typed in ('value="A strange mail"', "It asks for passwords.", 'value="social_engineering" selected', "Choose them again"):
        assert typed in page, typed
    assert kept(house)[0] == 0
    assert send(gil).status_code == 303, "without the file it is a report"


def test_a_report_that_is_refused_keeps_no_file(house: House) -> None:
    """What is wrong with it is found before its files are kept."""
    assert send(house.visitor("gil"), SCREEN, category="").status_code == 422
    assert kept(house) == (0, 0)


def test_whoever_isn_t_signed_in_leaves_no_file_and_reads_what_they_typed(house: House) -> None:
    """As when a session ended while they wrote."""
    answer = house.visitor().client.post(FORM, data={**SAID, "csrf": "x"}, files=[("files", SCREEN)])
    assert (answer.status_code, "It asks for passwords." in answer.text) == (401, True)
    assert kept(house) == (0, 0)


def test_what_is_typed_has_a_bound_of_its_own(house: House) -> None:
    """However much a form with files may hold."""
    answer = send(house.visitor("gil"), SCREEN, description="x" * (MIB + 1))
    assert (answer.status_code, kept(house)) == (413, (0, 0))
