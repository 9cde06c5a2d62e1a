"""What leaves the computer: checkpoints, the keys that sign them, and what they find out."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select, text, update

from isms_workflow.domain.records import ChainRecord
from isms_workflow.store import audit
from isms_workflow.store.audit import Checkpoint, CheckpointUnreadable, Key, KeyMissing, NothingToSign
from isms_workflow.store.audit.keys import handover, signed
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import audit_head, audit_private, checkpoints
from tests.store.audit.histories import HISTORY, MARIA, at, attacked, write_history
from tests.store.test_files import room_for

COUNT = len(HISTORY) + 1


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The keys folder of set-up."""
    return tmp_path / "keys"


@pytest.fixture
def key(keys: Path) -> Key:
    """The first key."""
    return audit.make_key(keys)


@pytest.fixture
def history(store: Store, key: Key) -> Store:
    """A store with the history and a checkpoint at its end."""
    write_history(store, key)
    return store


def last_checkpoint(store: Store) -> Checkpoint:
    """The newest that the database remembers."""
    with store.read() as conn:
        return audit.stored_checkpoints(conn)[-1]


def test_a_key_is_for_its_owner_only(keys: Path, key: Key) -> None:
    """Folder 0700, file 0600, and nothing of it in the database."""
    (file,) = keys.iterdir()
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert len(bytes.fromhex(key.public)) == 32


def test_the_key_that_signs_is_the_one_the_chain_names_last(history: Store, keys: Path, key: Key) -> None:
    """However many lie in the folder."""
    new = audit.make_key(keys)
    with history.read() as conn:
        assert audit.current_key(conn, keys).public == key.public
    with history.write() as tx:
        audit.rotate(tx, key, new, MARIA, at(70))
    with history.read() as conn:
        assert audit.current_key(conn, keys).public == audit.public_key(conn) == new.public


def test_before_set_up_there_is_no_key(store: Store, keys: Path) -> None:
    """The chain names none."""
    with store.read() as conn, pytest.raises(KeyMissing, match="finish set-up"):
        audit.current_key(conn, keys)


def test_a_lost_key_is_named_with_its_file(history: Store, keys: Path, key: Key) -> None:
    """So that the operator knows what to look for in the backup."""
    (file,) = keys.iterdir()
    file.unlink()
    with history.read() as conn, pytest.raises(KeyMissing, match=file.name):
        audit.current_key(conn, keys)


def test_another_key_under_that_name_does_not_sign(history: Store, keys: Path, key: Key) -> None:
    """The file must hold what the chain names."""
    (file,) = keys.iterdir()
    other = audit.make_key(keys.parent / "other")
    file.write_bytes((keys.parent / "other" / f"audit-{other.public[:16]}.pem").read_bytes())
    with history.read() as conn, pytest.raises(KeyMissing):
        audit.current_key(conn, keys)


DAMAGED = {
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:40]),
    "emptied": lambda file: file.write_bytes(b""),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_is_named_with_its_file(history: Store, keys: Path, key: Key, damage: Callable) -> None:
    """As one that is lost: the digest goes without a checkpoint, and the operator is told which file to put back."""
    (file,) = keys.iterdir()
    damage(file)
    with history.read() as conn, pytest.raises(KeyMissing, match=file.name):
        audit.current_key(conn, keys)


def test_a_checkpoint_made_during_a_handover_is_the_new_keys(history: Store, keys: Path, key: Key) -> None:
    """Whoever signs waits for the handover, and then takes the key that the chain names."""
    new = audit.make_key(keys)

    def sign() -> Checkpoint:
        with history.write() as tx:
            return audit.make_checkpoint(tx, audit.signing_key(tx, keys), at(90))

    with ThreadPoolExecutor(1) as other:
        with history.write() as tx:
            audit.rotate(tx, audit.signing_key(tx, keys), new, MARIA, at(70))
            made = other.submit(sign)
            time.sleep(0.3)  # by now it waits, or it was wrong
        assert made.result(10).key == new.public
    with history.read() as conn:
        assert audit.verify(conn).ok


def test_two_handovers_at_one_time_follow_each_other(history: Store, keys: Path, key: Key) -> None:
    """The second is signed by the key that the first brought."""
    def hand_over(_: int) -> None:
        new = audit.make_key(keys)
        with history.write() as tx:
            audit.rotate(tx, audit.signing_key(tx, keys), new, MARIA, at(70))

    with ThreadPoolExecutor(4) as others:
        list(others.map(hand_over, range(8)))
    with history.read() as conn:
        assert audit.verify(conn).ok


