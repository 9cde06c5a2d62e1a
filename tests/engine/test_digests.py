"""The daily digest: whose hour it is, what is in it, and the checkpoint that leaves the computer with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from isms_workflow.domain.people import Actor
from isms_workflow.domain.times import When
from isms_workflow.engine import digests, nightly, programmes
from isms_workflow.programme.load import parse
from isms_workflow.store import audit
from isms_workflow.store.audit import Checkpoint, make_key, read_checkpoints, write_checkpoint
from isms_workflow.store.schema import triggers
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import audit_head, audit_private, checkpoints, outbox, people
from tests.engine.incidents import report
from tests.world import World

EIGHT = datetime(2026, 1, 6, 8, tzinfo=UTC)


@pytest.fixture
def keyed(world: World, tmp_path: Path) -> World:
    """A world whose history names a key."""
    with world.store.write() as tx:
        audit.introduce(tx, make_key(tmp_path / "keys"), "operator", world.now)
    return world


def run(world: World, tmp_path: Path, now: datetime) -> int:
    """One hourly run."""
    return digests.run(world.store, tmp_path / "keys", tmp_path, now)


def queued(world: World) -> dict[str, str]:
    """Who got a digest, by first name, with its checkpoint."""
    with world.store.read() as conn:
        rows = conn.execute(select(outbox.c.payload)).scalars().all()
    return {world.name_of(row["to"]): row["about"]["checkpoint"] for row in rows if row.get("notice") == "digest"}


def test_each_person_gets_one_at_their_own_eight_o_clock(keyed: World, tmp_path: Path) -> None:
    """The run is hourly; the engine decides whose morning it is."""
    with keyed.store.write() as tx:
        tx.execute(update(people).where(people.c.id == keyed.ids["maria"]).values(zone="America/New_York"))
    keyed.open_cycle()
    run(keyed, tmp_path, EIGHT - timedelta(minutes=1))
    assert queued(keyed) == {}
    run(keyed, tmp_path, EIGHT)
    assert "ines" in queued(keyed)
    assert "maria" not in queued(keyed)
    run(keyed, tmp_path, EIGHT + timedelta(hours=5))
    assert "maria" in queued(keyed)


def test_a_date_is_told_once_and_a_missed_run_is_made_up_for(keyed: World, tmp_path: Path) -> None:
    """However often Prefect asks, and also when it asked too late."""
    keyed.open_cycle()
    assert run(keyed, tmp_path, EIGHT + timedelta(hours=3)) > 0
    assert run(keyed, tmp_path, EIGHT + timedelta(hours=4)) == 0
    assert run(keyed, tmp_path, EIGHT + timedelta(days=1)) > 0


def test_who_has_nothing_to_be_told_gets_none(keyed: World, tmp_path: Path) -> None:
    """No cycle, no news: only those who keep checkpoints hear of the day."""
    run(keyed, tmp_path, EIGHT)
    assert set(queued(keyed)) == {"maria", "ines", "olga"}


def test_an_incident_that_waits_is_told_to_those_who_answer_it(keyed: World, tmp_path: Path) -> None:
    """Reason enough for a digest, also to the ISMS manager; no news yet to anybody else."""
    report(keyed)
    run(keyed, tmp_path, EIGHT)
    assert set(queued(keyed)) == {"ben", "ravi", "maria", "ines", "olga"}  # the last two keep checkpoints


def test_isms_manager_and_auditors_get_a_signed_checkpoint(keyed: World, tmp_path: Path) -> None:
    """It leaves the computer, so that a chain cut short is found."""
    keyed.open_cycle()
    run(keyed, tmp_path, EIGHT)
    found = queued(keyed)
    assert {name for name, text in found.items() if text} == {"maria", "ines", "olga"}
    (tmp_path / "kept").write_text(found["olga"])
    (checkpoint,) = read_checkpoints(tmp_path / "kept")
    with keyed.store.read() as conn:
        assert audit.verify(conn, [checkpoint]).ok
    assert checkpoint.genuine


@pytest.fixture
def kept(keyed: World, tmp_path: Path) -> Path:
    """The file outside that this world's programme names."""
    with keyed.store.write() as tx:
        files = {**programmes.in_force(tx).programme.files, "audit.yaml": "checkpoint_file: outside/kept.jsonl\n"}
        programmes.apply(tx, parse(files), Actor("operator", "cli"), When.at(keyed.now))
    return tmp_path / "outside" / "kept.jsonl"


