"""What bad input gets: a clear message that names line or field, and nothing half done."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from isms_workflow.portal.founding import newcomers
from isms_workflow.settings import Settings
from isms_workflow.store.tables import people
from tests.portal.visitor import House

KNOWN = ("risk_owner", "control_owner")
EVA = "Eva,eva@example.org,user,\n"
LISTS = {
    "an address that somebody has": (f"{EVA}Ben,BEN@example.org,user,\n", "line 2: ben@example.org"),
    "an address that is none": (f"{EVA}\nEve,eve @example.org,user,\n", "line 3: eve @example.org"),
    "no name": (f"\n\n{EVA},eve@example.org,user,\n", "line 4: eve@example.org"),
    "a role that can't own steps": (f"{EVA}Olaf,olaf@example.org,auditor,risk_owner\n", "line 2: olaf@example.org"),
    "a quote that never ends": (f'{EVA}"Eve,eve@example.org,user,\n{EVA}', "quote"),
    "nobody": ("name,email,role,responsibilities\n", "a line for each person"),
    "more than a list of people": (EVA + "\n" * 1024 * 1024 + "No address\n", "at most 1 MiB"),
}


@pytest.mark.parametrize(("text", "said"), LISTS.values(), ids=LISTS)
def test_a_list_of_people_is_refused_whole_with_its_line(house: House, text: str, said: str) -> None:
    """Whatever is wrong with it, also what only the database knows: the line is named, and nobody is invited."""
    alex = house.visitor("alex")
    with house.world.store.read() as conn:
        before = conn.execute(select(func.count()).select_from(people)).scalar_one()
    answer = alex.send("/people/csv", "/people", files={"file": ("people.csv", text.encode())})
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    with house.world.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(people)).scalar_one() == before


def test_a_list_s_lines_are_counted_as_an_editor_counts_them() -> None:
    """Empty lines at the start and a name over two lines count too."""
    found = newcomers(f'\n\n{EVA}"Ben\nIto",b@example.org,,risk_owner;risk_owner\n', KNOWN)
    assert [(each.name, each.line, each.responsibilities) for each in found] == [
        ("Eva", 3, ()), ("Ben\nIto", 5, ("risk_owner",))]


NAMES = {"with folders": ("../../etc/scope.pdf", "scope.pdf"), "with Windows' folders": ("C:\\isms\\scope.pdf", "scope.pdf"),
         "not ASCII": ("Geltungsbereich für “alle”.pdf", "Geltungsbereich für “alle”.pdf")}


@pytest.mark.parametrize(("told", "kept"), NAMES.values(), ids=NAMES)
def test_a_file_keeps_its_own_name_only(planning: House, told: str, kept: str) -> None:
    """Folders of the computer that it came from are none of it, nor of where it is saved."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    assert maria.send(f"{page}/evidence", page, files={"file": (told, b"x")}, label="internal").status_code == 303
    assert kept in maria.read(page)
    header = maria.get(f"/evidence/{planning.world.step('scope').evidence[0].id}/file").headers["content-disposition"]
    assert header.startswith("attachment; filename*=UTF-8''")
    assert not {"/", "\\", '"'} & set(header.partition("''")[2])


@pytest.mark.parametrize("name", ["x" * 201, "exe\u202efdp.scr", "..", "a/"])
def test_a_file_whose_name_isn_t_what_it_seems_is_refused(planning: House, name: str) -> None:
    """Too long, turned round by an unseen sign, or none at all; nothing is kept."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    answer = maria.send(f"{page}/evidence", page, files={"file": (name, b"x")}, label="internal")
    assert (answer.status_code, planning.world.step("scope").evidence) == (422, ())


@pytest.mark.parametrize("who", ["ravi", "gil"])
def test_a_file_from_whoever_has_no_part_in_the_step_isn_t_kept(planning: House, settings: Settings, who: str) -> None:
    """Nor does it take room on the disk."""
    visitor, page = planning.visitor(who), f"/steps/{planning.world.step('scope').id}"
    answer = visitor.send(f"{page}/evidence", files={"file": ("scope.pdf", b"x")}, label="internal")
    assert answer.status_code == 403
    assert not [path for path in settings.evidence_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", ["/audit?from=99999999999999999999999", "/audit?from=x", "/audit/access?before=x"])
def test_an_address_that_somebody_made_up_is_no_failure(planning: House, path: str) -> None:
    """It shows the newest."""
    assert planning.visitor("olga").get(path).status_code == 200


@pytest.mark.parametrize("path", ["/steps/%00", "/cases?q=%00", "/api/v1/steps/%00"])
def test_an_address_that_no_database_can_look_up_is_refused(planning: House, path: str) -> None:
    """Before it is looked up."""
    assert planning.visitor("maria").get(path).status_code == 400


def test_text_that_no_database_can_hold_is_refused(planning: House) -> None:
    """In a form, its names and its values."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    for fields in ({"text": "a\0b"}, {"text": "a", "x\0": "b"}):
        assert maria.send(f"{page}/comments", page, **fields).status_code == 422
    assert planning.world.step("scope").comments == ()
