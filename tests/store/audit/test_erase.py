"""Erasing a person: what goes, what stays and why; the chain verifies all the same."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.records import AuditRecord, PersonRecord
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import steps
from isms_workflow.store import audit
from isms_workflow.store.audit.erase import erase
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.tables import answers, audit_private, comments, evidence, outbox, people, sessions, tokens
from tests.world import World, found


@pytest.fixture
def world(store: Store) -> World:
    """A cycle in which Ben commented, evidenced and completed, and holds a session, a token and a kept answer."""
    world = found(store)
    world.open_cycle()
    mine = next(s for s in world.view().steps if s.state == "open" and world.name_of(s.owner) == "maria")
    with world.sim.write() as (tx, when):
        steps.comment(tx, mine.id, "Ask my doctor, Dr. Lee.", world.actor("maria"), when)
    world.evidence(mine.key, "maria")
    with store.write() as tx:
        who, later = world.ids["maria"], world.sim.now.replace(year=2027)
        tx.execute(insert(sessions).values(token="a" * 64, person=who, csrf="b" * 64, begun_at=world.now, expires_at=later))
        tx.execute(insert(tokens).values(id=new_id(), token="c" * 64, person=who, name="Maria's laptop", scopes=["read"],
                                         made_at=world.now, expires_at=later))
        tx.execute(update(outbox).where(outbox.c.payload["to"].as_string() == who, outbox.c.id == _a_mail(tx, who))
                   .values(error="550 <maria@example.org> is unknown"))
        tx.execute(insert(answers).values(person=who, key="k", request="d" * 64, status=200, body="Maria", answered_at=world.now))
    return world


def _a_mail(tx: Transaction, person: str) -> str:
    return str(tx.execute(select(outbox.c.id).where(outbox.c.payload["to"].as_string() == person)).scalars().first())


def test_what_is_personal_goes_and_the_chain_still_verifies(world: World) -> None:
    """Name, address, texts, names of files; the verdict counts what is gone."""
    maria = world.ids["maria"]
    with world.store.write() as tx:
        erased = erase(tx, maria, world.now)
        audit.append(tx, [AuditRecord(PersonRecord.ERASED, "operator", world.now, world.now, subject=maria)])
        person = tx.execute(select(people).where(people.c.id == maria)).one()
        assert (person.name, person.email, person.password, person.erased_at) == (None, None, None, world.now)
        assert tx.execute(select(comments.c.text)).scalars().all() == [None]
        assert tx.execute(select(evidence.c.name)).scalars().all() == [None]
        assert not tx.execute(select(outbox.c.id).where(outbox.c.error.contains("maria@"))).all()
        values = tx.execute(select(audit_private.c.value).where(audit_private.c.person == maria)).scalars().all()
        assert set(values) == {None}
        assert audit.verify(tx).erased == len(values) == erased.what["values beside the history"]
        assert audit.verify(tx).ok
    assert {name: n for name, n in erased.what.items() if name != "values beside the history"} == {
        "name and address on the account": 1, "comments": 1, "names of evidence files": 1, "names of API tokens": 1,
        "kept answers of the API": 1, "what mail servers answered": 1, "sessions": 1,
    }


def test_nothing_of_anybody_else_goes(world: World) -> None:
    """Dana is still Dana, on her account and beside the history."""
    with world.store.write() as tx:
        erase(tx, world.ids["maria"], world.now)
        assert tx.execute(select(people.c.name).where(people.c.id == world.ids["dana"])).scalar() == "Dana Weber"
        hers = select(audit_private.c.value).where(audit_private.c.person == world.ids["dana"])
        assert "Dana Weber" in tx.execute(hers).scalars().all()


def test_what_stays_is_listed_with_its_reason(world: World) -> None:
    """The opaque id, records, files; and what lies where nobody can reach it from here."""
    with world.store.write() as tx:
        stays = {each.what: each.count for each in erase(tx, world.ids["maria"], world.now).stays}
    assert stays["the account's opaque id"] == 1
    assert stays["evidence files"] == 1
    assert stays["records of the history"] >= 3
    assert "decisions" not in stays  # she took none
    assert stays["mails already sent, exports and backups"] is None


def test_erasing_again_erases_nothing_more(world: World) -> None:
    """And keeps the instant of the first time."""
    with world.store.write() as tx:
        erase(tx, world.ids["maria"], world.now)
    with world.store.write() as tx:
        assert erase(tx, world.ids["maria"], When.at(world.now.replace(year=2028)).noticed).what == {}
        assert tx.execute(select(people.c.erased_at).where(people.c.id == world.ids["maria"])).scalar() == world.now
