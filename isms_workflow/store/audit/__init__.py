"""The append-only, hash-chained history."""

from isms_workflow.store.audit.chain import RecordRefused, append, commitment, head, new_salt
from isms_workflow.store.audit.checkpoints import (
    Checkpoint,
    CheckpointUnreadable,
    NothingToSign,
    kept_checkpoints,
    make_checkpoint,
    read_checkpoints,
    stored_checkpoints,
    write_checkpoint,
)
from isms_workflow.store.audit.erase import Erased, Stays
from isms_workflow.store.audit.export import export
from isms_workflow.store.audit.keys import (
    Key,
    KeyMissing,
    current_key,
    introduce,
    make_key,
    public_key,
    rotate,
    signing_key,
)
from isms_workflow.store.audit.verify import Broken, Verdict, bytes_and_links, verify

__all__ = [
    "Broken", "Checkpoint", "CheckpointUnreadable", "Erased", "Key", "KeyMissing", "NothingToSign", "RecordRefused",
    "Stays", "Verdict", "append", "bytes_and_links", "commitment", "current_key", "export", "head",
    "introduce", "kept_checkpoints", "make_checkpoint", "make_key", "new_salt", "public_key", "read_checkpoints",
    "rotate", "signing_key", "stored_checkpoints", "verify", "write_checkpoint",
]
