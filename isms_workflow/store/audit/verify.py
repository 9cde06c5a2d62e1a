"""Reading the whole chain again, doubting every byte of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from isms_workflow.domain.records import ChainRecord, PersonRecord
from isms_workflow.store.audit.chain import FORMAT, NOTHING, commitment, digest
from isms_workflow.store.audit.checkpoints import Checkpoint, CheckpointUnreadable, stored_checkpoints
from isms_workflow.store.audit.keys import handover, signed
from isms_workflow.store.audit.reading import Row, any_text, bodies, records
from isms_workflow.store.tables import audit, audit_head, audit_private

LINK = b'","prev":"%b","private":{'
"""How a record's bytes name the hash before; inside a text a quotation mark would stand escaped."""

KEYED = frozenset({ChainRecord.KEYED.value, ChainRecord.ROTATED.value})
ERASURE = PersonRecord.ERASED.value
COLUMNS = ("seq", "kind", "case", "subject", "actor", "happened", "noticed")


@dataclass(frozen=True)
class Broken:
    """The first record that is not as it was written, and what is wrong with it."""

    seq: int
    problem: str

    def __str__(self) -> str:
        return f"record {self.seq}: {self.problem}"


@dataclass(frozen=True)
class Verdict:
    """What a verification found; `broken` is None if every record is as it was written.

    `records` and `head` tell how far it came; `private` values beside the chain matched their commitments, `erased`
    ones are gone on purpose; `checkpoints` were signed by the chain's own keys and agree with it.
    """

    records: int
    head: str
    private: int = 0
    erased: int = 0
    checkpoints: int = 0
    broken: Broken | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.broken is None

    def __str__(self) -> str:
        if self.broken is not None:
            return f"The history is NOT intact. First bad record: {self.broken}."
        return (
            f"The history is intact: {self.records} records, last hash {self.head}; {self.private} private values "
            f"match, {self.erased} were erased; {self.checkpoints} checkpoints agree."
        )


def verify(conn: Connection, outside: Iterable[Checkpoint] = ()) -> Verdict:
    """Compares stored bytes with columns, re-hashes, follows every link, and names the first bad record.

    Streams: memory doesn't grow with the chain. `outside` are checkpoints kept elsewhere; without them a tail that
    was cut off together with head and checkpoints can't be noticed. Call it within one read transaction.
    """
    kept = list(outside)
    try:
        return _verified(conn, kept)
    except (sqlite3.OperationalError, OperationalError):  # the first comes from beneath SQLAlchemy
        with any_text(conn):  # if it was text that isn't UTF-8, then this names it; slower, so not at once
            return _verified(conn, kept)


def _verified(conn: Connection, outside: Sequence[Checkpoint]) -> Verdict:
    walk = _Walk(conn)
    broken = walk.through() or _wrong_end(conn, walk) or _unrecorded(conn, walk)
    agreed = 0
    if broken is None:
        broken, agreed = _held_against(conn, walk, outside)
    return Verdict(walk.seq, walk.previous, walk.private, walk.erased, agreed, broken)


def _held_against(conn: Connection, walk: _Walk, outside: Sequence[Checkpoint]) -> tuple[Broken | None, int]:
    """The first record at which a checkpoint disagrees, and how many agree."""
    try:
        kept = [*stored_checkpoints(conn), *outside]
    except CheckpointUnreadable as error:
        return Broken(error.line, "the checkpoint that is stored for it can't be read"), 0
    found = sorted(_disagreeing(conn, walk, kept), key=lambda each: each.seq)
    return (found[0] if found else None), len(kept) - len(found)


def bytes_and_links(conn: Connection) -> Broken | None:
    """Re-hashes and follows the links only: whether the stored bytes are the ones that the head stands for."""
    seq, previous = 0, NOTHING
    for rows in bodies(conn):
        for (body,) in rows:
            seq += 1
            if LINK % previous.encode() not in body:
                return Broken(seq, _UNLINKED)
            previous = sha256(b"\x00" + body).hexdigest()
    return None if _heads(conn) == [(seq, previous)] else Broken(seq + 1, _HEADLESS)


