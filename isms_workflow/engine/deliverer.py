"""The deliverer: carries effects out, at least once, after the commit that put them into the outbox.

A service that can't be reached pauses its channel and is tried for ever; a message that is refused
becomes a dead letter that somebody is told about. Any number of these processes may run.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, insert, update

from isms_workflow.domain.effects import Answer, Busy, Carried, EffectError, Elsewhere, Held, Unreachable, Unsent
from isms_workflow.domain.messages import MAIL
from isms_workflow.domain.records import AuditRecord, OutboxRecord
from isms_workflow.engine import notices, outbox, programmes, tries, unreached
from isms_workflow.engine.seams import Seam, reach
from isms_workflow.store import audit
from isms_workflow.store.database import Store, Transaction, notify
from isms_workflow.store.statements import outbox as questions
from isms_workflow.store.tables import channels

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=60)
"""How long a deliverer may take for a batch before another takes it over."""

CROWD, WIDE = 20, 2000
"""Where a batch has so many messages for one person, so many more that wait for them are taken with it, to be told
together, if the programme bundles them.
"""

KEPT = (Busy, Unreachable, Unsent, Elsewhere, Held)
"""Answers by which nothing is refused."""

CEILING = timedelta(seconds=30)
OUTAGE = timedelta(seconds=30)
"""How long a service must be away before somebody is told: a server that was busy for a second is no outage."""

DELAYS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between tries of a message whose receiver is busy; then the ceiling."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A claimed message; `queued_at` is when what it tells of was decided, `held` why it didn't leave at once."""

    id: str
    key: str
    case: str | None
    payload: Mapping[str, Any]
    sensitive: bool
    attempts: int
    queued_at: datetime
    urgency: str = "ordinary"
    held: str | None = None


class Channel(Protocol):
    """One way out. `carry` answers each effect in order: None or `Carried` if it was carried out, else why not."""

    name: str
    batch: int

    def carry(self, effects: Sequence[Effect], now: datetime) -> Sequence[Answer]:
        """Tries each once; never raises for one effect's sake. `Unreachable` may stand for all that follow."""

    def told_together(self, conn: Connection, effects: Sequence[Effect], now: datetime) -> Collection[str]:
        """The people to whom one letter would tell of several of these effects."""


def turn(store: Store, channel: Channel, now: datetime) -> bool:
    """Carry out one batch of a channel. True: there may be more; False: nothing could be taken."""
    effects = claim(store, channel, now)
    if not effects:
        return False
    reach(Seam.TAKEN)
    answers = channel.carry(effects, now)
    reach(Seam.SENT)
    settle(store, channel.name, list(zip(effects, answers, strict=True)), now)
    reach(Seam.SETTLED)
    return not any(isinstance(answer, Unreachable) for answer in answers)


def claim(store: Store, channel: Channel, now: datetime) -> list[Effect]:
    """Takes what is due for this channel, unless it is paused; nobody else sends it meanwhile."""
    with store.write() as tx:
        state = tx.execute(questions.channel(channel.name)).first()
        if state is not None and state.paused_until is not None and state.paused_until > now:
            return []
        rows = list(tx.execute(questions.claimable(channel.name, now, channel.batch)))
        crowd = [who for who, many in Counter(row.person for row in rows).items() if who and many >= CROWD]
        if crowd and programmes.flood(tx) is not None:
            rows += tx.execute(questions.claimable_of(channel.name, crowd, [row.id for row in rows], now, WIDE)).all()
        rows += _put_off(tx, channel, rows, now)
        if rows:
            tx.execute(questions.claim([row.id for row in rows], now + CLAIM))
    return [_effect(row) for row in rows]


def _put_off(tx: Transaction, channel: Channel, rows: Sequence[Any], now: datetime) -> Sequence[Any]:
    """What was put off for people to whom one letter tells of several of these: it goes with it, for each such letter puts off
    what comes after it.
    """
    persons = {row.person for row in rows if row.person}
    some = set(tx.execute(questions.who_waits(channel.name, persons, now)).scalars()) if persons else set()
    told = channel.told_together(tx, [_effect(row) for row in rows if row.person in some], now) if some else ()
    return tx.execute(questions.put_off(channel.name, told, now, WIDE)).all() if told else ()


def _effect(row: Any) -> Effect:
    return Effect(row.id, row.key, row.case_id, row.payload, row.sensitive, row.attempts, row.queued_at, row.urgency, row.held)


def settle(store: Store, channel: str, answered: Sequence[tuple[Effect, Answer]], now: datetime) -> None:
    """Writes down what became of each effect, and of the channel, in one transaction."""
    with store.write() as tx:
        outage = next((a for _, a in answered if isinstance(a, Unreachable)), None)
        _done(tx, [e for e, a in answered if a is None or isinstance(a, Carried)], now)
        for effect, answer in answered:
            if isinstance(answer, (Busy, Unreachable)):
                _later(tx, effect, answer, now)
            elif isinstance(answer, Unsent):
                _unsent(tx, effect, answer, now)
            elif isinstance(answer, Elsewhere):
                _by_mail(tx, effect, answer, now)
        held = [{"row_id": effect.id, "next": answer.until} for effect, answer in answered if isinstance(answer, Held)]
        if held:
            tx.execute(questions.hold(), held)
        dead = [(e, a) for e, a in answered if isinstance(a, EffectError) and not isinstance(a, KEPT)]
        _pause(tx, channel, outage, now) if outage else _reached(tx, channel)
        tries.keep(tx, channel, answered, now)
        _dead(tx, channel, dead, now)
        unreached.tell_of(tx, [e for e, _ in dead] + [e for e, a in answered if isinstance(a, Unsent)], now)


