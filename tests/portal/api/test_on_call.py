"""Who is on call, for programs: the same rules as in the portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from isms_workflow.domain.times import iso
from tests.portal.api.conftest import Programs


def body(call: Programs, who: str = "ravi", **changes: Any) -> dict[str, Any]:
    """A cover from now on, for a quarter of an hour."""
    return {"rotation": "first_line", "person": call.world.ids[who], "starts_at": iso(call.world.now),
            "ends_at": iso(call.world.now + timedelta(minutes=15)), "reason": "a swap", **changes}


def first(call: Programs) -> tuple[str, str | None, str | None]:
    """Who is on call now, whose turn it is if somebody covers, and by which cover."""
    (rotation,) = call.get("gil", "/on-call")["items"]
    shift = rotation["shifts"][0]
    return call.world.name_of(shift["person"]), shift["instead_of"], shift["override"]


def test_a_program_covers_and_gives_it_back(both_call: Programs) -> None:
    """The calendar shows both sides; the same key again makes no second cover."""
    call = both_call
    assert first(call) == ("ben", None, None)
    made = call.write("ravi", "/on-call/overrides", body(call), key="k1")
    assert (made.status_code, call.write("ravi", "/on-call/overrides", body(call), key="k1").json()) == (201, made.json())
    override = made.json()["at"].rsplit("/", 1)[1]
    assert first(call) == ("ravi", call.world.ids["ben"], override)
    assert call.write("ravi", f"/on-call/overrides/{override}", method="DELETE").status_code == 204
    assert first(call) == ("ben", None, None)


def test_a_cover_months_ahead_is_listed_until_it_is_given_back(call: Programs) -> None:
    """Behind the last shift that is shown, too: whoever ends it needs its id."""
    starts, ends = (call.world.now + timedelta(days=days) for days in (200, 201))
    made = call.write("ravi", "/on-call/overrides", body(call, starts_at=iso(starts), ends_at=iso(ends)))
    (rotation,) = call.get("gil", "/on-call")["items"]
    (cover,) = rotation["covers"]
    assert (cover["id"], call.world.name_of(cover["person"])) == (made.json()["at"].rsplit("/", 1)[1], "ravi")
    assert cover["id"] not in {each["override"] for each in rotation["shifts"]}
    call.write("ravi", f"/on-call/overrides/{cover['id']}", method="DELETE")
    assert call.get("gil", "/on-call")["items"][0]["covers"] == []


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "whoever takes no turns": ("ines", {}, 403, "not-yours"),
    "one of them for another": ("ben", {}, 422, "wrong"),
    "an unknown rotation": ("ravi", {"rotation": "second_line"}, 404, "unknown"),
    "a local time": ("ravi", {"starts_at": "2026-01-05T09:00:00"}, 422, "unreadable"),
    "a cover in two years": ("ravi", {"starts_at": "2028-01-05T09:00:00Z", "ends_at": "2028-01-06T09:00:00Z"}, 422, "wrong"),
    "no reason": ("ravi", {"reason": " "}, 422, "reason-needed"),
}


@pytest.mark.parametrize(("who", "changes", "status", "word"), REFUSED.values(), ids=REFUSED)
def test_the_rules_hold(call: Programs, who: str, changes: dict[str, Any], status: int, word: str) -> None:
    """Each a problem document of its sort."""
    answer = call.write(who, "/on-call/overrides", body(call, **changes))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1].rsplit(":", 1)[-1]) == (status, word)


def test_a_program_sets_the_order_of_turns(call: Programs) -> None:
    """Everybody who takes turns, each once."""
    (rotation,) = call.get("maria", "/on-call")["items"]
    (row,) = rotation["rows"]
    new = list(reversed(row["people"]))
    assert call.write("maria", "/on-call/order", {"row": row["id"], "people": new}, method="PUT").status_code == 200
    assert call.get("maria", "/on-call")["items"][0]["rows"][0]["people"] == new
    assert call.write("maria", "/on-call/order", {"row": row["id"], "people": new[:1]}, method="PUT").status_code == 422
