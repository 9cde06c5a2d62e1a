"""The deliverer: at least once, never before the commit; an outage is nobody's fault, a refusal is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from isms_workflow.domain.effects import Busy, EffectError, Refused, Unreachable, Unsent
from isms_workflow.domain.messages import Message
from isms_workflow.engine import deliverer, outbox
from isms_workflow.engine.deliverer import CLAIM, Effect, backoff, delay
from isms_workflow.store.tables import audit, channels
from isms_workflow.store.tables import outbox as table
from tests.world import World


@dataclass
class Pigeons:
    """A way out that answers as told, and remembers what it carried."""

    answers: dict[str, EffectError] = field(default_factory=dict)
    carried: list[str] = field(default_factory=list)
    name: str = "pigeons"
    batch: int = 10

    def carry(self, effects: Sequence[Effect], now: datetime) -> list[EffectError | None]:
        """As `Channel.carry`."""
        self.carried += [effect.key for effect in effects]
        return [self.answers.get(effect.key) for effect in effects]


def put(world: World, *keys: str, sensitive: bool = False) -> None:
    """Messages for the pigeons."""
    with world.store.write() as tx:
        outbox.put(tx, [Message(key, "pigeons", {"notice": "x", "to": "y", "about": {"link": key}},
                                sensitive=sensitive) for key in keys], world.now)


def rows(world: World) -> dict[str, Any]:
    """The pigeons' messages by key."""
    with world.store.read() as conn:
        return {row.key: row for row in conn.execute(select(table).where(table.c.channel == "pigeons"))}


def notices(world: World) -> list[str]:
    """What the operators were told."""
    with world.store.read() as conn:
        payloads = conn.execute(select(table.c.payload).where(table.c.channel == "mail")).scalars().all()
    return [p["about"]["trouble"] for p in payloads if p["notice"] == "operator_notice"]


OUTCOMES: dict[str, tuple[EffectError | None, str | None, list[str]]] = {
    "carried out":        (None,                    "sent",   []),
    "refused":            (Refused("no such loft"), "dead",   ["dead_letter"]),
    "nobody to get it":   (Unsent("she left"),      "unsent", []),
    "busy":               (Busy("in a minute"),     None,     []),
    "can't be reached":   (Unreachable("no wind"),  None,     []),
}


@pytest.mark.parametrize(("answer", "outcome", "told"), OUTCOMES.values(), ids=OUTCOMES)
def test_what_becomes_of_a_message(both: World, answer: EffectError | None, outcome: str | None,
                                   told: list[str]) -> None:
    """Each answer has one meaning, in the row and for the operator."""
    put(both, "a")
    deliverer.turn(both.store, Pigeons({"a": answer} if answer else {}), both.now)
    row = rows(both)["a"]
    assert (row.outcome, row.error) == (outcome, str(answer) if answer else None)
    assert notices(both) == told


def test_the_same_key_is_the_same_message(both: World) -> None:
    """Queued twice, it leaves once."""
    put(both, "a")
    put(both, "a")
    pigeons = Pigeons()
    deliverer.turn(both.store, pigeons, both.now)
    assert pigeons.carried == ["a"]


def test_a_rolled_back_transaction_sends_nothing(both: World) -> None:
    """Never before the commit."""
    def half_done() -> None:
        with both.store.write() as tx:
            outbox.put(tx, [Message("a", "pigeons", {})], both.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert not deliverer.turn(both.store, Pigeons(), both.now)


def test_two_deliverers_share_the_work(both: World) -> None:
    """What one has claimed the other leaves alone, until the claim is over: then its holder must have died."""
    put(both, "a", "b")
    first, second = Pigeons(batch=1), Pigeons(batch=10)
    (held,) = deliverer.claim(both.store, first, both.now)
    deliverer.turn(both.store, second, both.now)
    assert [held.key, *second.carried] == ["a", "b"]
    deliverer.turn(both.store, second, both.now + CLAIM + timedelta(microseconds=1))
    assert second.carried == ["b", "a"]


def test_an_outage_pauses_the_channel_and_is_told_once(both: World) -> None:
    """However long it lasts; when the service is back, all of it leaves, nothing twice."""
    put(both, "a", "b")
    away = {key: Unreachable("no wind") for key in ("a", "b")}
    now = both.now
    for _ in range(20):
        deliverer.turn(both.store, Pigeons(dict(away)), now)
        assert not deliverer.turn(both.store, Pigeons(), now), "paused"
        now = deliverer.earliest(both.store, "pigeons") or now
    assert notices(both) == ["unreachable"]
    back = Pigeons()
    deliverer.turn(both.store, back, now)
    assert sorted(back.carried) == ["a", "b"]
    with both.store.read() as conn:
        assert conn.execute(select(channels.c.failing_since)).scalar_one() is None


def test_a_refused_message_is_recorded_and_can_be_sent_again(both: World) -> None:
    """The operator puts right what was wrong; the history says both."""
    put(both, "a")
    deliverer.turn(both.store, Pigeons({"a": Refused("no such loft")}), both.now)
    message = rows(both)["a"].id
    with both.store.write() as tx:
        assert deliverer.send_again(tx, message, "operator", both.now)
        assert not deliverer.send_again(tx, message, "operator", both.now)
    pigeons = Pigeons()
    deliverer.turn(both.store, pigeons, both.now)
    assert pigeons.carried == ["a"]
    with both.store.read() as conn:
        kinds = conn.execute(select(audit.c.kind).where(audit.c.kind.like("outbox.%")).order_by(audit.c.seq)).scalars().all()
    assert list(kinds) == ["outbox.died", "outbox.revived"]


def test_a_refused_notice_of_a_refusal_isn_t_told_in_turn(both: World) -> None:
    """Or the operator's full mailbox would fill itself."""
    put(both, "a")
    with both.store.write() as tx:
        tx.execute(update(table).where(table.c.key == "a").values(payload={"notice": "operator_notice", "to": "y"}))
    deliverer.turn(both.store, Pigeons({"a": Refused("mailbox full")}), both.now)
    assert notices(both) == []


@pytest.mark.parametrize(("answer", "kept"), [(None, {}), (Unsent("she left"), {}), (Refused("no"), {"link": "a"})])
def test_a_secret_is_forgotten_once_it_has_left(world: World, answer: EffectError | None, kept: object) -> None:
    """A refused one keeps it, because it can be sent again."""
    put(world, "a", sensitive=True)
    deliverer.turn(world.store, Pigeons({"a": answer} if answer else {}), world.now)
    assert rows(world)["a"].payload["about"] == kept


def test_a_busy_message_waits_longer_each_time_and_never_over_thirty_seconds() -> None:
    """0.2 s, 0.5 s, 1 s …; a paused channel doubles from half a second."""
    waits = [delay(n).total_seconds() for n in range(9)]
    assert waits == [0.2, 0.5, 1, 2, 5, 10, 20, 30, 30]
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 7, 20)] == [0.5, 1, 2, 30, 30]


def test_a_service_that_is_busy_for_a_second_is_no_outage(both: World) -> None:
    """Nobody is woken for it; the message waits, and leaves a second later."""
    put(both, "a")
    deliverer.turn(both.store, Pigeons({"a": Unreachable("no wind")}), both.now)
    later = deliverer.earliest(both.store, "pigeons")
    assert later is not None
    back = Pigeons()
    deliverer.turn(both.store, back, later)
    assert (back.carried, notices(both)) == (["a"], [])
