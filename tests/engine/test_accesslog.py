"""The access log: what was tried is in it, its hours are sealed, and nothing is lost in silence."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any, Literal

import pytest
from sqlalchemy import Executable, delete, select, update

from isms_workflow.engine import accesslog
from isms_workflow.engine.accesslog import Access, AccessLog
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.tables import accesses, audit, metadata

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SEALED = NOW + HOUR + 5 * MINUTE


def access(
    number: int = 0, outcome: Literal["GRANTED", "DENIED"] = "GRANTED", at: datetime = NOW
) -> Access:
    """Alice looks at something."""
    return Access(at, "alice", "read", f"/cycles/{number}", outcome)


def rows(store: Store) -> list[Any]:
    """The log as it stands."""
    with store.read() as conn:
        return list(conn.execute(select(accesses).order_by(accesses.c.id)))


def write(store: Store, *found: Access) -> None:
    """Accesses that have been written."""
    with AccessLog(store) as log:
        for each in found:
            log.record(each)


def seals(store: Store) -> list[dict[str, Any]]:
    """What the chain says about the log."""
    with store.read() as conn:
        sealed = select(audit.c.body).where(audit.c.kind == "chain.accesses").order_by(audit.c.seq)
        return [json.loads(body)["data"] for body in conn.execute(sealed).scalars()]


def damaged(store: Store, now: datetime = SEALED) -> list[datetime]:
    """The hours that don't hold what was sealed."""
    with store.read() as conn:
        return accesslog.damaged(conn, now)


def until(seen: Callable[[], bool]) -> None:
    """Wait for the log's thread, half a minute at most."""
    for _ in range(600):
        if seen():
            return
        time.sleep(0.05)
    raise AssertionError("the log's thread didn't get there")


def nowhere(tmp_path: Path) -> Store:
    """A database whose folder isn't there."""
    store = open_store(f"sqlite:///{tmp_path}/away/isms.db")
    (tmp_path / "away").rmdir()
    return store


def test_what_was_granted_is_written_by_the_time_the_log_is_closed(store: Store) -> None:
    """More than one group, from many threads, each row once and whole."""
    wanted = [access(number) for number in range(1000)]
    with AccessLog(store) as log, ThreadPoolExecutor(8) as pool:
        list(pool.map(log.record, wanted))
    found = {Access(row.at, row.person, row.action, row.resource, row.outcome) for row in rows(store)}
    assert found == set(wanted)
    assert len(rows(store)) == 1000


def test_what_was_denied_is_written_at_once(store: Store) -> None:
    """Before the person has their answer; also who isn't signed in, and an address longer than the column."""
    with AccessLog(store) as log:
        log.record(Access(NOW, None, "read", "/" + "x" * 500, "DENIED"))
        (row,) = rows(store)
    assert (row.person, row.outcome, len(row.resource)) == (None, "DENIED", 200)


def test_a_group_is_written_while_the_log_is_open(store: Store) -> None:
    """Without waiting for the next request, or for the end."""
    with AccessLog(store) as log:
        log.record(access())
        until(lambda: len(rows(store)) == 1)


def test_while_the_database_is_away_the_rows_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And are written when it is back, each once."""
    monkeypatch.setattr(accesslog, "PAUSE", 0.02)
    away = nowhere(tmp_path)
    with AccessLog(away) as log:
        for number in range(3):
            log.record(access(number))
        time.sleep(0.1)  # a few tries fail
        (tmp_path / "away").mkdir()
        metadata.create_all(away.engine)
        until(lambda: len(rows(away)) == 3)
    assert [row.resource for row in rows(away)] == ["/cycles/0", "/cycles/1", "/cycles/2"]


LOST: dict[str, tuple[Literal["GRANTED", "DENIED"], str]] = {
    "granted, when we close": ("GRANTED", "unable to open database file"),
    "denied, at once": ("DENIED", "unable to open database file"),
}


@pytest.mark.parametrize(("outcome", "reason"), LOST.values(), ids=LOST)
def test_what_cannot_be_written_is_told_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, outcome: Literal["GRANTED", "DENIED"], reason: str
) -> None:
    """With its reason, count and every row; and the person still gets their answer."""
    with AccessLog(nowhere(tmp_path)) as log:
        log.record(access(7, outcome))
    (told,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "1 accesses" in told.getMessage()
    assert reason in told.getMessage()
    assert "'alice'" in told.getMessage()
    assert "/cycles/7" in told.getMessage()
    assert told.__dict__["action"] == "accesslog.lost"


def test_a_row_that_the_database_refuses_is_told_and_the_next_are_written(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poisoned group isn't tried for ever."""
    monkeypatch.setattr(accesslog, "PAUSE", 0.02)
    with AccessLog(store) as log:
        log.record(Access(NOW, "x" * 36, "read", "/", "PERHAPS"))  # type: ignore[arg-type]
        until(lambda: "PERHAPS" in caplog.text)
        log.record(access(1))
        until(lambda: [row.resource for row in rows(store)] == ["/cycles/1"])


