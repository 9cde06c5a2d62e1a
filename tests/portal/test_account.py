"""Signing in, links, sessions: an administrator never sees or sets a password, and nothing happens on GET."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from isms_workflow.domain.people import Actor
from isms_workflow.engine.accounts import invitations
from isms_workflow.engine.commands import people
from isms_workflow.store.tables import people as table
from tests.portal.visitor import PASSWORD, House


def link(house: House, name: str) -> str:
    """An invitation that was handed over; its path."""
    with house.world.store.write() as tx:
        made = invitations.invite(tx, house.world.ids[name], "link", house.url, Actor("operator", "cli"), house.world.now)
    assert made.url
    return made.url.removeprefix(house.url)


def sign_in(house: House, email: str, password: str = PASSWORD) -> tuple[int, str]:
    """The answer to a sign-in: its status, and what the page says."""
    answer = house.visitor().send("/login", email=email, password=password, next="/")
    return answer.status_code, answer.text


def test_the_right_password_signs_in(house: House) -> None:
    """And leads to where one wanted to go."""
    house.give_password("maria")
    maria = house.visitor()
    answer = maria.send("/login", email="maria@example.org", password=PASSWORD, next="/cycle")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cycle")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(house: House) -> None:
    """Nobody learns who has an account."""
    house.give_password("maria")
    wrong, unknown = sign_in(house, "maria@example.org", "wrong"), sign_in(house, "nobody@example.org", "wrong")
    said = [text.split('role="alert"', 1)[1].split("</div>", 1)[0] for _, text in (wrong, unknown)]
    assert wrong[0] == unknown[0] == 401
    assert said[0] == said[1]


def test_guessing_is_slowed_down(house: House) -> None:
    """After some failures even the right password has to wait."""
    house.give_password("maria")
    for _ in range(12):
        sign_in(house, "maria@example.org", "wrong")
    assert sign_in(house, "maria@example.org")[0] == 429
    house.world.sim.now += timedelta(hours=2)
    assert sign_in(house, "maria@example.org")[0] == 303


THROTTLED = {"signing in": ("/login", {"password": "wrong", "next": "/"}), "asking for a link": ("/reset", {})}


@pytest.mark.parametrize(("path", "typed"), THROTTLED.values(), ids=THROTTLED)
def test_whoever_tries_too_often_is_told_when_to_try_again(house: House, path: str, typed: dict[str, str]) -> None:
    """For people in a sentence, for programs in a header, as the API does; then the next attempt is looked at."""
    def attempt() -> httpx.Response:
        return house.visitor().send(path, email="maria@example.org", **typed)

    *_, refused = (attempt() for _ in range(6))
    assert (refused.status_code, refused.headers["retry-after"], "in 1 second" in refused.text) == (429, "1", True)
    house.world.sim.now += timedelta(seconds=1)
    again = attempt()
    assert (again.status_code == 429, "retry-after" in again.headers) == (False, False)


def test_signing_out_ends_the_session_on_the_server(house: House) -> None:
    """The cookie alone is worth nothing any more."""
    maria = house.visitor("maria")
    token = maria.client.cookies["isms_session"]
    assert maria.send("/logout").headers["location"] == "/login"
    again = house.visitor()
    again.client.cookies.set("isms_session", token)
    assert again.get("/").status_code == 303


def test_an_invitation_works_once(house: House) -> None:
    """It sets the password and signs in; then it is spent, and says what next."""
    path, gil = link(house, "gil"), house.visitor()
    assert "Gil Moreau" in gil.read(path)
    assert gil.send(path, path, password=PASSWORD).status_code == 303
    spent = house.visitor().get(path)
    assert (spent.status_code, "Ask an administrator for a new one" in spent.text) == (410, True)
    assert sign_in(house, "gil@example.org")[0] == 303


def test_an_invitation_expires(house: House) -> None:
    """A mailbox that is opened a year later opens nothing."""
    path = link(house, "gil")
    house.world.sim.now += timedelta(days=30)
    late = house.visitor().get(path)
    assert (late.status_code, "has expired" in late.text) == (410, True)


def test_nothing_happens_on_get(house: House) -> None:
    """Mail scanners open links: neither an invitation nor a gate is moved by looking."""
    path = link(house, "gil")
    for _ in range(3):
        house.visitor().get(path)
    assert "Gil Moreau" in house.visitor().read(path)
    assert house.visitor("maria").get("/logout").status_code in (404, 405)


def test_a_reset_says_the_same_to_everybody(house: House) -> None:
    """Whether or not somebody has this address."""
    answers = {house.visitor().send("/reset", email=f"{who}@example.org").text.split("<main", 1)[1].split("</main>")[0]
               for who in ("maria", "nobody")}
    assert len(answers) == 1


def test_a_weak_password_is_refused_with_what_would_be_right(house: House) -> None:
    """The link stays good."""
    path, gil = link(house, "gil"), house.visitor()
    answer = gil.send(path, path, password="short")
    assert (answer.status_code, "12 characters" in answer.text) == (422, True)
    assert gil.send(path, path, password=PASSWORD).status_code == 303


def test_deactivating_somebody_ends_their_sessions_at_once(house: House) -> None:
    """The next click leads to the sign-in page."""
    gil = house.visitor("gil")
    assert gil.get("/").status_code == 200
    with house.world.sim.write() as (tx, when):
        people.deactivate(tx, house.world.ids["gil"], house.world.actor("alex"), when)
    assert gil.get("/").headers["location"].startswith("/login")


def test_an_administrator_never_sees_or_sets_a_password(house: House) -> None:
    """There is no such field on anybody's page, and no hash in it."""
    house.give_password("gil")
    page = house.visitor("alex").read(f"/people/{house.world.ids['gil']}")
    with house.world.store.read() as conn:
        kept = conn.execute(select(table.c.password).where(table.c.id == house.world.ids["gil"])).scalar_one()
    assert 'type="password"' not in page
    assert kept not in page


@pytest.mark.parametrize("path", ["/", "/cycle", "/cases", "/evidence", "/audit", "/people", "/programme", "/system"])
def test_whoever_isn_t_signed_in_is_led_there_and_back(house: House, path: str) -> None:
    """Deny by default."""
    answer = house.visitor().get(path)
    assert (answer.status_code, answer.headers["location"].split("=")[0]) == (303, "/login?next")
