"""What can stand in the register of systems, whoever says so: names, kinds of data, and what follows of an owner."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isms_workflow.domain.people import Actor, Directory, Holding, Person
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules import systems as rules
from isms_workflow.domain.systems import DATA, LEVELS, NEEDS, NOTHING, PERSONAL, SPECIAL, Draft, Entry, System, folded
from isms_workflow.domain.times import When

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)
WHEN = When.at(NOW)
MARIA = Actor("maria")
DRAFT = Draft("ERP", "ben", "high", "medium", "low", frozenset({"internal"}), "Orders.")


def office(*away: str, manager: str = "maria") -> Directory:
    """Maria keeps the register beside Ines, Ben and Ravi do work, Gil looks; those away have no account any more."""
    people = {name: Person(name, "guest" if name == "gil" else "user", "UTC", name not in away)
              for name in ("maria", "ines", "ben", "ravi", "gil")}
    held = tuple(Holding("isms_manager", name, NOW, "alex") for name in dict.fromkeys((manager, "ines")))
    return Directory(people, held)


def entry(id_: str = "1", owner: str = "ben", **changes: Any) -> Entry:
    """A system in the register."""
    return replace(Entry(System(id_, f"ERP {id_}", owner, "high", "medium", "low", frozenset({"internal"})), "Orders.", 3),
                   **changes)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)
KINDS = st.frozensets(st.sampled_from(list(DATA)))
DRAFTS = st.builds(Draft, WORDS, st.sampled_from(["maria", "ben", "gil", "nobody"]), *[st.sampled_from([*LEVELS, "huge", ""])] * 3,
                   st.frozensets(st.sampled_from([*DATA, "gossip"])), WORDS)


@given(WORDS)
def test_a_name_is_the_same_however_it_is_encoded(name: str) -> None:
    """A letter and its accent as one character or as two; and folding twice changes nothing."""
    assert folded(unicodedata.normalize("NFD", name)) == folded(unicodedata.normalize("NFC", name)) == folded(name)
    assert folded(folded(name)) == folded(name)


ALIKE = [("ERP", "erp"), ("  File   store ", "file STORE"), ("Großrechner", "GROSSRECHNER"), ("Café", "CAFE\u0301")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_read_alike_are_one(one: str, other: str) -> None:
    """Whoever chooses a system couldn't tell them apart."""
    assert folded(one) == folded(other)


@given(KINDS)
def test_data_can_be_said_unless_it_contradicts_itself(data: frozenset[str]) -> None:
    """At least one kind, `none` alone, and special categories are personal data too: saying it again adds nothing."""
    if not data or (NOTHING in data and len(data) > 1):
        with pytest.raises(Wrong, match=r"^data: "):
            rules.checked(replace(DRAFT, data=data), office())
        return
    once = rules.checked(replace(DRAFT, data=data), office())
    assert data <= once.data
    assert (PERSONAL in once.data) == bool(data & {PERSONAL, SPECIAL})
    assert rules.checked(once, office()) == once


def tried(draft: Draft) -> Plan | Wrong:
    """What adding it would write, or why it is refused."""
    try:
        return rules.add({}, office(), "1", draft, MARIA, WHEN)
    except Wrong as wrong:
        return wrong


@given(DRAFTS)
def test_whatever_is_said_is_taken_as_it_can_stand_or_refused_with_its_field(draft: Draft) -> None:
    """A refusal names a field of the form; what is taken the table takes as well, and its history can be written."""
    told = tried(draft)
    if isinstance(told, Wrong):
        assert told.field in ("name", "owner", *NEEDS, "data", "description")
        return
    row, line = told.insert[0].row, told.record[0]
    assert 1 <= len(row["name"]) <= 120
    assert all(row[need] in LEVELS for need in NEEDS)
    assert set(row["data"]) <= set(DATA)
    assert not {row["name"], row["description"]} & set(line.data.values()), "texts stand beside the chain"


@given(st.lists(st.tuples(st.sampled_from(["maria", "ines", "ben", "ravi"]), st.booleans()), max_size=8),
       st.sets(st.sampled_from(["maria", "ben", "ravi"])))
def test_after_a_change_of_people_every_system_in_use_has_an_owner_in_office(
        owned: list[tuple[str, bool]], away: set[str]) -> None:
    """Those of whoever left go to the first ISMS manager, told once of each owner's; the others stay as they are."""
    entries = [entry(str(n), owner, retired=retired) for n, (owner, retired) in enumerate(owned)]
    plan = rules.settle(office(*away), entries, WHEN)
    first = "ines" if "maria" in away else "maria"
    moved = {each.id: each.sets["owner"] for each in plan.amend}
    assert moved == {e.system.id: first for e in entries if e.system.owner in away and not e.retired}
    assert [line.subject for line in plan.record] == list(moved)
    left = {e.system.owner for e in entries if e.system.id in moved}
    assert sorted(m.payload["to"] for m in plan.send) == sorted([*left, *[first] * len(left)])


def test_nothing_moves_while_nobody_is_isms_manager() -> None:
    """Whoever becomes it gets them then."""
    vacant = replace(office("ben"), holdings=())
    assert rules.settle(vacant, [entry()], WHEN) == Plan()


def test_a_change_that_changes_nothing_writes_nothing() -> None:
    """No line of history that says so, no new version, no mail."""
    assert rules.change({}, office(), entry(), {"name": " ERP  1", "description": "Orders. "}, 3, MARIA, WHEN) == Plan()


def test_the_history_says_of_each_field_what_it_was() -> None:
    """Texts beside it, the rest in it."""
    plan = rules.change({}, office(), entry(), {"integrity": "high", "owner": "ravi", "description": "New."}, 3, MARIA, WHEN)
    (line,), (row,) = plan.record, plan.amend
    assert line.data == {"changed": "owner, integrity, description", "owner": "ravi", "owner_was": "ben",
                         "integrity": "high", "integrity_was": "medium", "channel": "portal"}
    assert line.private == {"description": "New."}
    assert (row.seen, row.sets) == (3, {"owner": "ravi", "integrity": "high", "description": "New."})
    assert {(m.payload["to"], m.payload["notice"]) for m in plan.send} == {
        ("ravi", "system_reassigned"), ("ben", "system_reassigned")}