def told(world: World) -> list[str]:
    """What the operators were told."""
    with world.store.read() as conn:
        rows = conn.execute(select(outbox.c.payload)).scalars().all()
    return [row["about"]["what"] for row in rows if row.get("notice") == "operator_notice"]


def test_the_file_that_the_programme_names_gets_each_checkpoint(keyed: World, kept: Path, tmp_path: Path) -> None:
    """A line a day, none for a day without news, and all of them agree with the history."""
    for day, news in enumerate((True, True, False)):
        if news:
            nightly.verify(keyed.store, tmp_path, EIGHT + timedelta(days=day))
        run(keyed, tmp_path, EIGHT + timedelta(days=day))
    outside = read_checkpoints(kept)
    assert len(outside) == 2
    with keyed.store.read() as conn:
        assert audit.verify(conn, outside).ok
    assert told(keyed) == []


def test_a_history_shorter_than_its_checkpoints_is_told(keyed: World, kept: Path, tmp_path: Path) -> None:
    """Records were cut off, or an older backup came back: either way somebody has to know."""
    write_checkpoint(kept, Checkpoint(9_999, "0" * 64, keyed.now, "00", "00"))
    run(keyed, tmp_path, EIGHT)
    assert told(keyed) == ["the history is shorter than its checkpoints outside"]
    assert len(kept.read_text().splitlines()) == 1


def cut(world: World) -> int:
    """The last record vanishes, and everything in the database that knew of it; which one it was."""
    with world.store.write() as conn:
        for name in triggers(conn):
            conn.execute(text(f"DROP TRIGGER {name}"))
        size, _ = audit.head(conn)
        for table in (checkpoints, audit_private, records):
            conn.execute(delete(table).where(table.c.seq == size))
        left = conn.execute(select(records.c.hash).where(records.c.seq == size - 1)).scalar_one()
        conn.execute(update(audit_head).values(seq=size - 1, hash=left))
        assert audit.verify(conn).ok
    return size


def test_the_night_compares_the_history_with_the_file_outside(keyed: World, kept: Path, tmp_path: Path) -> None:
    """A history that agrees with itself, but not with what was kept, is told as a broken one."""
    run(keyed, tmp_path, EIGHT)
    assert nightly.verify(keyed.store, tmp_path / "elsewhere", EIGHT).ok
    run(keyed, tmp_path, EIGHT + timedelta(days=1))
    lost = cut(keyed)
    broken = nightly.verify(keyed.store, tmp_path, EIGHT + timedelta(days=2)).broken
    assert broken is not None
    assert (broken.seq, "the chain was cut short" in broken.problem) == (lost, True)
    assert told(keyed) == [f"the first bad record is {lost}"]


def test_a_file_that_cannot_be_read_is_told_at_night(keyed: World, kept: Path, tmp_path: Path) -> None:
    """And the history is verified all the same."""
    kept.parent.mkdir()
    kept.write_text("All is well.")
    assert nightly.verify(keyed.store, tmp_path, EIGHT).ok
    assert told(keyed) == ["the file for checkpoints can't be read"]


def test_a_file_that_nothing_was_written_to_gets_the_first_checkpoint(keyed: World, kept: Path, tmp_path: Path) -> None:
    """Whoever made it ready, or a full disk."""
    kept.parent.mkdir()
    kept.touch()
    run(keyed, tmp_path, EIGHT)
    assert (len(read_checkpoints(kept)), told(keyed)) == (1, [])


def test_a_file_that_cannot_be_written_is_told(keyed: World, kept: Path, tmp_path: Path) -> None:
    """And the digests go out all the same."""
    kept.mkdir(parents=True)
    run(keyed, tmp_path, EIGHT)
    assert told(keyed) == ["the file for checkpoints can't be written"]
    assert queued(keyed)


def test_without_a_key_the_digest_goes_without_a_checkpoint_and_the_operator_is_told(
    world: World, tmp_path: Path
) -> None:
    """What waits is told in any case."""
    world.open_cycle()
    run(world, tmp_path, EIGHT)
    assert queued(world)["maria"] == ""
    assert told(world) == ["no checkpoint can be signed"]


def test_somebody_who_has_left_gets_none(keyed: World, tmp_path: Path) -> None:
    """Neither today nor ever."""
    with keyed.store.write() as tx:
        tx.execute(update(people).where(people.c.id == keyed.ids["olga"]).values(deactivated_at=keyed.now))
    run(keyed, tmp_path, EIGHT)
    assert "olga" not in queued(keyed)
