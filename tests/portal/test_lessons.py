"""What incidents teach, at the portal: written on the incident's page, decided on, printed, and applied by the cycle's step."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from isms_workflow.store.tables import cases
from tests.engine.incidents import respond
from tests.engine.lessons import add, closed, decline, in_act, learning, small_cycle
from tests.portal.incidents import FIRST, act, label, main_of
from tests.portal.visitor import House
from tests.world import World


@pytest.fixture
def learned(house: House) -> House:
    """An incident that was dealt with; Ben owes its lessons."""
    learning(house.world)
    label(house, "internal")
    return house


def test_lessons_are_written_on_the_incident_s_page(learned: House) -> None:
    """By forms that need no script; five whys stand under each other, and what is written is read by everybody who sees it."""
    ben = learned.visitor("ben")
    assert act(ben, "add-event", at="2026-01-05T07:30", text="The vendor called") == 303
    assert act(ben, "add-note", sort="well", text="The phones worked") == 303
    assert act(ben, "add-note", sort="improve", text="Alerts came late") == 303
    assert act(ben, "add-cause", text="Nobody watches the log") == 303
    why = next(each.id for s in learned.world.view().steps for each in s.lessons if each.sort == "cause")
    assert act(ben, "add-cause", text="It is nobody's duty", parent=why) == 303
    assert "<strong>you</strong></span> add: The vendor called" in main_of(ben, FIRST)
    page = main_of(learned.visitor("ines"), FIRST)
    timeline = page.split("<h3>Timeline</h3>")[1]
    assert timeline.index("opened INC-2026-0001") < timeline.index("reported an incident")  # of one instant: as it was recorded
    for said in ("adds: The vendor called", "The phones worked", "Alerts came late", "↳ It is nobody's duty <strong>root cause</strong>"):
        assert said in page
    assert f"/incidents/{learned.world.case}/add-note" not in page
    assert "5 entries" not in main_of(ben, f"/steps/{learned.world.step('account').id}")
    assert "3 entries count as well" in main_of(ben, f"/steps/{learned.world.step('account').id}")


REFUSED = {
    "without words": ("add-note", {"sort": "well", "text": " "}, "add-note-text"),
    "of neither sort": ("add-note", {"text": "x"}, "add-note-sort"),
    "an event of no time": ("add-event", {"text": "x", "at": "noon"}, "add-event-at"),
    "an event of tomorrow": ("add-event", {"text": "x", "at": "2026-01-07T08:00"}, "add-event-at"),
}


@pytest.mark.parametrize(("event", "fields", "field"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_comes_back_as_it_was_typed(learned: House, event: str, fields: dict[str, str], field: str) -> None:
    """With a summary that leads to the field."""
    answer = learned.visitor("ben").send(f"/incidents/{learned.world.case}/{event}", FIRST, **fields)
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)


def test_an_action_item_is_taken_up_or_declined(learned: House) -> None:
    """In one step each; the action stands on the incident's page, and the incident on the action's."""
    ben, world = learned.visitor("ben"), learned.world
    first, second = add(world, "item", "Watch the log"), add(world, "item", "Buy another tool")
    url = f"/incidents/{world.case}/lessons"
    answer = ben.send(f"{url}/{first}/take-up", FIRST, owner="", gravity="minor")
    assert (answer.status_code, f'href="#take-up-{first}-owner"' in answer.text) == (422, True)
    assert ben.send(f"{url}/{first}/take-up", FIRST, owner=world.ids["ravi"], gravity="minor").status_code == 303
    assert ben.send(f"{url}/{second}/decline", FIRST, reason="It costs more than it saves").status_code == 303
    page = main_of(ben, FIRST)
    assert all(said in page for said in ("CAP-2026-0001", "corrective action", "It costs more than it saves", "declined"))
    assert "INC-2026-0001" in main_of(ben, "/actions/CAP-2026-0001")
    assert ben.send(f"{url}/{first}/dance", reason="x").status_code == 404
    assert ben.send(f"/incidents/{world.case}/withdraw-entry", entry=world.ids["ben"], reason="x").status_code == 404


def test_what_the_gate_decides_on_and_what_is_printed_shows_the_lessons(learned: House) -> None:
    """Whoever approves reads all that they approve; so does whoever files it."""
    world = learned.world
    add(world, "improve", "Alerts came late")
    world.complete_phase("lessons_learned")
    gate = main_of(learned.visitor("maria"), f"/gates/{world.gate('lessons_learned').id}")
    printed = main_of(learned.visitor("olga"), f"{FIRST}/document")
    for page in (gate, printed):
        assert "Alerts came late" in page
        assert "add-note" not in page


NOT_YET = "An action item is neither a corrective action nor declined; decide on it first."


def test_a_step_isn_t_offered_as_complete_while_an_item_is_undecided(learned: House) -> None:
    """The button is absent, with the rule's own reason; so is the gate's for an item that was added since."""
    world, ben, maria = learned.world, learned.visitor("ben"), learned.visitor("maria")
    item = add(world, "item", "Watch the log")
    for key in ("account", "root_cause"):
        world.complete(key, "ben")
    step = f"/steps/{world.step('improvements').id}"
    assert (NOT_YET in ben.read(step), f'action="{step}/complete"' in ben.read(step)) == (True, False)
    decline(world, item)
    assert ben.send(f"{step}/complete", step).status_code == 303
    gate = f"/gates/{world.gate('lessons_learned').id}"
    assert f'formaction="{gate}/approve"' in maria.read(gate)
    late = add(world, "item", "Buy another tool")
    assert (NOT_YET in maria.read(gate), f'formaction="{gate}/approve"' in maria.read(gate)) == (True, False)
    decline(world, late)
    assert maria.send(f"{gate}/approve", gate).status_code == 303


def test_what_counts_beside_files_is_said(learned: House) -> None:
    """From the beginning, by the step's page and its refusal; the gate counts entries too."""
    world, ben = learned.world, learned.visitor("ben")
    step = f"/steps/{world.step('account').id}"
    for said in ("It carries 0 of 1 files of evidence or entries (the account", "at least 1 file, or entry on the incident's page: the account"):
        assert said in ben.read(step)
    assert "file, or entry" not in ben.read(f"/steps/{world.step('contain').id}")
    add(world, "event", "The vendor called", at=world.now)
    assert ben.send(f"{step}/complete", step).status_code == 303
    for key in ("root_cause", "improvements"):
        world.complete(key, "ben")
    gate = learned.visitor("maria").read(f"/gates/{world.gate('lessons_learned').id}")
    assert "3 steps, 2 files, 1 entry" in gate
    assert "<small>none</small>" not in gate


