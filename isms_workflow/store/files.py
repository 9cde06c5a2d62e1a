"""Evidence files, stored under their SHA-256: written once, never changed, streamed both ways."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isms_workflow.errors import IsmsError
from isms_workflow.folders import private

CHUNK = 64 * 1024
MIB = 1024 * 1024
UNFINISHED = ".part"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""A full disk, a used-up quota, and a limit on the size of files say the same to whoever uploads."""


class FileRefused(IsmsError):
    """A file that can't be taken as evidence; nothing of it is kept."""

    status = 422

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"The file was not taken: {self.why}."


class DiskFull(IsmsError):
    """No room for the file; nothing of it is kept."""

    status = 507

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"The disk of {self.folder} is full: nothing was kept. Make room, then try again."


class FileLost(IsmsError):
    """A file that the database names isn't on the disk."""

    status = 500

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256

    def __str__(self) -> str:
        return f"The evidence file {self.sha256[:12]}… is not on the disk: restore it from a backup."


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safely on the disk: its SHA-256 in hexadecimal, its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class EvidenceFiles:
    """A folder of files named after their content."""

    folder: Path

    def store(self, chunks: Iterable[bytes], limit: int) -> Stored:
        """Writes beside, syncs, then renames: the file is there whole, or not at all.

        `limit` in bytes. Raises `FileRefused` for an empty or over-large file, `DiskFull`.
        """
        private(self.folder)
        with self._unfinished() as (handle, path):
            digest, size = hashlib.sha256(), 0
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise FileRefused(f"it is larger than {limit // MIB} MiB, the most that evidence_max_mib allows")
                digest.update(chunk)
                _write(handle, chunk)
            if size == 0:
                raise FileRefused("it is empty")
            os.fsync(handle)
            self._keep(path, digest.hexdigest())
        return Stored(digest.hexdigest(), size)

    def open_chunks(self, sha256: str) -> Iterator[bytes]:
        """The bytes of a file, in pieces. Raises `FileLost` before the first."""
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            raise FileLost(sha256) from None
        with file:
            while chunk := file.read(CHUNK):
                yield chunk

    def rehash(self, sha256: str) -> bool:
        """Whether the file is there and still has the content that its name says."""
        digest = hashlib.sha256()
        try:
            for chunk in self.open_chunks(sha256):
                digest.update(chunk)
        except (FileLost, OSError):
            return False
        return digest.hexdigest() == sha256

    def sweep(self, before: float) -> int:
        """Removes what uploads left unfinished before this instant (seconds since 1970); how many."""
        old = [path for path in self.folder.glob(f"*{UNFINISHED}") if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def path(self, sha256: str) -> Path:
        """Where a file of this content lies."""
        return self.folder / sha256[:2] / sha256

    def _keep(self, path: Path, sha256: str) -> None:
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
        for folder in (target.parent, self.folder):  # the name is as durable as the bytes
            handle = os.open(folder, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)

    @contextmanager
    def _unfinished(self) -> Iterator[tuple[int, Path]]:
        try:
            handle, name = tempfile.mkstemp(suffix=UNFINISHED, dir=self.folder)
        except OSError as error:
            raise self._said(error) from error
        try:
            yield handle, Path(name)
        except OSError as error:
            raise self._said(error) from error
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)

    def _said(self, error: OSError) -> Exception:
        return DiskFull(str(self.folder)) if error.errno in NO_ROOM else error


def _write(handle: int, data: bytes) -> None:
    """All of it: one write may take only a part."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest):]