def _heads(conn: Connection) -> list[tuple[int, str]]:
    """One, if nobody meddled."""
    return [tuple(row) for row in conn.execute(select(audit_head.c.seq, audit_head.c.hash))]


_UNLINKED = "it doesn't follow from the record before it: one of the two was changed, or some between were removed"
_HEADLESS = "the chain's head names another end: records were cut off, or added past the head"


@dataclass
class _Walk:
    """How far we came; `seq` and `previous` are those of the last good record."""

    conn: Connection
    seq: int = 0
    previous: str = NOTHING
    private: int = 0
    erased: int = 0
    keys: list[tuple[int, str]] = field(default_factory=list)
    erasures: set[str] = field(default_factory=set)

    def through(self) -> Broken | None:
        """To the end, or to the first bad record."""
        for rows in records(self.conn):
            start = self.seq
            broken, committed = self._rows(rows)
            wrong = self._beside(start, committed)
            if wrong is not None and (broken is None or wrong.seq < broken.seq):
                return wrong
            if broken is not None:
                return broken
        return None

    def _rows(self, rows: Sequence[Row]) -> tuple[Broken | None, dict[int, Mapping[str, str]]]:
        """One flat loop, because it runs a million times; what exactly is wrong is found out afterwards."""
        committed: dict[int, Mapping[str, str]] = {}
        seq, previous = self.seq, self.previous
        for row in rows:
            number, body, stored, kind, case, subject, actor, happened, noticed = row
            try:
                found = orjson.loads(body)
                good = (number == found["seq"] == seq + 1 and sha256(b"\x00" + body).hexdigest() == stored
                        and found["prev"] == previous and found["kind"] == kind and found["case"] == case
                        and found["subject"] == subject and found["actor"] == actor
                        and found["happened"] == happened and found["noticed"] == noticed
                        and found["format"] == FORMAT and type(found["private"]) is dict
                        and (kind not in KEYED or self._learn(number, found["data"])))
            except (ValueError, TypeError, KeyError, AttributeError):
                good = False
            if not good:
                self.seq, self.previous = seq, previous
                return Broken(seq + 1, _problem(row, seq + 1, previous)), committed
            if found["private"]:
                committed[number] = found["private"]
            if kind == ERASURE:
                self.erasures.add(subject)
            seq, previous = number, stored
        self.seq, self.previous = seq, previous
        return None, committed

    def _learn(self, seq: int, data: Mapping[str, Any]) -> bool:
        """Takes over the key that a record names, if that was the key's to hand over."""
        key, old, signature = str(data.get("key")), str(data.get("old")), str(data.get("signature"))
        vouched = old == self.keys[-1][1] and signed(old, signature, handover(old, key)) if self.keys else True
        if vouched:
            self.keys.append((seq, key))
        return vouched

    def _beside(self, start: int, committed: Mapping[int, Mapping[str, str]]) -> Broken | None:
        """Compares the values beside the last batch of records with their commitments."""
        found: dict[int, dict[str, tuple[str | None, str | None, bool]]] = {}
        kept = audit_private.c
        for row in self.conn.execute(
            select(kept.seq, kept.field, kept.salt, kept.value, kept.erased_at.is_not(None).label("marked"))
            .where(kept.seq > start, kept.seq <= self.seq)
        ):
            found.setdefault(row.seq, {})[row.field] = row.salt, row.value, row.marked
        for seq in sorted(found.keys() | committed.keys()):
            problem = self._compare(committed.get(seq, {}), found.get(seq, {}))
            if problem:
                return Broken(seq, problem)
        return None

    def _compare(self, committed: Mapping[str, str],
                 found: Mapping[str, tuple[str | None, str | None, bool]]) -> str | None:
        if odd := sorted(committed.keys() ^ found.keys(), key=str):
            return f"its private field {odd[0]!r} " + ("was removed" if odd[0] in committed else "was added later")
        for name, (salt, value, marked) in found.items():
            if salt is not None and value is not None:
                if marked or not _matches(salt, value, committed[name]):
                    return f"its private field {name!r} isn't what was written"
                self.private += 1
            elif not marked:
                return f"its private field {name!r} is gone, but not by an erasure"
            else:
                self.erased += 1
        return None