def test_an_action_of_a_restricted_incident_is_restricted(house: House) -> None:
    """It inherits the label: nobody else reads of it, nor where it comes from."""
    world = house.world
    learning(world)
    label(house, "restricted")
    item = add(world, "item", "Change the rota")
    ben = house.visitor("ben")
    assert ben.send(f"/incidents/{world.case}/lessons/{item}/take-up", owner=world.ids["ines"], gravity="minor").status_code == 303
    page = main_of(house.visitor("ines"), "/actions/CAP-2026-0001")
    assert ("Change the rota" in page, "a case that isn’t shown to you" in page, "INC-2026-0001" in page) == (True, True, False)
    assert house.visitor("alex").get("/actions/CAP-2026-0001").status_code == 404


def act_phase(world: World) -> str:
    """A cycle in ACT; the address of its step that applies what was learned."""
    return f"/steps/{in_act(small_cycle(world))}"


def test_the_cycle_s_step_lists_what_was_learned(house: House) -> None:
    """For each an action is named or opened, or it is declined; then it can be declared complete."""
    world = house.world
    first, second = closed(world, "Alerts came late", item="Watch the log"), closed(world, "The room was locked")
    label(house, "internal")
    step = act_phase(world)
    maria = house.visitor("maria")
    page = main_of(maria, step)
    assert all(said in page for said in ("Alerts came late", "The room was locked", "Watch the log", "INC-2026-0002"))
    world.evidence("lessons", "maria")
    left = "2 lessons of INC-2026-0001, INC-2026-0002 wait"
    assert f"not possible now. {left}" in maria.read(step).replace("</strong>", "")
    answer = maria.send(f"{step}/complete", version=str(world.step("lessons").version))
    assert (answer.status_code, left in answer.text) == (422, True)
    url = f"{step}/lessons/{first}/name"
    answer = maria.client.post(url, data={**dict(maria.hidden(step, url)), "action": "CAP-2026-0099"})
    assert (answer.status_code, f'href="#name-{first}-action"' in answer.text) == (422, True)
    assert maria.client.post(url, data={**dict(maria.hidden(step, url)), "action": "CAP-2026-0001"}).status_code == 303
    assert maria.send(f"{step}/lessons/{second}/decline", step, reason="The locks are gone").status_code == 303
    assert maria.send(f"{step}/complete", step).status_code == 303
    page = main_of(maria, step)
    assert all(said in page for said in ("Alerts came late", "CAP-2026-0001", "The locks are gone"))
    assert "/lessons/" not in page


def test_the_cycle_s_step_shows_nobody_what_isn_t_theirs_to_see(house: House) -> None:
    """A restricted incident's lessons stand there for its people alone."""
    closed(house.world, "Alerts came late")
    step = act_phase(house.world)
    with house.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.kind == "incident").values(label="restricted"))
    assert "Alerts came late" in main_of(house.visitor("maria"), step)
    page = main_of(house.visitor("ines"), step)
    assert ("Alerts came late" in page, "Nothing yet." in page) == (False, True)


def test_whoever_responds_adds_what_is_to_change_to_a_lesser_incident(reported: House) -> None:
    """It has no lessons of its own; the form is there all the same."""
    respond(reported.world, "ben")
    assert f"/incidents/{reported.world.case}/add-item" in main_of(reported.visitor("ben"), FIRST)
    assert f"/incidents/{reported.world.case}/add-item" not in main_of(reported.visitor("ines"), FIRST)
