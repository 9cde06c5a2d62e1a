"""The page on which somebody says how they want to be told."""

from __future__ import annotations

import pytest

from isms_workflow.settings import Settings
from tests.portal.visitor import House, Visitor

PAGE = "/notifications"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings name two ways, one of them Ravi's own."""
    return Settings.model_validate({**dict(settings), "ways": {
        "chat": {"url": "slack://a/b/c"}, "phone": {"url": "https://example.org/x", "people": ["ravi@example.org"]}}})


def add(visitor: Visitor, **fields: str) -> int:
    """A rule is added by the form."""
    return visitor.send(f"{PAGE}/add", PAGE, **{"channel": "mail", "delay": "0", "what": "all", **fields}).status_code


def test_who_chose_nothing_reads_what_holds_and_what_there_is(house: House) -> None:
    """The page is reached from one's own; a way that is somebody else's isn't offered."""
    ben = house.visitor("ben")
    assert f'href="{PAGE}"' in ben.read(f"/people/{house.world.ids['ben']}")
    said = ben.read(PAGE)
    assert "You are told by mail, at once, of everything" in said
    assert "Beside mail you may choose chat." in said
    assert "phone" in house.visitor("ravi").read(PAGE)


def test_rules_come_and_go(house: House) -> None:
    """Without a script: a form adds, a button removes."""
    ben = house.visitor("ben")
    assert add(ben, channel="chat", delay="10", what="escalations") == 303
    said = ben.read(PAGE)
    assert "after 10 minutes" in said
    assert "escalations and whatever is critical" in said
    assert ben.send(f"{PAGE}/remove", PAGE).status_code == 303
    assert "You are told by mail, at once" in ben.read(PAGE)


@pytest.mark.parametrize(("fields", "said"), [
    ({"channel": "phone"}, "one of mail, chat"), ({"delay": "1441"}, "0 to 1440"), ({"delay": "soon"}, "a whole number"),
    ({"what": "critical"}, "an escalation reaches you"), ({"what": "nothing"}, "one of all"),
])
def test_what_cannot_be_comes_back_as_it_was_typed(house: House, fields: dict[str, str], said: str) -> None:
    """And says what would be right."""
    ben = house.visitor("ben")
    answer = ben.send(f"{PAGE}/add", PAGE, **{"channel": "mail", "delay": "7", "what": "all", **fields})
    assert (answer.status_code, said in answer.text, 'role="alert"' in answer.text) == (422, True, True)


def test_quiet_hours_are_set_and_ended(house: House) -> None:
    """Both hours, or neither."""
    ben = house.visitor("ben")
    assert ben.send(f"{PAGE}/quiet", PAGE, quiet_from="22:00", quiet_until="7:00").status_code == 303
    assert "22:00 to 07:00, UTC" in ben.read(PAGE)
    assert ben.send(f"{PAGE}/quiet", PAGE, quiet_from="22:00", quiet_until="").status_code == 422
    assert "hours and minutes" in ben.send(f"{PAGE}/quiet", PAGE, quiet_from="ten", quiet_until="7:00").text
    assert ben.send(f"{PAGE}/quiet", PAGE, quiet_from="", quiet_until="").status_code == 303
    assert "You have none" in ben.read(PAGE)


def test_whoever_only_reads_has_no_form(house: House) -> None:
    """And is refused if they send one all the same."""
    olga = house.visitor("olga")
    assert "/notifications/add" not in olga.read(PAGE).replace('action="/notifications/add"', "")
    assert olga.send(f"{PAGE}/quiet", quiet_from="22:00", quiet_until="07:00").status_code == 403
