"""The keys that sign checkpoints: made at set-up, kept outside the database, each vouched for by the one before."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, select, text

from isms_workflow.domain.records import AuditRecord, ChainRecord
from isms_workflow.errors import IsmsError
from isms_workflow.folders import private
from isms_workflow.store.audit.chain import append, locked_head
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables.audit import KEYS, audit


class KeyMissing(IsmsError):
    """The private key that the chain names last is not in the keys folder, or damaged."""

    status = 503

    def __init__(self, folder: str, public: str | None) -> None:
        super().__init__(folder, public)
        self.folder, self.public = folder, public

    def __str__(self) -> str:
        if self.public is None:
            return "The history names no key yet: finish set-up, which makes one."
        return (
            f"The key {self.public[:16]}… that signs checkpoints is not in {self.folder}, or can't be read: put back "
            f"the file {_name(self.public)} from a backup."
        )


@dataclass(frozen=True)
class Key:
    """An Ed25519 key (RFC 8032); `public` is its public half as 64 hexadecimal digits."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """What others check signatures with."""
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """The signature, in hexadecimal."""
        return self.private.sign(message).hex()


def signed(public: str, signature: str, message: bytes) -> bool:
    """Whether the holder of `public` signed this very message; False too if either is no key or signature at all."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def make_key(folder: Path) -> Key:
    """A new key, on disk before it is returned: folder 0700, file 0600. The chain doesn't name it yet."""
    private(folder)
    folder.chmod(0o700)
    key = Key(Ed25519PrivateKey.generate())
    file = folder / _name(key.public)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(key.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                            serialization.NoEncryption()))
        out.flush()
        os.fsync(out.fileno())
    return key


def introduce(tx: Transaction, key: Key, actor: str, now: datetime) -> int:
    """Writes the first key's public half into the chain, at set-up. Returns the record's number."""
    return append(tx, [AuditRecord(ChainRecord.KEYED, actor, now, now, data={"key": key.public})])[0]


def rotate(tx: Transaction, old: Key, new: Key, actor: str, now: datetime) -> int:
    """Hands over to a new key by a record that the old one signed. Returns the record's number.

    From this record on checkpoints are signed by `new`; `old` may be destroyed once the transaction is committed.
    """
    facts = {"key": new.public, "old": old.public, "signature": old.sign(handover(old.public, new.public))}
    return append(tx, [AuditRecord(ChainRecord.ROTATED, actor, now, now, data=facts)])[0]


def handover(old: str, new: str) -> bytes:
    """The message by which the old key vouches for the new."""
    return f"isms-rotate:1:{old}:{new}".encode()


def public_key(conn: Connection) -> str | None:
    """The key that the chain names last; None before set-up."""
    body = conn.execute(select(audit.c.body).where(text(KEYS)).order_by(audit.c.seq.desc()).limit(1)).scalar()
    return None if body is None else str(json.loads(body)["data"]["key"])


def current_key(conn: Connection, folder: Path) -> Key:
    """The key that signs today: the one that the chain names last, from its file. Raises `KeyMissing`."""
    public = public_key(conn)
    key = None if public is None else _read(folder / _name(public))
    if key is None or key.public != public:
        raise KeyMissing(str(folder), public)
    return key


def signing_key(tx: Transaction, folder: Path) -> Key:
    """The current key, and nobody else can hand over or append before this transaction ends. Raises `KeyMissing`.

    Else a checkpoint could be signed by a key that was no longer the chain's at that size, and two handovers at one
    time could name the same old key: either would stand in the history for good.
    """
    locked_head(tx)
    return current_key(tx, folder)


def _read(file: Path) -> Key | None:
    """None if there is no such file, nobody may read it, or it holds no key of ours."""
    try:
        private = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return Key(private) if isinstance(private, Ed25519PrivateKey) else None


def _name(public: str) -> str:
    return f"audit-{public[:16]}.pem"