def test_a_rotation_is_a_record_signed_by_the_old_key(history: Store, keys: Path, key: Key) -> None:
    """Later checkpoints are the new key's; the chain verifies across the change."""
    new = audit.make_key(keys)
    with history.write() as tx:
        seq = audit.rotate(tx, key, new, MARIA, at(70))
        made = audit.make_checkpoint(tx, new, at(71))
    assert made.size == seq
    with history.read() as conn:
        assert audit.verify(conn).checkpoints == 2
        row = conn.execute(select(records).where(records.c.kind == ChainRecord.ROTATED)).one()
    assert row.seq == seq
    assert f'"key":"{new.public}","old":"{key.public}","signature":'.encode() in row.body


def test_a_key_that_nobody_vouched_for_is_found(history: Store, keys: Path) -> None:
    """A rotation signed by a key that isn't the chain's."""
    stranger, next_one = audit.make_key(keys), audit.make_key(keys)
    with history.write() as tx:
        seq = audit.rotate(tx, stranger, next_one, MARIA, at(70))
    with history.read() as conn:
        broken = audit.verify(conn).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (seq, "the key it names wasn't signed by the key before it")


def test_a_second_first_key_is_found(history: Store, keys: Path) -> None:
    """A chain has one beginning."""
    with history.write() as tx:
        seq = audit.introduce(tx, audit.make_key(keys), MARIA, at(70))
    with history.read() as conn:
        assert audit.verify(conn).broken.seq == seq


def test_a_checkpoint_of_an_unchanged_chain_is_the_one_of_before(history: Store, key: Key) -> None:
    """A digest a day on a quiet week adds nothing."""
    with history.write() as tx:
        assert audit.make_checkpoint(tx, key, at(600)) == last_checkpoint(history)


def test_an_empty_chain_has_no_checkpoint(store: Store, key: Key) -> None:
    """There is nothing to hold on to."""
    with store.write() as tx, pytest.raises(NothingToSign):
        audit.make_checkpoint(tx, key, at(0))


def test_a_checkpoint_travels_as_one_line(history: Store, tmp_path: Path) -> None:
    """Through a mail or a file, and back; the longest of several comes last."""
    checkpoint, file = last_checkpoint(history), tmp_path / "outside" / "checkpoints.jsonl"
    audit.write_checkpoint(file, checkpoint)
    audit.write_checkpoint(file, replace(checkpoint, size=3))
    assert len(file.read_text().splitlines()) == 2
    assert audit.read_checkpoints(file)[-1] == checkpoint
    assert audit.read_checkpoints(file)[-1].genuine


def test_a_line_for_which_there_is_no_room_leaves_the_others_readable(history: Store, tmp_path: Path) -> None:
    """Half a line would be glued to the next one, and the whole file lost."""
    checkpoint, file = last_checkpoint(history), tmp_path / "checkpoints.jsonl"
    for before in ([], [checkpoint]):
        length = file.stat().st_size if before else 0
        with room_for(length + 10), pytest.raises(OSError, match="File too large"):
            audit.write_checkpoint(file, checkpoint)
        assert audit.kept_checkpoints(file) == before
        audit.write_checkpoint(file, checkpoint)
    assert audit.read_checkpoints(file) == [checkpoint, checkpoint]


UNREADABLE = {
    "no file": (None, "line 1: it can't be read"),
    "nothing in it": ("\n", "line 1: it is empty"),
    "a sentence": ("{}\nAll is well.", "line 1: it isn't a checkpoint"),
    "a local time": ('{"at":"2026-03-12T14:00:00","format":1,"head":"","key":"","signature":"","size":1}', "NaiveInstant"),
    "a later format": ('{"format":2}', "line 1: format 2 is of a later release"),
    "a list": ("[1]", "line 1: it isn't a checkpoint"),
}


