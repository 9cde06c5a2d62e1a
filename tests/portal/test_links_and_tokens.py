"""API tokens and links on a person's page: made by the person alone, shown once, ended at once."""

from __future__ import annotations

import re

import pytest

from isms_workflow.domain.people import Actor
from isms_workflow.engine.accounts import invitations
from tests.portal.visitor import House, Visitor

ASKED = {"name": "nightly export", "scopes": ["read"], "ends": "2026-06-30"}


def page_of(house: House, name: str) -> str:
    """The path of somebody's page."""
    return f"/people/{house.world.ids[name]}"


def make(who: Visitor, whose: str, **asked: object) -> tuple[int, str]:
    """The status, and the token that is shown."""
    path = page_of(who.house, whose)
    answer = who.send(f"{path}/token", **{**ASKED, **asked})
    found = re.search(r"<pre>(isms_[\w-]+)</pre>", answer.text)
    return answer.status_code, found.group(1) if found else ""


def calls(house: House, token: str) -> int:
    """The API's answer to a look with this token."""
    return house.visitor().client.get("/api/v1/cycles", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_of_one_s_own_is_shown_once_and_works(planning: House) -> None:
    """Afterwards the page has its name and scopes, never itself."""
    maria = planning.visitor("maria")
    status, token = make(maria, "maria")
    assert (status, calls(planning, token)) == (200, 200)
    page = maria.read(page_of(planning, "maria"))
    assert ("API token: nightly export (read)" in page, token in page) == (True, False)


def test_a_token_is_made_by_nobody_else(planning: House) -> None:
    """Not even an administrator: it could decide in that person's name."""
    assert make(planning.visitor("alex"), "maria") == (403, "")


WRONG = {"a scope that the role doesn't back": {"scopes": ["admin"]}, "no scope": {"scopes": []}, "no end": {"ends": ""},
         "an end that is none": {"ends": "9999-12-31"}, "too long": {"ends": "2027-06-30"}, "no name": {"name": " "}}


@pytest.mark.parametrize("asked", WRONG.values(), ids=WRONG)
def test_a_token_is_narrow_and_ends(planning: House, asked: dict[str, object]) -> None:
    """Scopes that the role has, within 366 days, for something that is said."""
    assert make(planning.visitor("maria"), "maria", **asked) == (422, "")


@pytest.mark.parametrize(("who", "status"), [("maria", 401), ("alex", 401), ("ben", 200)])
def test_a_token_is_ended_by_its_person_or_an_administrator(planning: House, who: str, status: int) -> None:
    """At once; others are refused, and don't see it."""
    _, token = make(planning.visitor("maria"), "maria")
    visitor, path = planning.visitor(who), page_of(planning, "maria")
    own = planning.visitor("maria").get(path).text
    (found,) = re.findall(r'name="token" value="([^"]+)"', own)
    assert ("nightly export (read)" in visitor.read(path)) is (who != "ben")
    visitor.send(f"{path}/end-token", token=found)
    assert calls(planning, token) == status


def test_an_invitation_that_wasn_t_used_is_withdrawn(house: House) -> None:
    """By an administrator; the link opens nothing then, and the page says so."""
    with house.world.store.write() as tx:
        made = invitations.invite(tx, house.world.ids["gil"], "link", house.url, Actor("operator", "cli"), house.world.now)
    path = page_of(house, "gil")
    assert house.visitor("maria").send(f"{path}/withdraw", link=made.id).status_code == 403
    alex = house.visitor("alex")
    assert alex.send(f"{path}/withdraw", path).status_code == 303
    assert house.visitor().get(str(made.url).removeprefix(house.url)).status_code == 410
    assert "withdrawn" in alex.read(path)
