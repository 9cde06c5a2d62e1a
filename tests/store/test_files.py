"""Evidence files: there whole or not at all, whatever happens while they come in."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from isms_workflow.store.files import MIB, DiskFull, EvidenceFiles, FileLost, FileRefused, Stored

SCOPE = b"Scope of the ISMS: the Delft office."


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    """An evidence folder that doesn't exist yet."""
    return EvidenceFiles(tmp_path / "evidence")


def names(files: EvidenceFiles) -> list[str]:
    """Every file below the folder."""
    return sorted(path.name for path in files.folder.rglob("*") if path.is_file())


def test_a_file_is_stored_under_its_sha256(files: EvidenceFiles) -> None:
    """In pieces, and read back in pieces; for nobody else to read."""
    stored = files.store([SCOPE[:7], b"", SCOPE[7:]], limit=MIB)
    assert stored == Stored(sha256(SCOPE).hexdigest(), len(SCOPE))
    assert b"".join(files.open_chunks(stored.sha256)) == SCOPE
    assert files.rehash(stored.sha256)
    assert names(files) == [stored.sha256]
    assert stat.S_IMODE(files.path(stored.sha256).stat().st_mode) == 0o600


def test_the_same_content_is_kept_once(files: EvidenceFiles) -> None:
    """And mends a file that was damaged meanwhile."""
    stored = files.store([SCOPE], limit=MIB)
    files.path(stored.sha256).write_bytes(b"damaged")
    assert not files.rehash(stored.sha256)
    assert files.store([SCOPE], limit=MIB) == stored
    assert files.rehash(stored.sha256)
    assert names(files) == [stored.sha256]


def test_a_file_of_exactly_the_limit_is_taken(files: EvidenceFiles) -> None:
    """The limit is the largest that is allowed."""
    assert files.store([b"x" * MIB], limit=MIB).size == MIB


REFUSED = {
    "nothing at all": ([], "it is empty"),
    "empty pieces": ([b"", b""], "it is empty"),
    "one byte too many": ([b"x" * MIB, b"x"], "it is larger than 1 MiB"),
}


@pytest.mark.parametrize(("chunks", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bad_upload_is_refused_and_leaves_nothing(files: EvidenceFiles, chunks: list[bytes], said: str) -> None:
    """With a sentence."""
    with pytest.raises(FileRefused, match=said):
        files.store(chunks, limit=MIB)
    assert names(files) == []


def test_an_over_large_upload_is_not_read_to_its_end(files: EvidenceFiles) -> None:
    """Whoever sends without end is cut off at the limit."""
    sent = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield b"x" * MIB

    with pytest.raises(FileRefused):
        files.store(endless(), limit=2 * MIB)
    assert len(sent) == 3


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """The system itself refuses to write more than so many bytes to a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_says_so_and_leaves_nothing(files: EvidenceFiles) -> None:
    """Half a file would be worse than none."""
    with room_for(1000), pytest.raises(DiskFull, match=r"is full: nothing was kept\. Make room"):
        files.store([SCOPE] * 1000, limit=MIB)
    assert names(files) == []


def test_an_upload_that_breaks_off_leaves_nothing(files: EvidenceFiles) -> None:
    """The browser went away."""
    def broken() -> Iterator[bytes]:
        yield SCOPE
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.store(broken(), limit=MIB)
    assert names(files) == []


def test_a_lost_file_says_so(files: EvidenceFiles) -> None:
    """Not an empty download."""
    with pytest.raises(FileLost, match="is not on the disk: restore it from a backup"):
        next(files.open_chunks("ab" * 32))
    assert not files.rehash("ab" * 32)


def test_a_killed_process_leaves_a_part_that_is_swept_later(files: EvidenceFiles) -> None:
    """Only what is old: a young part belongs to an upload that goes on."""
    stored = files.store([SCOPE], limit=MIB)
    old, young = files.folder / "old.part", files.folder / "young.part"
    for part, touched in ((old, 1_000), (young, 2_000), (files.path(stored.sha256), 1_000)):
        part.write_bytes(SCOPE)
        os.utime(part, (touched, touched))
    assert files.sweep(before=1_500) == 1
    assert names(files) == sorted([stored.sha256, "young.part"])