@pytest.mark.parametrize(("content", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    """With its line, and what one looks like."""
    file = tmp_path / "checkpoints.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CheckpointUnreadable) as refusal:
        audit.read_checkpoints(file)
    assert said in str(refusal.value)
    assert '"signature":' in str(refusal.value)


def cut(conn: Connection) -> None:
    """The last two records vanish, and everything in the database that knew of them."""
    conn.execute(delete(checkpoints))
    conn.execute(delete(records).where(records.c.seq > COUNT - 2))
    last = conn.execute(select(records).order_by(records.c.seq.desc()).limit(1)).one()
    conn.execute(update(audit_head).values(seq=last.seq, hash=last.hash))


def written_anew(conn: Connection) -> None:
    """The whole history again, with another approval; every hash, link and the head are right."""
    first = conn.execute(select(records.c.body).where(records.c.seq == 1)).scalar_one()
    for table in (checkpoints, audit_private, records):
        conn.execute(delete(table))
    conn.execute(update(audit_head).values(seq=0, hash="0" * 64))
    public = first.decode().split('"key":"')[1][:64]
    keyed = replace(HISTORY[1], kind=ChainRecord.KEYED, data={"key": public})
    audit.append(conn, [keyed, *HISTORY[:-1], replace(HISTORY[-1], data={"digest": "cd" * 32})])


BEHIND = {
    "the tail is cut off": (cut, COUNT - 1, f"the chain was cut short: the checkpoint of 2026-03-12 14:00 UTC knows {COUNT}"),
    "all is written anew": (written_anew, COUNT, "knows another hash: this record, or some before it, were rewritten"),
}


@pytest.mark.parametrize(("attack", "seq", "said"), BEHIND.values(), ids=BEHIND)
def test_only_a_checkpoint_outside_finds_it(history: Store, attack: Callable, seq: int, said: str) -> None:
    """Whoever may write everything in the database makes a history that agrees with itself, but not with the mail."""
    outside = last_checkpoint(history)
    with attacked(history) as conn:
        attack(conn)
        assert audit.verify(conn).ok
        broken = audit.verify(conn, [outside]).broken
    assert broken is not None
    assert broken.seq == seq
    assert said in broken.problem


def test_a_later_checkpoint_of_the_rewritten_history_hides_nothing(history: Store, key: Key, tmp_path: Path) -> None:
    """The next morning's checkpoint, added to the same file, agrees with the forgery; the one before doesn't."""
    file = tmp_path / "checkpoints.jsonl"
    audit.write_checkpoint(file, last_checkpoint(history))
    with attacked(history) as conn:
        written_anew(conn)
        audit.append(conn, HISTORY[:1])
        audit.write_checkpoint(file, audit.make_checkpoint(conn, key, at(90)))
        broken = audit.verify(conn, audit.read_checkpoints(file)).broken
    assert broken is not None
    assert broken.seq == COUNT
    assert "knows another hash" in broken.problem


def test_a_checkpoint_kept_outside_agrees_with_an_honest_chain(history: Store, key: Key) -> None:
    """Also when the chain has grown since."""
    outside = last_checkpoint(history)
    with history.write() as tx:
        audit.append(tx, HISTORY)
    with history.read() as conn:
        assert audit.verify(conn, [outside]).checkpoints == 2


FALSE = {
    "another size": ({"size": 3}, "has a wrong signature"),
    "another hash": ({"head": "00" * 32}, "has a wrong signature"),
    "another day": ({"at": at(99)}, "has a wrong signature"),
    "no signature": ({"signature": "none"}, "has a wrong signature"),
}


@pytest.mark.parametrize(("change", "said"), FALSE.values(), ids=FALSE)
def test_a_false_checkpoint_says_so(history: Store, change: dict, said: str) -> None:
    """It must not pass for a broken chain, nor for a good one."""
    with history.read() as conn:
        verdict = audit.verify(conn, [replace(last_checkpoint(history), **change)])
    assert said in verdict.broken.problem


def test_a_strangers_checkpoint_says_so(history: Store, keys: Path) -> None:
    """Well signed, but by a key that the chain never named."""
    with history.write() as tx:
        tx.execute(text("SELECT 1"))
        audit.append(tx, HISTORY[:1])
        made = audit.make_checkpoint(tx, audit.make_key(keys), at(80))
    assert made.genuine
    with history.read() as conn:
        assert "wasn't the chain's" in audit.verify(conn).broken.problem


def test_a_signature_says_who_and_what(key: Key) -> None:
    """Neither another message nor rubbish passes."""
    message = handover("a", "b")
    assert signed(key.public, key.sign(message), message)
    assert not signed(key.public, key.sign(message), handover("a", "c"))
    assert not signed("zz", key.sign(message), message)
    assert not signed(key.public, "", message)