def _matches(salt: str, value: str, committed: str) -> bool:
    try:
        return commitment(bytes.fromhex(salt), value) == committed
    except (ValueError, TypeError, AttributeError):
        return False


def _problem(row: Row, seq: int, previous: str) -> str:
    """In words, what is wrong with a record of which it is known that something is."""
    number, body, stored = row[:3]
    if number != seq:
        return "it is missing"
    if not isinstance(body, bytes) or digest(body) != stored:
        return "its bytes don't have its hash: one of the two was changed"
    try:
        return _meaning(orjson.loads(body), (number, *row[3:]), previous)
    except (ValueError, TypeError, KeyError, AttributeError):
        return "its bytes aren't a record"


def _meaning(found: Mapping[str, Any], columns: Row, previous: str) -> str:
    if not isinstance(found["private"], dict) or not isinstance(found["data"], dict):
        raise TypeError
    if found["format"] != FORMAT:
        return f"its format {found['format']!r} is of a later release"
    if found["prev"] != previous:
        return _UNLINKED
    for name, value in zip(COLUMNS, columns, strict=True):
        if found[name] != value:
            return f"its bytes and columns differ in {name} (column {value!r}, bytes {found[name]!r})"
    return "the key it names wasn't signed by the key before it"


def _wrong_end(conn: Connection, walk: _Walk) -> Broken | None:
    if _heads(conn) != [(walk.seq, walk.previous)]:
        return Broken(walk.seq + 1, _HEADLESS)
    stray = conn.execute(
        select(audit_private.c.seq).where((audit_private.c.seq > walk.seq) | (audit_private.c.seq < 1)).limit(1)
    ).scalar()
    return None if stray is None else Broken(stray, "a private field stands beside no record")


def _unrecorded(conn: Connection, walk: _Walk) -> Broken | None:
    """The first private value that was emptied though the history knows of no erasure of the person it is about.

    The triggers let a value be emptied; that it was an erasure, and whose, only the history can say.
    """
    rows = conn.execute(
        select(audit_private.c.person, func.min(audit_private.c.seq).label("first"))
        .where(audit_private.c.value.is_(None)).group_by(audit_private.c.person).order_by("first"))
    return next((Broken(row.first, "a private value beside it was emptied, but no erasure of its person is recorded")
                 for row in rows if row.person not in walk.erasures), None)


def _disagreeing(conn: Connection, walk: _Walk, kept: Sequence[Checkpoint]) -> Iterator[Broken]:
    """Where the chain isn't what a checkpoint holds on to."""
    for each in kept:
        of = f"the checkpoint of {each.at:%Y-%m-%d %H:%M} UTC"
        if not each.genuine:
            yield Broken(each.size, f"{of} has a wrong signature")
        elif each.key != _key_at(walk.keys, each.size):
            yield Broken(each.size, f"{of} was signed by a key that wasn't the chain's")
        elif each.size > walk.seq:
            yield Broken(walk.seq + 1, f"the chain was cut short: {of} knows {each.size} records")
        elif conn.execute(select(audit.c.hash).where(audit.c.seq == each.size)).scalar() != each.head:
            yield Broken(each.size, f"{of} knows another hash: this record, or some before it, were rewritten")


def _key_at(keys: Sequence[tuple[int, str]], size: int) -> str | None:
    return next((key for seq, key in reversed(keys) if seq <= size), None)
