"""The register's pages: the list and its CSV, forms that come back, and who may press what."""

from __future__ import annotations

import csv
import io
import re

import pytest

from isms_workflow.domain.systems import Draft
from isms_workflow.engine import register
from isms_workflow.engine.commands import systems as commands
from isms_workflow.portal import lists
from tests.engine.test_steps import done
from tests.portal.visitor import House

HEAD = "name,owner,confidentiality,integrity,availability,data,description\n"
CRM = "CRM,ravi@example.org,Medium,medium,low,personal; internal,Customers\n"
NAMES = re.compile(r'<td class="name"><a href="/systems/[^"]*">([^<]*)</a>')


def told(house: House, **changes: str) -> dict[str, str]:
    """The form for a CRM, filled in."""
    return {"name": "CRM", "owner": house.world.ids["ravi"], "confidentiality": "medium", "integrity": "medium",
            "availability": "low", "data": "personal", "description": "", **changes}


def registered(house: House) -> list[str]:
    """The names in use."""
    with house.world.store.read() as conn:
        return [each.name for each in register.in_use(conn)]


def test_an_empty_register_teaches(house: House) -> None:
    """What would stand there, and who puts it there."""
    said = house.visitor("gil").read("/systems")
    assert "No systems. The register lists what your organisation runs" in said.replace("</strong>", "")


def test_the_isms_manager_adds_a_system_by_a_form(house: House) -> None:
    """And lands on its page, which has its history."""
    maria = house.visitor("maria")
    answer = maria.send("/systems", "/systems", **told(house))
    assert answer.status_code == 303
    said = maria.read(answer.headers["location"])
    for words in ("CRM", "in use", "Ravi Singh", "about people who can be identified", "put it in the register, for Ravi Singh"):
        assert words in said


@pytest.mark.parametrize(("who", "shown", "refused"), [
    ("maria", ("change", "retire"), ()), ("ben", ("change",), ("retire",)), ("dana", (), ("change", "retire")),
    ("alex", (), ("change", "retire")), ("olga", (), ("change", "retire")), ("gil", (), ("change", "retire"))])
def test_what_isn_t_one_s_own_to_change_has_no_form(house: House, who: str, shown: tuple[str, ...],
                                                   refused: tuple[str, ...]) -> None:
    """Everybody reads; the address refuses whoever has no form, and it stands in the access log."""
    page, visitor = f"/systems/{house.world.system('erp')}", house.visitor(who)
    said = visitor.read(page)
    assert "Orders, invoices and payroll" in said
    assert [e for e in ("change", "retire") if f'action="{page}/{e}"' in said] == list(shown)
    for event in refused:
        assert visitor.send(f"{page}/{event}", **told(house), reason="x").status_code == 403
    assert [each for each in house.attempts() if each[2] == "DENIED"] == [
        (who, f"write {page}/{event}", "DENIED") for event in refused]


def test_the_list_is_sorted_by_link(house: House) -> None:
    """By level, not by letter; the link of the column that it is sorted by turns it round."""
    house.world.system("erp")
    gil = house.visitor("gil")
    assert NAMES.findall(gil.read("/systems")) == ["ERP", "File store", "Mail", "Public website"]
    assert NAMES.findall(gil.read("/systems?sort=confidentiality")) == ["Public website", "Mail", "ERP", "File store"]
    turned = gil.read("/systems?sort=-confidentiality")
    assert NAMES.findall(turned)[-1] == "Public website"
    assert 'aria-sort="descending"><a href="?sort=confidentiality">' in turned
    assert 'aria-sort="ascending"' in gil.read("/systems?sort=nonsense&after=nothing&show=x")


def test_the_list_is_filtered_and_retired_systems_stand_apart(house: House) -> None:
    """By name, description or owner; and the filter stays in the links."""
    done(house.world, commands.retire, "maria", house.world.system("mail"), "moved", None)
    gil = house.visitor("gil")
    assert NAMES.findall(gil.read("/systems?q=PAYROLL")) == ["ERP"]
    assert NAMES.findall(gil.read("/systems?q=ines")) == ["Public website"]
    assert 'href="?sort=owner&q=ines"' in gil.read("/systems?q=ines")
    assert NAMES.findall(gil.read("/systems?show=retired")) == ["Mail"]
    assert "No system fits" in gil.read("/systems?q=nothing")
    page = gil.read(f"/systems/{house.world.system('mail')}")
    assert ("retired it" in page, "moved" in page) == (True, True)


def test_a_long_list_goes_on_where_its_page_ended(house: House) -> None:
    """Each once, in order, also between equals."""
    for n in range(60):
        done(house.world, commands.add, "maria", Draft(f"System {n:02}", house.world.ids["ben"], "low", "low", "low", frozenset({"none"})))
    gil, found, where = house.visitor("gil"), [], "?sort=-integrity"
    while where:
        said = gil.read(f"/systems{where}")
        found += NAMES.findall(said)
        onward = re.search(r'<a href="([^"]*)" rel="next">Next', said)
        where = onward.group(1) if onward else ""
    assert sorted(found) == [f"System {n:02}" for n in range(60)]


def test_a_download_holds_exactly_what_is_seen(house: House) -> None:
    """In its order, under its filter; no cell of it is a formula to a spreadsheet."""
    house.world.system("erp")
    done(house.world, commands.change, "maria", house.world.system("mail"), {"name": "=1+1", "description": "@SUM(A1)"}, None)
    answer = house.visitor("gil").get("/systems.csv?sort=-availability&q=m")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''systems.csv"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["name"], row["owner"], row["data"], row["description"]) for row in rows] == [
        ("'=1+1", "Maria Okafor", "internal;personal", "'@SUM(A1)"),
        ("ERP", "Ben Ito", "internal;personal;payment", "Orders, invoices and payroll; hosted by its maker.")]


