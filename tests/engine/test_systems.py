"""The register of systems: who keeps it, what is refused, and that no system is left without an owner in office."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from isms_workflow.domain.access import NotPermitted
from isms_workflow.domain.refusals import Moved, NotAllowed, NotYours, ReasonNeeded, Unknown, Wrong
from isms_workflow.domain.systems import Draft, System
from isms_workflow.engine import deliverer, register
from isms_workflow.engine.commands import people, systems
from isms_workflow.engine.commands.systems import Line
from isms_workflow.engine.mailing import MailChannel
from isms_workflow.errors import IsmsError
from isms_workflow.notify.files import FileChannel, listing
from isms_workflow.settings import Settings
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import audit_private, outbox
from isms_workflow.store.tables import systems as table
from tests.engine.test_steps import done
from tests.world import CAST, OPERATOR, SYSTEMS, World, found

CRM = Draft("CRM", "ravi", "medium", "medium", "low", frozenset({"personal"}), "Customers.")


def draft(world: World, **changes: Any) -> Draft:
    """Ravi's CRM, not in the register yet."""
    return replace(CRM, owner=world.ids["ravi"], **changes)


def owner(world: World, name: str) -> str:
    """The first name of a system's owner."""
    with world.store.read() as conn:
        return world.name_of(register.row(conn, world.system(name)).owner)


