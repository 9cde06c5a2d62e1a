"""Checkpoints: how long the chain was, its last hash, when, and who says so. They leave the computer."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from isms_workflow.domain.times import NaiveInstant, from_iso, iso
from isms_workflow.errors import IsmsError
from isms_workflow.store.audit.chain import head
from isms_workflow.store.audit.keys import Key, signed
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import checkpoints


class NothingToSign(IsmsError):
    """The chain is empty: there is nothing that a checkpoint could hold on to."""

    status = 409

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "The history is empty: finish set-up first, then there is something to make a checkpoint of."


class CheckpointUnreadable(IsmsError):
    """A file given as checkpoints isn't one."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(file, line, problem)
        self.file, self.line, self.problem = file, line, problem

    def __str__(self) -> str:
        return (
            f"{self.file}, line {self.line}: {self.problem}. A checkpoint is one line as the daily digest shows it: "
            '{"at":…,"format":1,"head":…,"key":…,"signature":…,"size":…}.'
        )


@dataclass(frozen=True)
class Checkpoint:
    """`size` records, the last of which has the hash `head`, at an instant (UTC); `key` is public, `signature` hex."""

    size: int
    head: str
    at: datetime
    key: str
    signature: str

    @property
    def genuine(self) -> bool:
        """Whether the holder of `key` signed exactly this."""
        return signed(self.key, self.signature, _message(self.size, self.head, self.at, self.key))

    def text(self) -> str:
        """One line of JSON, for mails and files outside."""
        return json.dumps({"format": 1, "size": self.size, "head": self.head, "at": iso(self.at), "key": self.key,
                           "signature": self.signature}, sort_keys=True, separators=(",", ":"))


def make_checkpoint(tx: Transaction, key: Key, now: datetime) -> Checkpoint:
    """Signs the chain as it stands and remembers it. The one of before, if nothing was written since.

    `key` is to be `signing_key`'s, within the same transaction. Raises `NothingToSign` if the chain is empty.
    """
    size, last = head(tx)
    if size == 0:
        raise NothingToSign
    known = tx.execute(select(checkpoints).where(checkpoints.c.seq == size)).one_or_none()
    if known is not None:
        return Checkpoint(known.seq, known.hash, known.at, known.key, known.signature)
    made = Checkpoint(size, last, now, key.public, key.sign(_message(size, last, now, key.public)))
    tx.execute(insert(checkpoints).values(seq=size, hash=last, at=now, key=made.key, signature=made.signature))
    return made


def stored_checkpoints(conn: Connection) -> list[Checkpoint]:
    """Every checkpoint that the database remembers, oldest first. Raises `CheckpointUnreadable`, its record as line."""
    found = []
    for seq in conn.execute(select(checkpoints.c.seq).order_by(checkpoints.c.seq)).scalars().all():
        try:
            row = conn.execute(select(checkpoints).where(checkpoints.c.seq == seq)).one()
        except (ValueError, TypeError) as error:  # its instant is none
            raise CheckpointUnreadable("The table checkpoints", seq, f"it isn't a checkpoint ({error})") from error
        found.append(Checkpoint(row.seq, str(row.hash), row.at, str(row.key), str(row.signature)))
    return found


def write_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Adds the checkpoint's line to a file, on disk when this returns; what can't take all of it stays as it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    line = checkpoint.text().encode() + b"\n"
    with file.open("ab", buffering=0) as out:  # no buffer, whose rest would be written after all on closing
        before = out.tell()
        try:
            while line:
                line = line[out.write(line):]
            os.fsync(out.fileno())
        except BaseException:
            out.truncate(before)  # the next line would be glued to half a one, and no line could be read any more
            raise


def read_checkpoints(file: Path) -> list[Checkpoint]:
    """Every checkpoint of a file, shortest first: one that came after a forgery agrees with it, those before don't.

    Raises `CheckpointUnreadable`, naming the line; whether they are genuine, and true, is for `verify` to say.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointUnreadable(str(file), 1, f"it can't be read ({error})") from error
    found = [_parse(str(file), number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise CheckpointUnreadable(str(file), 1, "it is empty")
    return sorted(found, key=lambda each: each.size)


def kept_checkpoints(file: Path) -> list[Checkpoint]:
    """As `read_checkpoints`, but none of a file that isn't there yet, or that nothing was written to.

    Raises `CheckpointUnreadable`.
    """
    try:
        begun = file.exists() and file.stat().st_size > 0
    except OSError as error:
        raise CheckpointUnreadable(str(file), 1, f"it can't be read ({error})") from error
    return read_checkpoints(file) if begun else []


def _parse(file: str, number: int, line: str) -> Checkpoint:
    try:
        found = json.loads(line)
        if found["format"] != 1:
            raise CheckpointUnreadable(file, number, f"format {found['format']!r} is of a later release")
        return Checkpoint(int(found["size"]), str(found["head"]), from_iso(found["at"]), str(found["key"]),
                          str(found["signature"]))
    except (ValueError, KeyError, TypeError, NaiveInstant) as error:
        raise CheckpointUnreadable(file, number, f"it isn't a checkpoint ({error!r})") from error


def _message(size: int, head_hash: str, at: datetime, key: str) -> bytes:
    return f"isms-checkpoint:1:{size}:{head_hash}:{iso(at)}:{key}".encode()