def test_an_hour_is_sealed_once_it_is_over(store: Store) -> None:
    """Count and digest are chained five minutes after its end; an hour without accesses isn't."""
    write(store, access(1), access(2, at=NOW + 59 * MINUTE), access(3, at=NOW + 3 * HOUR))
    assert accesslog.seal(store, SEALED - MINUTE) == 0
    assert accesslog.seal(store, SEALED) == 1
    assert accesslog.seal(store, SEALED) == 0
    assert accesslog.seal(store, SEALED + 9 * HOUR) == 1
    first, second = seals(store)
    assert (first["from"], first["until"]) == ("2026-03-12T09:00:00.000000Z", "2026-03-12T10:00:00.000000Z")
    assert (first["count"], second["count"], second["from"]) == (2, 1, "2026-03-12T12:00:00.000000Z")
    assert damaged(store, SEALED + 9 * HOUR) == []


def test_two_processes_seal_an_hour_once(store: Store) -> None:
    """However many clocks run, the chain has one digest an hour."""
    write(store, *(access(hour, at=NOW + hour * HOUR) for hour in range(3)))
    together = Barrier(4)

    def seal(_: int) -> int:
        together.wait()
        return accesslog.seal(store, NOW + 9 * HOUR)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(seal, range(4))) == 3
    assert [each["count"] for each in seals(store)] == [1, 1, 1]


ONE = accesses.c.resource == "/cycles/1"
DAMAGE: dict[str, Executable] = {
    "a row was removed": delete(accesses).where(ONE),
    "all were removed": delete(accesses),
    "a row was changed": update(accesses).where(ONE).values(person="bob"),
    "a denial was granted": update(accesses).where(accesses.c.outcome == "DENIED").values(outcome="GRANTED"),
    "a row was moved in time": update(accesses).where(ONE).values(at=NOW + MINUTE),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_to_a_sealed_hour_is_found(store: Store, damage: Executable) -> None:
    """Whatever was done to it, the hour is named."""
    write(store, access(1), access(2), access(3, "DENIED"))
    accesslog.seal(store, SEALED)
    assert damaged(store) == []
    with store.write() as tx:
        tx.execute(damage)
    assert damaged(store) == [NOW]


def test_a_row_that_comes_after_the_seal_is_no_damage(store: Store) -> None:
    """The database was away for longer than the grace: the row stands behind those that were sealed."""
    write(store, access(1), access(2))
    accesslog.seal(store, SEALED)
    write(store, access(3))
    assert damaged(store) == []
    assert len(rows(store)) == 3


def test_rows_go_after_400_days(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole hours, a batch at a time; what was purged is no damage, what is kept is still checked."""
    monkeypatch.setattr(accesslog, "PURGED_AT_ONCE", 2)
    write(store, *(access(number) for number in range(5)), access(9, at=NOW + HOUR))
    accesslog.seal(store, SEALED + HOUR)
    later = NOW + timedelta(days=400)
    assert accesslog.purge(store, later + 59 * MINUTE) == 0
    assert accesslog.purge(store, later + HOUR) == 5
    assert [row.resource for row in rows(store)] == ["/cycles/9"]
    assert damaged(store, later + HOUR) == []
