"""Appending to the chain: canonical bytes, their hash, and beside them what may be erased."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Select, select

from isms_workflow.domain.records import AuditRecord
from isms_workflow.domain.times import iso
from isms_workflow.errors import IsmsError
from isms_workflow.store.bulk import Moves, Rows, write_all
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import audit, audit_head, audit_private

FORMAT = 1
"""What `format` says in every record written today."""

NOTHING = "0" * 64
"""The hash before the first record."""

LARGEST = 2**53 - 1
"""Beyond it, readers that hold numbers as doubles (RFC 8785 does) would see another integer."""

BACKWARDS = "clock_went_back_s"
"""Under this name a record says by how many seconds the computer's clock had gone back before it."""

TOLERANCE = timedelta(seconds=60)
"""Who waited for the lock noticed earlier than who held it: less than this is no clock that went backwards."""

AGENT_LENGTH = 36
"""Of an id, or of the name of an agent that is no person."""


class RecordRefused(IsmsError):
    """A record holds what the history can't; a mistake in the programme text that wrote it, not a user's."""

    status = 500

    def __init__(self, kind: str, where: str, problem: str) -> None:
        super().__init__(kind, where, problem)
        self.kind, self.where, self.problem = kind, where, problem

    def __str__(self) -> str:
        return (
            f"The record {self.kind} is refused: {self.where} {self.problem}. A record holds text, true, false, "
            "null and integers below 2^53, under short ASCII names."
        )


def append(tx: Transaction, records: Sequence[AuditRecord],
           beside: Callable[[Sequence[int]], Iterable[Rows | Moves]] = lambda _: ()) -> list[int]:
    """Chains the records in order and gives back their sequence numbers, without a gap.

    Takes the lock that all writers share (the head), so it comes last in a transaction; what names the numbers is
    written along: `beside` makes it. Raises `RecordRefused` if a record holds what the history can't, and as `write_all`;
    then nothing is written.
    """
    if not records:
        return []
    last = tx.execute(_locked_head()).one()
    batch = Batch(last.seq, last.hash)
    for record in [marked(records[0], last.noticed_at), *records[1:]]:
        batch.add(record)
    seqs = list(range(last.seq + 1, batch.seq + 1))
    write_all(tx, (Rows(audit, batch.rows), Rows(audit_private, batch.private), *beside(seqs), batch.head))
    return seqs


def head(conn: Connection) -> tuple[int, str]:
    """The last record's number and hash; (0, 64 zeros) before the first."""
    row = conn.execute(select(audit_head.c.seq, audit_head.c.hash)).one()
    return row.seq, row.hash


def locked_head(tx: Transaction) -> tuple[int, str]:
    """The head, held until the transaction ends: whoever comes next waits. SQLite's writers are alone already."""
    row = tx.execute(_locked_head()).one()
    return row.seq, row.hash


@cache
def _locked_head() -> Select[tuple[int, str, datetime]]:
    return select(audit_head.c.seq, audit_head.c.hash, audit_head.c.noticed_at).with_for_update()


def marked(record: AuditRecord, before: datetime | None) -> AuditRecord:
    """The record, saying so in its data if the clock went backwards between `before` and its own instant."""
    if before is None or before - record.noticed < TOLERANCE:
        return record
    return replace(record, data={**record.data, BACKWARDS: int((before - record.noticed).total_seconds())})


def digest(body: bytes) -> str:
    """The hash of a record: SHA-256 over 0x00 and its bytes, so that a tree's inner nodes can never equal one."""
    return sha256(b"\x00" + body).hexdigest()


def new_salt() -> bytes:
    """32 random bytes; once they are gone nobody can find the value by guessing."""
    return secrets.token_bytes(32)


def commitment(salt: bytes, value: str) -> str:
    """What the chain holds instead of `value`: SHA-256(salt ‖ its UTF-8), as 64 hexadecimal digits."""
    return sha256(salt + value.encode()).hexdigest()


