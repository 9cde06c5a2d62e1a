"""Role and rule must both allow: who sees which page, who may do what."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from isms_workflow.store.tables import cases
from tests.portal.visitor import House

EVERYBODY = ("/", "/cycle", "/cases", "/evidence", "/people", "/systems", "/systems.csv", "/programme")
PAGES = {  # who: (what they see beside everybody's pages, what they don't)
    "alex": (("/system", "/mail"), ("/audit", "/audit/access")),
    "maria": ((), ("/audit", "/audit/access", "/system", "/mail")),
    "olga": (("/audit", "/audit/access"), ("/system", "/mail")),
    "gil": ((), ("/audit", "/audit/access", "/system", "/mail")),
}


@pytest.mark.parametrize("who", PAGES)
def test_each_role_sees_its_pages_and_no_other(planning: House, who: str) -> None:
    """What a role can't see isn't in its menu, and is refused by its address."""
    seen, unseen = PAGES[who]
    visitor = planning.visitor(who)
    assert {visitor.get(path).status_code for path in (*EVERYBODY, *seen)} == {200}
    assert {visitor.get(path).status_code for path in unseen} == {403}
    menu = visitor.read("/").split("<nav", 1)[1].split("</nav>", 1)[0]
    assert ('href="/audit"' in menu, 'href="/system"' in menu) == ("/audit" in seen, "/system" in seen)


@pytest.mark.parametrize("who", ["olga", "gil", "alex", "ravi"])
def test_who_has_no_part_in_a_step_can_t_complete_it(planning: House, who: str) -> None:
    """Auditors and guests only look, administrators decide nothing, and others don't hold the responsibility."""
    planning.world.evidence("scope", "maria")
    step, visitor = planning.world.step("scope"), planning.visitor(who)
    answer = visitor.send(f"/steps/{step.id}/complete", version=str(step.version))
    assert (answer.status_code, planning.world.step("scope").state) == (403, "open")
    assert f"/steps/{step.id}/complete" not in visitor.read(f"/steps/{step.id}"), "what isn't possible has no button"


@pytest.mark.parametrize("who", ["olga", "gil", "alex", "maria", "ben"])
def test_who_may_not_decide_a_gate_is_told_why(at_gate: House, who: str) -> None:
    """Roles that only look, administrators, and whoever did the work."""
    gate, visitor = at_gate.world.gate("plan"), at_gate.visitor(who)
    answer = visitor.send(f"/gates/{gate.id}/approve", round=str(gate.round), digest=gate.digest)
    assert answer.status_code in (403, 409)
    assert at_gate.world.gate("plan").decisions == ()
    assert "formaction" not in visitor.read(f"/gates/{gate.id}")


@pytest.mark.parametrize(("label", "who", "status"), [
    ("confidential", "maria", 200), ("confidential", "olga", 200), ("confidential", "alex", 200),
    ("confidential", "gil", 403), ("restricted", "maria", 200), ("restricted", "dana", 200),
    ("restricted", "alex", 404), ("restricted", "olga", 404), ("restricted", "gil", 404),
])
def test_a_label_narrows_who_sees_a_case(planning: House, label: str, who: str, status: int) -> None:
    """Confidential: the people of the case, admins and auditors. Restricted: the people of the case, no role excepted."""
    with planning.world.store.write() as tx:
        tx.execute(update(cases).values(label=label))
    visitor, reference = planning.visitor(who), planning.world.view().case.reference
    paths = (f"/cases/{reference}", f"/steps/{planning.world.step('scope').id}")
    assert {visitor.get(path).status_code for path in paths} == {status}
    listed = visitor.read("/cases").split("<main", 1)[1]
    assert (reference in listed) is (status == 200), "nor does the list tell of it"


def test_a_refusal_of_something_restricted_reads_like_not_found(planning: House) -> None:
    """Word for word, but for what was asked."""
    reference = planning.world.view().case.reference
    with planning.world.store.write() as tx:
        tx.execute(update(cases).values(label="restricted"))
    gil = planning.visitor("gil")
    hidden, absent = (gil.get(f"/cases/{name}") for name in (reference, "PDCA-1999-0001"))
    first, second = (answer.text.split("<dt>What</dt>", 1)[1].split("</dd>", 1)[0].replace(name, "") for answer, name in (
        (hidden, reference), (absent, "PDCA-1999-0001")))
    assert first == second


def test_an_administrator_manages_people_and_others_don_t(planning: House) -> None:
    """The form is absent, and its address refused."""
    path = f"/people/{planning.world.ids['gil']}"
    assert planning.visitor("maria").send(f"{path}/deactivate").status_code == 403
    assert planning.visitor("alex").send(f"{path}/role", path, role="user").status_code == 303


@pytest.mark.parametrize(("who", "shown"), [("gil", False), ("maria", False), ("ben", True), ("alex", True)])
def test_a_mail_address_is_shown_to_its_person_and_administrators(house: House, who: str, shown: bool) -> None:
    """As the API says."""
    for path in ("/people", f"/people/{house.world.ids['ben']}"):
        assert ("ben@example.org" in house.visitor(who).read(path)) is shown


def test_an_account_doesn_t_end_before_it_begins(house: House) -> None:
    """It is said of the date, and nobody is added."""
    alex = house.visitor("alex")
    answer = alex.send("/people", "/people", name="Eva", email="eva@example.org", role="auditor", ends="2020-01-01")
    assert (answer.status_code, 'href="#invite-ends"' in answer.text) == (422, True)


def test_a_role_that_only_looks_can_t_own_steps(planning: House) -> None:
    """Granting is refused with this reason."""
    path = f"/people/{planning.world.ids['olga']}"
    answer = planning.visitor("alex").send(f"{path}/grant", path, responsibility="control_owner")
    assert answer.status_code == 422
    assert "auditor" in answer.text
