"""Questions about effects that wait to leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, not_, or_, select, update

from isms_workflow.domain.notification import FLOOD, QUIET
from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import cases, channels, outbox


def claimable(channel: str, now: datetime, limit: int) -> Select[Any]:
    """For a deliverer: messages to send now, oldest first; those another deliverer holds are skipped."""
    return (select(outbox)
            .where(outbox.c.settled_at.is_(None), outbox.c.channel == channel, outbox.c.due_at <= now,
                   or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until < now))
            .order_by(outbox.c.due_at, outbox.c.id).limit(limit)
            .with_for_update(skip_locked=True))


def claimable_of(channel: str, persons: Collection[str], but: Collection[str], now: datetime, limit: int) -> Select[Any]:
    """For a deliverer that meets many messages for one person: the others that wait for them as well."""
    return claimable(channel, now, limit).where(among(outbox.c.person, persons), not_(among(outbox.c.id, but)))


def put_off(channel: str, persons: Collection[str], now: datetime, limit: int) -> Select[Any]:
    """For a deliverer about to tell these people of several things in one letter: what else waits because there was very much."""
    return _put_off(select(outbox), channel, persons, now).order_by(outbox.c.due_at, outbox.c.id).limit(limit).with_for_update(
        skip_locked=True)


def who_waits(channel: str, persons: Collection[str], now: datetime) -> Select[Any]:
    """For a deliverer: which of these people something so waits for."""
    return _put_off(select(outbox.c.person).distinct(), channel, persons, now)


def _put_off(query: Select[Any], channel: str, persons: Collection[str], now: datetime) -> Select[Any]:
    return query.where(
        outbox.c.settled_at.is_(None), outbox.c.channel == channel, outbox.c.due_at > now, outbox.c.held == FLOOD,
        or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until < now), among(outbox.c.person, persons))


def claim(ids: Collection[str], until: datetime) -> Any:
    """For a deliverer: nobody else takes these before `until`."""
    return update(outbox).where(among(outbox.c.id, ids)).values(claimed_until=until)


def settle() -> Any:
    """For a deliverer: what became of a message that it had claimed."""
    return (update(outbox).where(outbox.c.id == bindparam("row_id"), outbox.c.settled_at.is_(None))
            .values(settled_at=bindparam("at"), outcome=bindparam("what"), error=bindparam("why"),
                    attempts=outbox.c.attempts + 1, claimed_until=None))


def forget(message: str, payload: Mapping[str, Any]) -> Any:
    """For a deliverer: a message with a secret keeps only this once it has left."""
    return update(outbox).where(outbox.c.id == message).values(payload=dict(payload))


def postpone() -> Any:
    """For a deliverer: not now, but at `next`, and why."""
    return (update(outbox).where(outbox.c.id == bindparam("row_id"), outbox.c.settled_at.is_(None))
            .values(due_at=bindparam("next"), error=bindparam("why"), attempts=outbox.c.attempts + 1,
                    claimed_until=None))


def hold() -> Any:
    """For a deliverer: not now, for there are many; it wasn't tried."""
    return (update(outbox).where(outbox.c.id == bindparam("row_id"), outbox.c.settled_at.is_(None))
            .values(due_at=bindparam("next"), held=FLOOD, claimed_until=None))


def quiet_until(person: str, at: datetime) -> Any:
    """For whoever chose other quiet hours: what these hold back leaves at this instant."""
    return (update(outbox).where(outbox.c.settled_at.is_(None), outbox.c.person == person, outbox.c.held == QUIET)
            .values(due_at=at))


def by_mail(message: str, mail: str, now: datetime) -> Any:
    """For a deliverer: another channel's message leaves as a mail, at once."""
    return (update(outbox).where(outbox.c.id == message, outbox.c.settled_at.is_(None))
            .values(channel=mail, due_at=now, claimed_until=None, attempts=outbox.c.attempts + 1))


def elsewhere(known: Collection[str], limit: int = 200) -> Select[Any]:
    """For a deliverer: what waits for channels that there are no more."""
    return (select(outbox).where(outbox.c.settled_at.is_(None), outbox.c.channel.not_in(known))
            .order_by(outbox.c.id).limit(limit).with_for_update(skip_locked=True))


def earliest(channel: str) -> Select[Any]:
    """For a deliverer: until when it may sleep."""
    return (select(outbox.c.due_at).where(outbox.c.settled_at.is_(None), outbox.c.channel == channel)
            .order_by(outbox.c.due_at).limit(1))


def dead(limit: int = 200) -> Select[Any]:
    """For the operator: what was refused."""
    return select(outbox).where(outbox.c.outcome == "dead").order_by(outbox.c.settled_at.desc()).limit(limit)


def waiting(limit: int = 200) -> Select[Any]:
    """For the operator: what has not left yet, oldest first."""
    return select(outbox).where(outbox.c.settled_at.is_(None)).order_by(outbox.c.queued_at).limit(limit)


def tally(now: datetime) -> Select[Any]:
    """For the health page: how many messages wait, by channel, and since when; what is held by rule isn't late before its instant."""
    held = and_(outbox.c.held.is_not(None), outbox.c.due_at > now)
    return (select(outbox.c.channel, func.count(), func.min(outbox.c.queued_at).filter(not_(held)))
            .where(outbox.c.settled_at.is_(None)).group_by(outbox.c.channel))


def revive(message: str, now: datetime) -> Any:
    """For the operator: a dead letter is tried again."""
    return (update(outbox).where(outbox.c.id == message, outbox.c.outcome == "dead")
            .values(settled_at=None, outcome=None, due_at=now, claimed_until=None))


def channel(name: str) -> Select[Any]:
    """For a deliverer: whether the channel as a whole is paused."""
    return select(channels).where(channels.c.name == name)


def channels_known() -> Select[Any]:
    """For the health page: the channels that ever failed, and whether they do."""
    return select(channels)


def dead_tally() -> Select[Any]:
    """For the health page: how many messages were refused, by channel."""
    return select(outbox.c.channel, func.count()).where(outbox.c.outcome == "dead").group_by(outbox.c.channel)


def cases_to_heal(now: datetime) -> Select[Any]:
    """For the deliverer: cases with work to do: a wake not yet read, or a lease that was never given back."""
    return (select(cases.c.id)
            .where(or_(cases.c.wake_wanted > cases.c.wake_seen, cases.c.lease_until < now))
            .order_by(cases.c.wake_at))
