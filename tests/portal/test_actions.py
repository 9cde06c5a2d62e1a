"""Corrective actions at the portal: opened, listed, judged, decided on, and shown to those who may see them."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from isms_workflow.engine import programmes
from isms_workflow.engine.commands import corrective
from isms_workflow.portal.action_view import checked
from isms_workflow.programme.corrective import Gravity
from isms_workflow.programme.load import kept, parse, shipped
from isms_workflow.store.tables import cases
from tests.engine.actions import asked, current, done, open_action, planned, referred
from tests.engine.incidents import do, report
from tests.portal.incidents import main_of
from tests.portal.visitor import House, Visitor
from tests.world import OPERATOR

FIRST = "/actions/CAP-2026-0001"


@pytest.fixture
def opened(house: House) -> House:
    """Maria has opened an action that Ben owns."""
    open_action(house.world)
    return house


def act(visitor: Visitor, event: str, **fields: str) -> int:
    """The form of that name on the action's page is sent; what was answered."""
    return visitor.send(f"/actions/{visitor.house.world.case}/{event}", FIRST, **fields).status_code


def test_an_empty_list_teaches(house: House) -> None:
    """Whoever may open one is led there; whoever may not reads what it is for."""
    assert 'href="/actions/new"' in main_of(house.visitor("maria"), "/actions")
    page = main_of(house.visitor("gil"), "/actions")
    assert ("No corrective actions." in page, 'href="/actions/new"' in page) == (True, False)


def test_one_is_opened_by_hand(house: House) -> None:
    """In a minute; its owner finds it in My work, and its page says what comes next."""
    maria, ids = house.visitor("maria"), house.world.ids
    answer = maria.send("/actions/new", "/actions/new", title="Restores were never tried", gravity="minor", owner=ids["ben"])
    assert (answer.status_code, answer.headers["location"]) == (303, FIRST)
    page = main_of(maria, FIRST)
    assert all(said in page for said in ("Restores were never tried", "Correct what is wrong now", "Ben Ito", "opened by hand"))
    assert "Correct what is wrong now" in main_of(house.visitor("ben"), "/")
    assert "Restores were never tried" in main_of(maria, "/cases")
    assert maria.get("/cases/CAP-2026-0001").headers["location"] == FIRST


REFUSED = {"without words": ({"title": ""}, "open-title"), "without an owner": ({"owner": ""}, "open-owner"),
           "of no gravity": ({"gravity": "odd"}, "open-gravity")}


