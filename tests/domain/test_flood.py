"""A flood: what a person gets of very many messages, as a table and for any list of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from isms_workflow.domain.flood import Dealt, Past, deal
from isms_workflow.programme.model import Flood

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = Flood.model_validate({"most": 3, "within": "10 minutes", "critical_every": "1 minutes", "ordinary_every": "10 minutes"})
URGENCY = {"o": "ordinary", "c": "critical", "s": "statutory"}


def dealt(messages: str, past: Past | None = None, rule: Flood | None = RULE) -> tuple[str, str, list[tuple[str, int]]]:
    """Messages by their first letters: (alone, together, held with the minutes until then)."""
    found = deal([[m] for m in messages.split()], lambda _: "ann", lambda m: URGENCY[m[0]], {"ann": past} if past else {}, rule, NOW)
    return (" ".join(m for group in found.alone for m in group), " ".join(m for group in found.together for m in group),
            [(m, round((until - NOW) / MINUTE)) for group, until in found.held for m in group])


BEFORE = Past(3, NOW - 2 * MINUTE)
SITUATIONS: dict[str, tuple[str, Past | None, tuple[str, str, list[tuple[str, int]]]]] = {
    "few": ("o1 o2 o3", None, ("o1 o2 o3", "", [])),
    "the critical first": ("o1 c2 o3", None, ("c2 o1 o3", "", [])),
    "one too many": ("o1 o2 o3 o4", None, ("o1 o2", "o3 o4", [])),
    "the critical by themselves, while there is room": ("o1 o2 o3 c4 c5", None, ("c4 c5", "o1 o2 o3", [])),
    "some left before": ("o1 o2", Past(2), ("", "o1 o2", [])),
    "just one letter more": ("o1", Past(2), ("o1", "", [])),
    "after a letter of several it waits": ("o1 o2", BEFORE, ("", "", [("o1", 8), ("o2", 8)])),
    "but not with something critical": ("o1 c2", BEFORE, ("", "c2 o1", [])),
    "which waits for a minute itself": ("o1 c2", Past(3, NOW - MINUTE / 2), ("", "", [("c2", 0), ("o1", 10)])),
    "statutory by itself, whatever left": ("o1 s2 c3 s4", BEFORE, ("s2 s4", "c3 o1", [])),
    "statutory ones count": ("s1 s2 s3 o4 o5", None, ("s1 s2 s3", "o4 o5", [])),
}


@pytest.mark.parametrize(("messages", "past", "found"), SITUATIONS.values(), ids=SITUATIONS)
def test_what_leaves_alone_what_together_and_what_waits(messages: str, past: Past | None,
                                                        found: tuple[str, str, list[tuple[str, int]]]) -> None:
    """Three letters in ten minutes; beyond that one that tells of all, every minute where something is critical."""
    assert dealt(messages, past) == found


def test_without_a_rule_everything_leaves_by_itself() -> None:
    """A programme from before there were any."""
    assert dealt("o1 o2 o3 o4 c5", BEFORE, None) == ("o1 o2 o3 o4 c5", "", [])


MESSAGES = some.lists(some.tuples(some.sampled_from("ocs"), some.sampled_from(["ann", "bob"])), max_size=40)
PASTS = some.one_of(some.none(), some.builds(Past, some.integers(0, 9), some.one_of(
    some.none(), some.integers(0, 20).map(lambda m: NOW - m * MINUTE))))


@given(MESSAGES, PASTS)
def test_nothing_is_lost_and_no_more_leaves_than_the_rule_lets_through(messages: list[tuple[str, str]], past: Past | None) -> None:
    """Each message is in one place; a person's letters keep within the rule but for the statutory; what waits has an end ahead."""
    groups = [[(n, *m)] for n, m in enumerate(messages)]
    found: Dealt[tuple[int, str, str]] = deal(
        groups, lambda m: m[2], lambda m: URGENCY[m[1]], {"ann": past} if past else {}, RULE, NOW)
    places = [*found.alone, *found.together, *(group for group, _ in found.held)]
    assert sorted(m for group in places for m in group) == sorted(m for group in groups for m in group)
    assert all(NOW < until <= NOW + 10 * MINUTE for _, until in found.held)
    for who, before in (("ann", past.letters if past else 0), ("bob", 0)):
        statutory = [g for g in found.alone if g[0][2] == who and g[0][1] == "s"]
        assert len(statutory) == sum(1 for urgency, name in messages if name == who and urgency == "s")
        others = [g for g in found.alone if g[0][2] == who and g[0][1] != "s"]
        assert len(others) <= max(0, 3 - before - len(statutory))
        assert len([g for g in found.together if g[0][2] == who]) <= 1
