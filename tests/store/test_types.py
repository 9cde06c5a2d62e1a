"""Column types that both databases store alike: an instant is aware and UTC, whatever came and wherever it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime, insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from isms_workflow.store.database import Store
from isms_workflow.store.tables import programmes
from isms_workflow.store.types import Instant

SQLITE = sqlite.dialect()
NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def put(store: Store, at: datetime) -> None:
    """A row with an instant."""
    with store.write() as tx:
        tx.execute(insert(programmes).values(digest="p", files={}, applied_at=at, applied_by="maria"))


def test_it_comes_back_in_utc(store: Store) -> None:
    """To the microsecond."""
    put(store, datetime(2026, 3, 12, 14, 0, 0, 1, tzinfo=timezone(timedelta(hours=1))))
    with store.read() as conn:
        found = conn.execute(select(programmes.c.applied_at)).scalar_one()
    assert (found, found.tzinfo) == (datetime(2026, 3, 12, 13, 0, 0, 1, tzinfo=UTC), UTC)


def test_one_without_a_zone_is_refused(store: Store) -> None:
    """Nobody can say which instant that is."""
    with pytest.raises(StatementError, match="NaiveInstant"):
        put(store, datetime(2026, 3, 12, 12, 0))  # noqa: DTZ001  # that is the point
    with store.read() as conn:
        assert conn.execute(select(programmes.c.digest)).first() is None


def test_none_is_none(sqlite_store: Store) -> None:
    """A version that is in force was replaced at no instant."""
    put(sqlite_store, NOON)
    with sqlite_store.read() as conn:
        assert conn.execute(text("SELECT replaced_at FROM programmes")).scalar_one() is None


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1), timezones=ZONES))  # noqa: DTZ001  # hypothesis adds the zones
def test_sqlite_s_text_is_the_one_that_sqlalchemy_writes(at: datetime) -> None:
    """So that what was written before compares with what is written now."""
    ours, theirs = Instant().bind_processor(SQLITE), DateTime().dialect_impl(SQLITE).bind_processor(SQLITE)
    assert ours is not None
    assert theirs is not None
    assert ours(at) == theirs(at.astimezone(UTC).replace(tzinfo=None))