@pytest.mark.parametrize(("typed", "field"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_comes_back_as_it_was_typed(house: House, typed: dict[str, str], field: str) -> None:
    """Nothing is lost, and the summary leads to the field."""
    said = {"title": "Restores", "gravity": "minor", "owner": house.world.ids["ben"], "description": "Nobody tried.", **typed}
    answer = house.visitor("maria").send("/actions/new", "/actions/new", **said)
    assert (answer.status_code, "Nobody tried." in answer.text, f'href="#{field}"' in answer.text) == (422, True, True)


def test_whoever_may_not_open_one_is_told_what_it_takes(house: House) -> None:
    """By the page, and by the command; roles that only look have no right at all."""
    ravi = house.visitor("ravi")
    assert ("It takes one of these responsibilities: Compliance officer, ISMS manager, Internal auditor, Process owner, Top management."
            in main_of(ravi, "/actions/new"))
    said = {"title": "Restores", "gravity": "minor", "owner": house.world.ids["ben"]}
    assert ravi.send("/actions/new", **said).status_code == 403
    assert house.visitor("olga").send("/actions/new", **said).status_code == 403


def test_a_programme_without_them_says_what_to_do(house: House) -> None:
    """Not an error without a way on."""
    texts = {name: text for name, text in shipped().items() if name != "corrective_action.yaml"}
    with house.world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, house.world.when())
    maria = house.visitor("maria")
    assert "corrective_action.yaml" in main_of(maria, "/actions/new")
    assert "No corrective actions." in main_of(maria, "/actions")


def test_the_list_finds_what_is_overdue_and_whose_it_is(opened: House) -> None:
    """Filters in the address; the CSV is exactly what is seen."""
    world = opened.world
    world.advance(days=20)
    maria = opened.visitor("maria")
    open_action(world, owner="ravi", title="Doors stand open")
    for query, found in (("state=overdue", {"Restores"}), (f"owner={world.ids['ravi']}", {"Doors"}), ("state=open", {"Restores", "Doors"}),
                         ("state=effective", set())):
        page = main_of(maria, f"/actions?{query}")
        assert {each for each in ("Restores", "Doors") if each in page} == found
        assert ("No corrective action fits." in page) is not bool(found)
    lines = maria.get("/actions.csv?state=overdue").text.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["CAP-2026-0001"]


def test_a_referral_past_its_time_is_overdue(opened: House) -> None:
    """Five working days to say how it goes on; the list says how late it is, and no other list of what is overdue differs."""
    world = opened.world
    referred(world)
    world.advance(days=4)
    maria = opened.visitor("maria")
    assert "Restores" not in main_of(maria, "/actions?state=overdue")
    assert "in " in main_of(maria, "/actions?state=referred").split("<tbody", 1)[1]
    world.advance(days=5)
    maria = opened.visitor("maria")
    assert "late" in main_of(maria, "/actions?state=overdue").split("<tbody", 1)[1]
    assert "1 corrective action is overdue" in main_of(opened.visitor("dana"), "/")
    do(world, corrective.accept, "dana", None, "the rest is small")
    assert "Restores" not in main_of(maria, "/actions?state=overdue")


def test_management_sees_how_many_are_overdue(opened: House) -> None:
    """On the first screen, with a link to just these; nobody else does."""
    opened.world.advance(days=20)
    said = {who: "1 corrective action is overdue" in main_of(opened.visitor(who), "/") for who in ("dana", "maria", "ben")}
    assert said == {"dana": True, "maria": True, "ben": False}


def test_the_check_is_judged_on_its_page(opened: House) -> None:
    """By whoever owes it, once it carries evidence; the owner reads why not."""
    asked(opened.world)
    ines = opened.visitor("ines")
    step = f"/steps/{opened.world.step('check').id}"
    assert "The check carries 0 of 1 files" in main_of(ines, FIRST)
    assert "somebody who had none checks it" in main_of(opened.visitor("ben"), FIRST)
    opened.world.evidence("check", "ines")
    assert "Record the verdict" in main_of(ines, step)
    assert act(ines, "judge", effective="", reason="x") == 422
    assert act(ines, "judge", effective="no", reason="Two of five failed") == 303
    page = main_of(ines, FIRST)
    assert all(said in page for said in ("Two of five failed", "not effective", "round 2", "sent it back to its root cause"))
    assert ("opens when the plan is approved" in page, "opens some time after it is done" in page) == (True, True)  # anew


def test_its_terms_are_changed_on_its_page(opened: House) -> None:
    """By the ISMS manager, with a reason; the owner has no such form, and re-planning is offered only where there is another version."""
    world, maria = opened.world, opened.visitor("maria")
    page = main_of(maria, FIRST)
    assert ("Change the gravity" in page, "Re-plan it" in page) == (True, False)
    assert "Change the gravity" not in main_of(opened.visitor("ben"), FIRST)
    assert act(maria, "reassess", gravity="mild", reason="so") == 422
    assert act(maria, "reassess", gravity="major", reason="it stopped production") == 303
    page = main_of(maria, FIRST)
    assert all(said in page for said in ("changed its gravity from minor to major", "it stopped production", "90 days"))
    with world.store.write() as tx:
        files = dict(programmes.in_force(tx).programme.files)
        files["corrective_action.yaml"] = files["corrective_action.yaml"].replace("check_after: 90 days", "check_after: 91 days")
        programmes.apply(tx, parse(files), OPERATOR, world.when())
    assert "Re-plan it" in main_of(maria, FIRST)
    assert act(maria, "re-plan", reason="auditors ask") == 303
    page = main_of(maria, FIRST)
    assert ("put it under programme" in page, "91 days" in page, "Re-plan it" in page) == (True, True, False)


def test_management_decides_on_its_page(opened: House) -> None:
    """It stands in their work, and they choose who tries next."""
    referred(opened.world)
    dana = opened.visitor("dana")
    assert "Say how it goes on: Restores were never tried" in main_of(dana, "/")
    assert "It takes one of these responsibilities: Top management." in main_of(opened.visitor("maria"), FIRST)
    page = main_of(dana, FIRST)
    said = page[page.index("Waits for <strong>management to say"):].split("</p>")[0]
    assert ("due " in said, "After that: reminds Top management again, then every 7 days" in said) == (True, True)
    assert "the owner" not in page.split('id="history"')[0]
    assert act(dana, "go-on", owner=opened.world.ids["ravi"], reason="Ravi knows the vendor") == 303
    assert "Ravi Singh" in main_of(dana, FIRST)


def test_what_else_is_done_with_it(opened: House) -> None:
    """Handed over, checked early, cancelled: each by whom the machine names."""
    world = opened.world
    assert act(opened.visitor("ben"), "hand-over", owner=world.ids["ravi"], reason="I am on leave") == 303
    done(world)
    maria = opened.visitor("maria")
    assert "to be checked on" in main_of(maria, FIRST)
    assert act(maria, "bring-forward", reason="It has happened again") == 303
    assert act(maria, "cancel", reason="The site is closed") == 303
    assert "cancelled it" in main_of(maria, FIRST)
    assert maria.send(f"/actions/{world.case}/dance", reason="x").status_code == 404


def test_a_stale_form_shows_both_versions(opened: House) -> None:
    """Somebody else was quicker."""
    maria = opened.visitor("maria")
    do(opened.world, corrective.hand_over, "maria", None, opened.world.ids["ravi"], "x")
    answer = maria.send(f"/actions/{opened.world.case}/hand-over", version="1", csrf=maria.csrf(), owner=opened.world.ids["ines"], reason="y")
    assert (answer.status_code, "Ravi Singh" in answer.text) == (409, True)


@pytest.mark.parametrize(("label", "status"), [("confidential", 403), ("restricted", 404)])
def test_whom_its_label_lets_in(opened: House, label: str, status: int) -> None:
    """Its owner and whoever decides on it; to others it isn't there, in lists either."""
    with opened.world.store.write() as tx:
        tx.execute(update(cases).values(label=label))
    assert opened.visitor("ben").get(FIRST).status_code == 200
    ravi = opened.visitor("ravi")
    assert ravi.get(FIRST).status_code == status
    assert ravi.send(f"/actions/{opened.world.case}/cancel", reason="x").status_code == status
    assert "Restores" not in main_of(ravi, "/actions")
    assert "Restores" not in ravi.get("/actions.csv").text


def test_the_gate_of_its_plan_says_what_it_leads_to(opened: House) -> None:
    """Its owner reads why they can't decide; steps of an earlier round can't be sent back."""
    world = opened.world
    asked(world)
    world.evidence("check", "ines")
    do(world, corrective.judge, "ines", None, False, "no")
    for key in ("root_cause", "plan"):
        world.complete(current(key, world))
    page = main_of(opened.visitor("maria"), f"/gates/{world.gate('planning').id}")
    assert "planning is approved and frozen, and the plan is carried out".replace("planning", "Planning") in page
    assert ("Plan the action, round 2" in page, page.count('name="reopen"')) == (True, 2)
    assert "somebody who had no part in the work decides" in main_of(
        opened.visitor("ben"), f"/gates/{world.gate('planning').id}").lower()


def test_it_prints_as_a_document(opened: House) -> None:
    """With its evidence, its decisions and its history."""
    planned(opened.world)
    page = main_of(opened.visitor("olga"), f"{FIRST}/document")
    assert all(said in page for said in ("Restores were never tried", "Find the root cause", "approved", "Gravity"))


@pytest.mark.parametrize(("after", "says"), [("30 days at 09:00", "30 days after it is done, at 09:00"), ("30 days", "30 days after it is done"),
                                             ("12 hours", "12 hours after it is done")])
def test_when_it_is_checked_is_said_in_order(after: str, says: str) -> None:
    """The span, what it counts from, and the hour."""
    assert checked(Gravity.model_validate({"id": "minor", "title": "Minor", "check_after": after})) == says


def test_a_step_says_what_its_case_is_about(house: House) -> None:
    """Somebody owes the same of several; the cycle is about nothing else."""
    open_action(house.world)
    ben = house.visitor("ben")
    assert "<dt>About</dt><dd>Restores were never tried</dd>" in ben.read(f"/steps/{house.world.step('correction').id}")
    report(house.world, title="Someone reads our mails")
    assert "<dt>About</dt><dd>Someone reads our mails</dd>" in ben.read(f"/steps/{house.world.step('contain').id}")
    house.world.open_cycle()
    assert "<dt>About</dt>" not in ben.read(f"/steps/{house.world.step('scope').id}")