def _done(tx: Transaction, effects: Sequence[Effect], now: datetime) -> None:
    if effects:
        tx.execute(questions.settle(), [{"row_id": e.id, "at": now, "what": "sent", "why": None} for e in effects])
    _forget(tx, effects)


def _unsent(tx: Transaction, effect: Effect, why: Unsent, now: datetime) -> None:
    """There is nobody to carry it to: the row says so and why, and nobody needs to do anything."""
    log.info("Message %s stays here: %s", effect.key, why, extra={"action": "outbox.unsent"})
    tx.execute(questions.settle(), {"row_id": effect.id, "at": now, "what": "unsent", "why": str(why)[:500]})
    _forget(tx, [effect])


def _by_mail(tx: Transaction, effect: Effect, why: Elsewhere, now: datetime) -> None:
    """Its way is closed to it: rather by mail than never."""
    log.warning("Message %s goes by mail: %s", effect.key, why, extra={"action": "outbox.by_mail"})
    tx.execute(questions.by_mail(effect.id, MAIL, now))
    notify(tx)


def no_such_ways(store: Store, known: Collection[str], now: datetime) -> None:
    """What waits for ways that the settings name no more goes by mail; nothing of it waits for ever."""
    with store.write() as tx:
        for row in tx.execute(questions.elsewhere(known)).all():
            effect = Effect(row.id, row.key, row.case_id, row.payload, row.sensitive, row.attempts, row.queued_at)
            gone = Elsewhere(f"the settings name no way {row.channel!r}")
            _by_mail(tx, effect, gone, now)
            tries.keep(tx, row.channel, [(effect, gone)], now)


def _forget(tx: Transaction, effects: Sequence[Effect]) -> None:
    """What carries a secret keeps only its name and whom it was for, once it has left."""
    for effect in effects:
        if effect.sensitive:
            kept = {name: effect.payload.get(name) for name in ("notice", "to")}
            tx.execute(questions.forget(effect.id, {**kept, "about": {}}))


def _later(tx: Transaction, effect: Effect, answer: EffectError, now: datetime) -> None:
    wait = timedelta(0) if isinstance(answer, Unreachable) else delay(effect.attempts)
    tx.execute(questions.postpone(), {"row_id": effect.id, "next": now + wait, "why": str(answer)[:500]})


def _dead(tx: Transaction, channel: str, refused: Sequence[tuple[Effect, EffectError]], now: datetime) -> None:
    """Refused for good: told to the operator, unless it was itself such a notice, and recorded."""
    for effect, why in refused:
        log.error("Message %s was refused: %s", effect.key, why, extra={"action": "outbox.died"})
        tx.execute(questions.settle(), {"row_id": effect.id, "at": now, "what": "dead", "why": str(why)[:500]})
        if effect.payload.get("notice") != "operator_notice":
            about = {"channel": channel, "message": effect.id}
            outbox.put(tx, notices.to_operators(tx, "dead_letter", f"dead:{effect.id}:{effect.attempts}", about, now),
                       now)
    if refused:
        audit.append(tx, [AuditRecord(OutboxRecord.DIED, "deliverer", now, now, e.case, None,
                                      {"message": e.id, "channel": channel}) for e, _ in refused])


def _pause(tx: Transaction, channel: str, outage: Unreachable, now: datetime) -> None:
    """The whole channel waits; one notice tells the operator of an outage, however long it lasts."""
    state = tx.execute(questions.channel(channel)).first()
    failures = (state.failures if state else 0) + 1
    values = {"failures": failures, "paused_until": now + backoff(failures), "error": str(outage)[:500]}
    since = (state.failing_since if state else None) or now
    told = state is not None and state.noticed_at is not None and state.noticed_at >= since
    if state is None:
        tx.execute(insert(channels).values(name=channel, failing_since=since, **values))
    else:
        tx.execute(update(channels).where(channels.c.name == channel).values(failing_since=since, **values))
    if failures == 1:
        log.error("Channel %s is paused: %s", channel, outage, extra={"action": "outbox.paused"})
    if now - since >= OUTAGE and not told:
        tx.execute(update(channels).where(channels.c.name == channel).values(noticed_at=now))
        about = {"channel": channel}
        outbox.put(tx, notices.to_operators(tx, "unreachable", f"unreachable:{channel}:{now:%Y%m%d%H%M%S}", about, now),
                   now)


def _reached(tx: Transaction, channel: str) -> None:
    tx.execute(update(channels).where(channels.c.name == channel, channels.c.failures > 0).values(
        failures=0, failing_since=None, paused_until=None, error=None))


def send_again(tx: Transaction, message: str, actor: str, now: datetime) -> bool:
    """The operator has a dead letter tried again. False if it isn't dead."""
    if tx.execute(questions.revive(message, now)).rowcount != 1:
        return False
    audit.append(tx, [AuditRecord(OutboxRecord.REVIVED, actor, now, now, data={"message": message})])
    notify(tx)
    return True


def earliest(store: Store, channel: str) -> datetime | None:
    """When the channel has something to do next: the first message due, but not before its pause ends."""
    with store.read() as conn:
        due: datetime | None = conn.execute(questions.earliest(channel)).scalar()
        state = conn.execute(questions.channel(channel)).first()
    if due is None or state is None or state.paused_until is None:
        return due
    paused: datetime = state.paused_until
    return max(due, paused)


def delay(attempts: int) -> timedelta:
    """How long to wait before the next try of one message; capped at 30 s."""
    return timedelta(seconds=DELAYS[attempts]) if attempts < len(DELAYS) else CEILING


def backoff(failures: int) -> timedelta:
    """How long a channel pauses after so many failures in a row: 0.5 s, 1 s, 2 s … capped at 30 s."""
    return min(CEILING, timedelta(seconds=0.5 * 2 ** min(failures - 1, 10)))