REFUSED = {
    "no name": ({"name": ""}, "add-name"), "a name that is taken": ({"name": "erp"}, "add-name"),
    "nobody": ({"owner": ""}, "add-owner"), "no level": ({"integrity": ""}, "add-integrity"),
    "no data": ({"data": ""}, "add-data"), "a book": ({"description": "x" * 2001}, "add-description"),
}


@pytest.mark.parametrize(("changes", "field"), REFUSED.values(), ids=REFUSED)
def test_a_form_that_is_refused_comes_back_as_it_was_typed(house: House, changes: dict[str, str], field: str) -> None:
    """With a summary that leads to the field."""
    house.world.system("erp")
    fields = told(house, **{"description": "what I typed", **changes})
    answer = house.visitor("maria").send("/systems", "/systems", **fields)
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True), answer.text
    assert fields["description"] in answer.text
    assert "CRM" not in registered(house)


def test_a_stale_change_shows_both(house: House) -> None:
    """Its owner was quicker than the ISMS manager; people by name, not by id."""
    page, maria, ben = f"/systems/{house.world.system('erp')}", house.visitor("maria"), house.visitor("ben")
    hidden = dict(maria.hidden(page, f"{page}/change"))
    same = told(house, name="ERP", data="payment")
    assert ben.send(f"{page}/change", page, **{**same, "owner": house.world.ids["ben"], "integrity": "low"}).status_code == 303
    answer = maria.client.post(f"{page}/change", data={**hidden, **same, "integrity": "high"})
    assert answer.status_code == 409
    for yours, now in (("high", "low"), ("Ravi Singh", "Ben Ito"), ("payment", "payment")):
        assert f'data-label="Yours">{yours}</td><td data-label="Now">{now}' in answer.text
    assert "Last of all Ben Ito changed confidentiality from high to medium; integrity from high to low;" in answer.text


def test_the_history_says_what_a_system_was(house: House) -> None:
    """From what to what, people by name."""
    page, maria = f"/systems/{house.world.system('erp')}", house.visitor("maria")
    maria.send(f"{page}/change", page, **told(house, name="ERP", integrity="low"))
    said = maria.read(page)
    assert "integrity from high to low" in said
    assert "owner from Ben Ito to Ravi Singh" in said


def test_a_system_is_retired_with_a_reason(house: House) -> None:
    """Without one the form comes back."""
    page, maria = f"/systems/{house.world.system('erp')}", house.visitor("maria")
    refused = maria.send(f"{page}/retire", page, reason=" ")
    assert (refused.status_code, 'href="#retire-reason"' in refused.text) == (422, True)
    assert maria.send(f"{page}/retire", page, reason="replaced").status_code == 303
    assert "ERP" not in registered(house)
    assert f'action="{page}/' not in maria.read(page)


LISTS = {
    "too few columns": (HEAD + CRM + "Wiki,ben@example.org,low\n", "line 3: Wiki, ben@example.org, low"),
    "a level that is none": (CRM + "Wiki,ben@example.org,low,huge,low,internal\n", "line 2: Wiki"),
    "an address that nobody has": (CRM + "\nWiki,zoe@example.org,low,low,low,internal\n", "line 3: Wiki"),
    "a name twice": (CRM + CRM.upper(), "line 2: CRM"),
    "data of no known kind": (HEAD + "Wiki,ben@example.org,low,low,low,gossip\n", "line 2: Wiki"),
    "a quote that never ends": (CRM + '"Wiki', "quote"),
    "nothing": (HEAD, "a line for each system"),
    "a text that no database can hold": (CRM.replace("Customers", "a\0b"), "U+0000"),
}


@pytest.mark.parametrize(("text", "said"), LISTS.values(), ids=LISTS)
def test_a_list_is_refused_whole_with_its_line(house: House, text: str, said: str) -> None:
    """Field and line are named, and nothing of it is taken."""
    answer = house.visitor("maria").send("/systems/csv", "/systems", files={"file": ("systems.csv", text.encode())})
    assert (answer.status_code, said in answer.text, 'href="#csv-file"' in answer.text) == (422, True, True), answer.text
    assert registered(house) == []


def test_a_list_fills_the_register(house: House) -> None:
    """Kinds in any order, levels in any letters, the description left out; a spreadsheet's mark at the start."""
    text = "\ufeff" + HEAD + CRM + "Wiki,BEN@example.org,low,low,HIGH,none\n"
    maria = house.visitor("maria")
    assert maria.send("/systems/csv", "/systems", files={"file": ("systems.csv", text.encode())}).status_code == 303
    assert "2 systems are in the register now." in maria.read("/systems")
    assert registered(house) == ["CRM", "Wiki"]


def test_a_downloaded_list_reads_back(house: House) -> None:
    """Its columns are those that an import takes; the owners need their addresses."""
    text = lists.written(lists.SYSTEMS, [("CRM", "ravi@example.org", "low", "low", "low", "personal;internal", "a, \"b\"\nc")])
    (line,) = lists.systems(text, "file")
    assert line.draft == Draft("CRM", "ravi@example.org", "low", "low", "low", frozenset({"personal", "internal"}), 'a, "b"\nc')