def history(world: World, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """(kind, data) of a system's records, oldest first."""
    with world.store.read() as conn:
        rows = conn.execute(select(records).where(records.c.subject == world.system(name)).order_by(records.c.seq))
        return [(row.kind, json.loads(row.body)["data"]) for row in rows]


def change(world: World, which: str, by: str, seen: int | None = None, /, **changes: Any) -> None:
    """Somebody changes what the register says."""
    done(world, systems.change, by, world.system(which), changes, seen)


def test_a_system_comes_into_the_register_and_its_owner_is_told(both: World) -> None:
    """Row, record and mail at once; later workflows read it by id, retired or not."""
    id_ = both.system("erp")
    with both.store.read() as conn:
        found_ = register.by_ids(conn, [id_, "nothing"])
        assert audit.verify(conn).ok
    assert found_ == {id_: System(id_, "ERP", both.ids["ben"], "high", "high", "high",
                                  frozenset({"internal", "personal", "payment"}))}
    assert history(both, "erp") == [("system.added", {
        "owner": both.ids["ben"], "confidentiality": "high", "integrity": "high", "availability": "high",
        "data": "internal, personal, payment", "channel": "portal"})]
    assert sorted(both.mails("system_reassigned")) == [("system_reassigned", "ben")] * 2 + [("system_reassigned", "ines")]


def test_names_and_descriptions_stand_beside_the_chain(world: World) -> None:
    """The record holds a commitment of each; the value can be erased, and the chain still verifies."""
    world.system("erp")
    with world.store.read() as conn:
        bodies = b"".join(conn.execute(select(records.c.body)).scalars()).decode()
        beside = set(conn.execute(select(audit_private.c.value)).scalars())
    assert not [text for text in ("ERP", "payroll") if text in bodies]
    assert {"ERP", SYSTEMS["erp"].description} <= beside


REFUSED: dict[str, tuple[Callable[[World], object], type[IsmsError], str]] = {
    "a guest adds one": (lambda w: done(w, systems.add, "gil", draft(w)), NotPermitted, "the right to write"),
    "an owner adds one": (lambda w: done(w, systems.add, "ben", draft(w)), NotYours, "responsibility ISMS manager"),
    "an administrator adds one": (lambda w: done(w, systems.add, "alex", draft(w)), NotYours, "ISMS manager"),
    "an auditor changes one": (lambda w: change(w, "erp", "olga", name="X"), NotPermitted, "role auditor"),
    "another owner changes one": (lambda w: change(w, "mail", "ben", name="X"), NotYours, "being the system's owner"),
    "an owner retires one": (lambda w: done(w, systems.retire, "ben", w.system("erp"), "old", None), NotYours, "retire system ERP"),
    "a name that is taken": (lambda w: (w.system("erp"), done(w, systems.add, "maria", draft(w, name=" erp"))), Wrong, "name: 'erp'"),
    "a new name that is taken": (lambda w: change(w, "mail", "maria", name="FILE  store"), Wrong, "retire that one first"),
    "no name": (lambda w: change(w, "erp", "maria", name=" "), Wrong, "name: .* 1 to 120 printable"),
    "a name that is too long": (lambda w: change(w, "erp", "maria", name="x" * 121), Wrong, "name: "),
    "a name that turns round": (lambda w: change(w, "erp", "maria", name="a\u202eb"), Wrong, "name: "),
    "a description that is a book": (lambda w: change(w, "erp", "maria", description="x" * 2001), Wrong, "at most 2,000"),
    "an owner who only looks": (lambda w: change(w, "erp", "maria", owner=w.ids["gil"]), Wrong, "owner: .* role user or admin"),
    "an owner whom nobody knows": (lambda w: change(w, "erp", "maria", owner="x"), Wrong, "owner: 'x'"),
    "a need that is none": (lambda w: change(w, "erp", "maria", integrity="huge"), Wrong, "integrity: 'huge' .* low, medium, high"),
    "no data": (lambda w: change(w, "erp", "maria", data=frozenset()), Wrong, "data: .* say what it holds"),
    "data of no known kind": (lambda w: change(w, "erp", "maria", data=frozenset({"gossip"})), Wrong, "each is one of none"),
    "none and something": (lambda w: change(w, "erp", "maria", data=frozenset({"none", "secret"})), Wrong, "stands alone"),
    "a version that was": (lambda w: (change(w, "erp", "ben", 1, name="SAP"), change(w, "erp", "maria", 1, name="X")), Moved,
                           "you saw version 1, it is at 2"),
    "a stale retirement": (lambda w: (change(w, "erp", "ben", name="SAP"), done(w, systems.retire, "maria", w.system("erp"), "x", 1)),
                           Moved, "look again"),
    "one that isn't there": (lambda w: done(w, systems.change, "maria", "nothing", {}, None), Unknown, "No system 'nothing'"),
    "no reason": (lambda w: done(w, systems.retire, "maria", w.system("erp"), " ", None), ReasonNeeded, "takes a reason"),
    "a retired one": (lambda w: [done(w, systems.retire, "maria", w.system("erp"), "old", None) for _ in "ab"], NotAllowed,
                      "system ERP is retired: cannot retire"),
    "a change of a retired one": (lambda w: (done(w, systems.retire, "maria", w.system("erp"), "old", None),
                                             change(w, "erp", "ben", name="X")), NotAllowed, "cannot change"),
}


@pytest.mark.parametrize(("deed", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_what_can_t_be_is_refused_with_what_would_be_right(world: World, deed: Callable[[World], object],
                                                           error: type[IsmsError], said: str) -> None:
    """A sentence; and nothing is written by what was refused."""
    with pytest.raises(error, match=said):
        deed(world)
    with world.store.read() as conn:
        assert not conn.execute(select(table.c.id).where(table.c.name == "CRM")).first()
        assert audit.verify(conn).ok


def test_its_owner_changes_a_system_and_may_pass_it_on(world: World) -> None:
    """Whoever has it then is told, not whoever gave it away by their own hand."""
    change(world, "erp", "ben", 1, owner=world.ids["ravi"], integrity="medium")
    assert owner(world, "erp") == "ravi"
    assert world.mails()[-1] == ("system_reassigned", "ravi")
    kind, data = history(world, "erp")[-1]
    assert (kind, data["changed"], data["owner_was"]) == ("system.changed", "owner, integrity", world.ids["ben"])
    with pytest.raises(NotYours):
        change(world, "erp", "ben", name="SAP")


def test_a_retired_system_stays_and_its_name_may_be_used_again(both: World) -> None:
    """What refers to it still finds it; nobody can choose it."""
    done(both, systems.retire, "maria", both.system("erp"), "replaced", 1)
    done(both, systems.add, "maria", draft(both, name="erp"))
    with both.store.read() as conn:
        assert both.system("erp") not in {each.id for each in register.in_use(conn)}
        assert register.by_ids(conn, [both.system("erp")])[both.system("erp")].name == "ERP"
        assert [each.name for each in register.in_use(conn)] == ["erp", "File store", "Mail", "Public website"]
    assert history(both, "erp")[-1][0] == "system.retired"


LEAVING: dict[str, Callable[[World], object]] = {
    "the account is deactivated": lambda w: done(w, people.deactivate, "alex", w.ids["ben"]),
    "the access role only looks": lambda w: (
        [done(w, people.revoke, "alex", w.ids["ben"], name) for name in CAST["ben"][2]],
        done(w, people.change_role, "alex", w.ids["ben"], "guest", None)),
}


@pytest.mark.parametrize("leaves", LEAVING.values(), ids=LEAVING)
def test_systems_of_whoever_leaves_go_to_the_isms_manager(both: World, leaves: Callable[[World], object]) -> None:
    """At once, recorded, and told in one mail; a retired one stays whose it was."""
    done(both, systems.add, "maria", replace(draft(both), owner=both.ids["ben"]))
    done(both, systems.retire, "maria", both.system("files"), "replaced", None)
    before = len(both.mails("system_reassigned"))
    leaves(both)
    assert [owner(both, name) for name in ("erp", "website", "mail", "files")] == ["maria", "ines", "maria", "ben"]
    kind, data = history(both, "erp")[-1]
    assert (kind, data) == ("system.changed", {"changed": "owner", "owner": both.ids["maria"], "owner_was": both.ids["ben"],
                                               "channel": "engine"})
    assert sorted(who for _, who in both.mails("system_reassigned")[before:]) == ["ben", "maria"]
    with both.store.read() as conn:
        assert audit.verify(conn).ok


def test_systems_of_an_isms_manager_who_leaves_go_to_the_next(world: World) -> None:
    """The first in office, as their steps do."""
    done(world, people.grant, "alex", world.ids["ines"], "isms_manager")
    world.system("mail")
    done(world, people.deactivate, "alex", world.ids["maria"])
    assert owner(world, "mail") == "ines"


def test_systems_of_an_account_that_has_ended_change_hands_by_the_clock(world: World) -> None:
    """Within the hour."""
    with world.sim.write() as (tx, when):
        eva = people.add(tx, "Eva Novak", "eva@example.org", "user", "UTC", when.happened + timedelta(days=30),
                         world.actor("alex"), when)
    change(world, "erp", "maria", owner=eva)
    world.sim.now += timedelta(days=31)
    with world.sim.write() as (tx, when):
        assert people.end_accounts(tx, when) == [eva]
    assert owner(world, "erp") == "maria"


def test_systems_that_nobody_could_take_go_to_whoever_becomes_isms_manager(sqlite_store: Store) -> None:
    """The operator imported them before anybody held that."""
    world = found(sqlite_store, cast={name: CAST[name] for name in ("alex", "ben", "dana")})
    with world.sim.write() as (tx, when):
        systems.add_all(tx, [Line(1, replace(CRM, owner="ben@example.org"))], "file", OPERATOR, when)
    done(world, people.deactivate, "alex", world.ids["ben"])
    done(world, people.grant, "alex", world.ids["dana"], "isms_manager")
    with world.store.read() as conn:
        assert [world.name_of(each.owner) for each in register.in_use(conn)] == ["dana"]


def lines(*told: Draft) -> list[Line]:
    """A list as it was read, from its second line on."""
    return [Line(number, each) for number, each in enumerate(told, start=2)]


BEN, RAVI = "Ben@Example.org", "ravi@example.org"
LISTS: dict[str, tuple[list[Line], str]] = {
    "the same name twice": (lines(replace(CRM, owner=BEN), replace(CRM, name="crm", owner=RAVI)), "line 3: crm.*its name 'crm'"),
    "a name that is in use": (lines(replace(CRM, name="mail", owner=BEN)), "line 2: mail"),
    "an address that nobody has": (lines(replace(CRM, owner=BEN), replace(CRM, name="X", owner="zoe@example.org")),
                                   "line 3: X.*its owner 'zoe@example.org': the mail address of somebody"),
    "an owner who only looks": (lines(replace(CRM, owner="gil@example.org")), "line 2: CRM.*role user or admin"),
    "a need that is none": (lines(replace(CRM, owner=BEN, availability="")), "line 2: CRM.*its availability ''"),
}


@pytest.mark.parametrize(("told", "said"), LISTS.values(), ids=LISTS)
def test_a_list_is_taken_whole_or_not_at_all(world: World, told: list[Line], said: str) -> None:
    """The line, its field, and what would be right."""
    world.system("mail")
    with pytest.raises(Wrong, match=said), world.sim.write() as (tx, when):
        systems.add_all(tx, told, "file", world.actor("maria"), when)
    with world.store.read() as conn:
        assert len(register.in_use(conn)) == len(SYSTEMS)


def test_a_list_tells_each_owner_once(both: World) -> None:
    """Two systems, one mail; the list's line for oneself needs none."""
    told = lines(replace(CRM, owner=BEN), replace(CRM, name="Wiki", owner=BEN), replace(CRM, name="VPN", owner="maria@example.org"))
    with both.sim.write() as (tx, when):
        assert systems.add_all(tx, told, "file", both.actor("maria"), when) == 3
    assert both.mails("system_reassigned") == [("system_reassigned", "ben")]


def test_only_who_keeps_the_register_imports(world: World) -> None:
    """Before any line is looked at; the operator beside the database may, and may change nothing."""
    with pytest.raises(NotYours), world.sim.write() as (tx, when):
        systems.add_all(tx, lines(CRM), "file", world.actor("ben"), when)
    erp = world.system("erp")
    with pytest.raises(NotYours), world.sim.write() as (tx, when):
        systems.change(tx, erp, {"name": "X"}, None, OPERATOR, when)


def test_mails_about_systems_find_their_words(world: World, settings: Settings) -> None:
    """Nothing becomes a dead letter; who leaves is told, and so is everybody who has to know what went where."""
    change(world, "website", "ines", owner=world.ids["ravi"])
    done(world, people.deactivate, "alex", world.ids["ben"])
    channel = MailChannel(world.store, FileChannel(settings), settings.public_url)
    while deliverer.turn(world.store, channel, world.now):
        pass
    with world.store.read() as conn:
        assert conn.execute(select(outbox.c.error).where(outbox.c.outcome == "dead")).all() == []
    mails = {(m.to.partition("@")[0], m.subject): " ".join(m.text.split()) for m in listing(settings.mail_dir, 100)}
    assert "Ines Costa decided so" in mails["ravi", "You answer now for Public website"]
    assert "Ben Ito was its owner and is in office no more" in mails["maria", "You answer now for 2 systems"]
    assert "Systems that went to the ISMS manager: - ERP - File store" in mails["dana", "The account of Ben Ito has ended"]