@dataclass
class Batch:
    """Rows in the making; `seq` and `previous` are the last one's."""

    seq: int
    previous: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    private: list[dict[str, Any]] = field(default_factory=list)
    _instants: dict[datetime, str] = field(default_factory=dict)

    def add(self, record: AuditRecord) -> None:
        """Chains one more. Raises `RecordRefused`."""
        check(record)
        self.seq += 1
        content = {
            "format": FORMAT, "seq": self.seq, "kind": record.kind.value, "actor": record.actor, "case": record.case,
            "subject": record.subject, "happened": self._iso(record.happened), "noticed": self._iso(record.noticed),
            "data": record.data if type(record.data) is dict else dict(record.data),
            "private": self._commit(record) if record.private else {}, "prev": self.previous,
        }
        body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        self.previous = digest(body)
        self.rows.append({
            "seq": self.seq, "kind": record.kind.value, "case_id": record.case, "subject": record.subject,
            "actor": record.actor, "happened_at": record.happened, "noticed_at": record.noticed, "body": body,
            "hash": self.previous,
        })

    @property
    def head(self) -> Rows:
        """The chain's end behind the last of them, in the place of the one that is there."""
        row = {"id": 1, "seq": self.seq, "hash": self.previous, "noticed_at": self.rows[-1]["noticed_at"]}
        return Rows(audit_head, [row], "id", ("seq", "hash", "noticed_at"))

    def _iso(self, instant: datetime) -> str:
        text = self._instants.get(instant)  # most of a batch was noticed at one instant
        if text is None:
            text = self._instants[instant] = iso(instant)
        return text

    def _commit(self, record: AuditRecord) -> dict[str, str]:
        commitments = {}
        for name, value in record.private.items():
            salt = record.salts.get(name) or new_salt()
            commitments[name] = commitment(salt, value)
            self.private.append({"seq": self.seq, "field": name, "person": _whose(record), "salt": salt.hex(),
                                 "value": value, "erased_at": None})
        return commitments


def _whose(record: AuditRecord) -> str | None:
    whose = record.about or record.actor
    return whose if len(whose) == AGENT_LENGTH else None  # an agent is nobody whose data could be erased


def check(record: AuditRecord) -> None:
    """Raises `RecordRefused` if the record holds what the history can't."""
    for name, text in (("actor", record.actor), ("case", record.case), ("subject", record.subject)):
        if text is not None and not 0 < len(text) <= AGENT_LENGTH:
            raise RecordRefused(record.kind, name, f"is {len(text)} characters long, of 1 to {AGENT_LENGTH}")
        if text is not None and not text.isascii():
            raise RecordRefused(record.kind, name, "is not ASCII")
    if record.data:
        _check_data(record.kind, record.data)
    if record.private:
        _check_private(record.kind, record.private)


def _check_data(kind: str, data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        _check_name(kind, name)
        if isinstance(value, str):
            _check_text(kind, name, value)
        elif isinstance(value, int):
            if abs(value) > LARGEST:
                raise RecordRefused(kind, name, "is an integer of 2^53 or more")
        elif value is not None:
            raise RecordRefused(kind, name, f"is a {type(value).__name__}")


def _check_private(kind: str, private: Mapping[str, Any]) -> None:
    for name, value in private.items():
        _check_name(kind, name)
        if not isinstance(value, str):
            raise RecordRefused(kind, name, f"is a {type(value).__name__}, and private fields are text")
        _check_text(kind, name, value)


def _check_name(kind: str, name: Any) -> None:
    if not isinstance(name, str) or not name.isascii() or not 0 < len(name) <= 60:
        raise RecordRefused(kind, f"the name {name!r}", "is not 1 to 60 ASCII characters")


def _check_text(kind: str, name: str, value: str) -> None:
    if value.isascii() and "\x00" not in value:
        return
    if "\x00" in value:  # PostgreSQL's text can't hold it
        raise RecordRefused(kind, name, "holds a null character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RecordRefused(kind, name, "holds half of a surrogate pair, which UTF-8 can't") from None
