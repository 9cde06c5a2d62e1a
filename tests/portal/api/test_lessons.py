"""What incidents teach, for programs."""

from __future__ import annotations

from tests.engine.lessons import closed, in_act, learning, small_cycle
from tests.portal.api.conftest import Programs


def test_entries_are_added_taken_up_declined_and_withdrawn(call: Programs) -> None:
    """By whoever answers incidents; answered with all that counts."""
    learning(call.world)
    url, ids = f"/incidents/{call.world.view().case.reference}/lessons", call.world.ids
    assert call.write("ines", url, {"sort": "well", "text": "x"}).status_code in (403, 404)
    for body in ({"sort": "event", "text": "The vendor called", "at": "2026-01-05T07:30:00Z"}, {"sort": "item", "text": "Watch the log"},
                 {"sort": "item", "text": "Buy a tool"}):
        said = call.write("ben", url, body)
        assert said.status_code == 201, said.text
    _, first, second = (each["id"] for each in said.json())
    assert call.write("ben", url, {"sort": "event", "text": "x"}).status_code == 422
    taken = call.write("ben", f"{url}/{first}/take-up", {"owner": ids["ravi"], "gravity": "minor", "title": "Logs"}).json()
    assert [each["answer"] for each in taken] == [None, "action", None]
    assert call.get("ravi", f"/actions/{taken[1]['action']}")["title"] == "Logs"
    assert call.write("ben", f"{url}/{second}/decline", {"reason": "too dear"}).json()[2]["answer"] == "declined"
    left = call.write("ben", f"{url}/{taken[0]['id']}/withdraw", {"reason": "another day"}).json()
    assert [each["id"] for each in left] == [first, second] == [each["id"] for each in call.get("ben", url)]
    assert call.write("ben", f"{url}/{ids['ben']}/withdraw", {"reason": "x"}).status_code == 404


def test_the_cycle_s_step_is_answered(call: Programs) -> None:
    """What waits, and what is made of it."""
    world = call.world
    first, second = closed(world, "Alerts came late", item="Watch the log"), closed(world, "The room was locked")
    url = f"/steps/{in_act(small_cycle(world))}/lessons"
    assert [each["id"] for each in call.get("maria", url)] == [first, second]
    both = {"action": "CAP-2026-0001", "becomes": {"owner": world.ids["ben"], "gravity": "minor"}}
    assert call.write("maria", f"{url}/{first}", both).status_code == 422
    assert [each["id"] for each in call.write("maria", f"{url}/{first}", {"action": "CAP-2026-0001"}).json()] == [second]
    assert call.write("maria", f"{url}/{second}", {"becomes": both["becomes"]}).json() == []
