"""Labels hold wherever something is named: lists and their next pages, search, histories, mails, refusals."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from isms_workflow.domain.messages import Notice
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing.channel import MailChannel
from isms_workflow.engine.outbox import put
from isms_workflow.engine.tries import outcome
from isms_workflow.notify.files import FileChannel
from isms_workflow.settings import Settings
from isms_workflow.store.tables import cases, evidence, outbox, people, reached
from tests.portal.visitor import House
from tests.world import unknown


def narrow(house: House, label: str) -> str:
    """The cycle is labelled; its reference."""
    with house.world.store.write() as tx:
        tx.execute(update(cases).values(label=label))
    return house.world.view().case.reference


def file(house: House, label: str) -> str:
    """Maria's scope.pdf with a label of its own, in a case that everybody sees."""
    item = house.world.evidence("scope", "maria")
    with house.world.store.write() as tx:
        tx.execute(update(evidence).values(label=label))
    return item


@pytest.mark.parametrize(("label", "who", "shown"), [
    ("internal", "gil", True), ("confidential", "gil", False), ("confidential", "olga", True),
    ("restricted", "olga", False), ("restricted", "alex", False), ("restricted", "maria", True),
])
def test_a_file_is_named_to_nobody_who_may_not_see_it(planning: House, label: str, who: str, shown: bool) -> None:
    """Neither in the list of files, nor on the step's page, nor in any history."""
    file(planning, label)
    step, reference = planning.world.step("scope"), planning.world.view().case.reference
    for path in ("/evidence", f"/steps/{step.id}", f"/cases/{reference}"):
        assert ("scope.pdf" in planning.visitor(who).read(path)) is shown, path


@pytest.mark.parametrize("is_inside", [False, True])
def test_the_chain_shows_a_place_but_not_what_is_restricted(planning: House, is_inside: bool) -> None:
    """To an auditor whom no ladder has reached: the record's number and digest, and nothing of what it says."""
    planning.visitor("maria").send(f"/steps/{planning.world.step('scope').id}/comments", text="about the plant")
    narrow(planning, "restricted")
    if is_inside:
        with planning.world.store.write() as tx:
            tx.execute(insert(reached).values(case_id=planning.world.case, person=planning.world.ids["olga"],
                                              since=planning.world.now))
    page = planning.visitor("olga").read("/audit").split("<main", 1)[1]
    assert ("about the plant" in page, "opened the step" in page) == (is_inside, is_inside)
    assert ("isn't shown to you" in page, "put programme" in page) == (not is_inside, True)


def test_searching_tells_nothing_of_what_is_restricted(planning: House) -> None:
    """The same way on as for a reference that nobody gave."""
    reference = narrow(planning, "restricted")
    ways = [planning.visitor("gil").get(f"/search?q={name}").headers["location"].replace(name, "…")
            for name in (reference, "PDCA-1999-0001")]
    assert ways[0] == ways[1]
    assert planning.visitor("maria").get(f"/search?q={reference}").headers["location"] == f"/cases/{reference}"


def test_what_is_searched_for_arrives_as_it_was_typed(planning: House) -> None:
    """A sign that means something in addresses is a sign."""
    assert planning.visitor("maria").get("/search?q=A%26state%3Dended").headers["location"] == "/cases?q=A%26state%3Dended"


def test_a_list_s_pages_tell_nothing_of_what_is_hidden(planning: House) -> None:
    """Sixty restricted cases before it: the page shows the one that may be seen, and no way on."""
    mine = planning.world.view().case.reference
    with planning.world.store.write() as tx:
        row = dict(tx.execute(select(cases)).one()._mapping)
        closed = {**row, "state": "cancelled", "closed_at": planning.world.now, "label": "restricted"}
        tx.execute(insert(cases), [{**closed, "id": unknown(), "reference": f"PDCA-2027-{n:04}"} for n in range(60)])
    page = planning.visitor("gil").read("/cases").split("<main", 1)[1]
    assert (mine in page, "PDCA-2027" in page, "before=" in page) == (True, False, False)


def test_a_list_goes_on_under_its_filter(planning: House) -> None:
    """Each case once, in order."""
    with planning.world.store.write() as tx:
        row = dict(tx.execute(select(cases)).one()._mapping)
        closed = {**row, "state": "cancelled", "closed_at": planning.world.now}
        tx.execute(insert(cases), [{**closed, "id": unknown(), "reference": f"PDCA-2027-{n:04}"} for n in range(60)])
    gil = planning.visitor("gil")
    first = gil.read("/cases?state=ended")
    assert 'href="?state=ended&before=PDCA-2027-0010"' in first
    second = gil.read("/cases?state=ended&before=PDCA-2027-0010")
    assert ("PDCA-2027-0010" in first, "PDCA-2027-0009" in second, "before=" in second) == (True, True, False)


@pytest.mark.parametrize("event", ["start", "pause", "resume", "cancel"])
def test_a_case_that_is_restricted_can_t_be_told_from_none_by_acting_on_it(planning: House, event: str) -> None:
    """Ravi may write, and isn't of the case: his form is answered as if there were none."""
    narrow(planning, "restricted")
    with planning.world.store.write() as tx:
        tx.execute(update(people).values(role="admin").where(people.c.id == planning.world.ids["gil"]))
    gil, said = planning.visitor("gil"), []
    for case in (planning.world.case, unknown()):
        answer = gil.send(f"/cases/{case}/{event}", until="2026-03-12", reason="x", version="1")
        what = answer.text.split("<dt>What</dt>", 1)[1].split("</dd>", 1)[0]
        said.append((answer.status_code, what.replace(case, "…")))
    assert said[0] == said[1]
    assert ("gil", f"write /cases/{planning.world.case}/{event}", "DENIED") in planning.attempts()


@pytest.mark.parametrize("who", ["gil", "alex"])
def test_a_restricted_file_of_a_confidential_case_reads_like_none(planning: House, who: str) -> None:
    """Never `it is confidential`, which would tell that it is there."""
    item = file(planning, "restricted")
    narrow(planning, "confidential")
    assert planning.visitor(who).get(f"/evidence/{item}/file").status_code == 404


def test_a_digest_that_tells_of_a_restricted_case_isn_t_shown_to_the_operator(planning: House, settings: Settings) -> None:
    """It was written for somebody of the case; its own reader may read it, and everybody's digests while nothing is hidden."""
    about = {"since": "2026-01-01T00:00:00.000000Z", "checkpoint": ""}
    with planning.world.store.write() as tx:
        put(tx, [Notice("digest", planning.world.ids["maria"], about).message("2026-01-05", None)], planning.world.now)
        row = tx.execute(select(outbox).where(outbox.c.key.startswith("digest:"))).one()
    channel = MailChannel(planning.world.store, FileChannel(settings), settings.public_url)
    effect = Effect(row.id, row.key, None, row.payload, sensitive=False, attempts=0, queued_at=row.queued_at)
    assert [outcome(answer) for answer in channel.carry([effect], planning.world.now)] == ["sent"]
    reference = planning.world.view().case.reference
    assert reference in planning.visitor("alex").read("/mail").split("<main", 1)[1]
    narrow(planning, "restricted")
    assert reference not in planning.visitor("alex").read("/mail").split("<main", 1)[1]


def test_the_operator_s_page_doesn_t_name_a_restricted_case(planning: House) -> None:
    """Its deadlines are there, because they may be late; whose they are isn't said."""
    reference = narrow(planning, "restricted")
    page = planning.visitor("alex").read("/system").split("<main", 1)[1]
    assert (reference in page, "not shown" in page) == (False, True)
