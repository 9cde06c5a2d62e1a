"""The file that a backup is: a compressed tar whose last member, the manifest, has the SHA-256 of every other."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from isms_workflow.errors import IsmsError

FORMAT = 1
"""What a manifest written today says its format is."""

MANIFEST = "manifest.json"
FLAT = re.compile(r"tables/[a-z_]+\.jsonl|evidence/[0-9a-f]{64}|keys/[^/]+|isms\.toml")
"""What a backup holds beside the programme, whose folder is as its owner likes it."""

CHUNK = 1024 * 1024


class BackupDamaged(IsmsError):
    """A file isn't a whole backup; nothing of it was restored."""

    status = 422

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(file, problem)
        self.file, self.problem = file, problem

    def __str__(self) -> str:
        return f"{self.file} can't be restored: {self.problem}. Nothing was changed; take another copy or an older one."


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: from when (RFC 3339, UTC), of which schema, each member's SHA-256.

    `damaged` are evidence files that were lost or changed already when the backup was made.
    """

    made_at: str
    revision: str
    members: dict[str, str]
    damaged: list[str] = field(default_factory=list)
    format: int = FORMAT


class Writer:
    """Adds members, and remembers their hashes for the manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, str] = {}

    def add(self, name: str, content: IO[bytes], size: int) -> str:
        """Adds a member; its SHA-256."""
        hashed = _Hashed(content)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, hashed)  # type: ignore[arg-type]
        self.members[name] = hashed.digest.hexdigest()
        return self.members[name]

    def finish(self, manifest: Manifest) -> None:
        """Adds the manifest: without it the file is no backup."""
        content = json.dumps(asdict(manifest), indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(content), 0o600
        self._tar.addfile(info, io.BytesIO(content))


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """At most so many bytes; fewer only at the end."""
        chunk = self._content.read(size)
        self.digest.update(chunk)
        return chunk


def checked(file: Path) -> Manifest:
    """Reads the whole file and compares every member with the manifest. Raises `BackupDamaged`."""
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    with _tar(file) as tar:
        for member, content in _members(tar, file):
            if member in found or (member == MANIFEST and manifest):
                raise BackupDamaged(str(file), f"it holds {member} twice")
            if member == MANIFEST:
                manifest = _parse(content.read(), file)
            else:
                found[member] = _digest(content)
    if manifest is None:
        raise BackupDamaged(str(file), "it has no manifest, so it was cut short or is no backup")
    wrong = sorted(n for n in found.keys() | manifest.members.keys() if found.get(n) != manifest.members.get(n))
    if wrong:
        raise BackupDamaged(str(file), f"{wrong[0]} isn't what was backed up")
    return manifest


def extract(file: Path, folder: Path) -> None:
    """Writes the members of a checked backup under `folder`, readable by nobody else."""
    with _tar(file) as tar:
        for member, content in _members(tar, file):
            target = folder / member
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with target.open("xb") as out:
                target.chmod(0o600)
                while chunk := content.read(CHUNK):
                    out.write(chunk)


@contextmanager
def _tar(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r|gz") as tar:
            yield tar
    except FileNotFoundError as error:
        raise BackupDamaged(str(file), "there is no such file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise BackupDamaged(str(file), f"it can't be opened ({error.strerror})") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupDamaged(str(file), f"it can't be read to its end ({error})") from error


def _members(tar: tarfile.TarFile, file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or not _belongs(member.name):
            raise BackupDamaged(str(file), f"it holds {member.name!r}, which no backup does")
        yield member.name, content


def _belongs(name: str) -> bool:
    """Whether a member may be written to the disk: nothing may lead out of its folder, whatever the file holds."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
        return False
    return name == MANIFEST or bool(FLAT.fullmatch(name)) or (parts[0] == "programme" and len(parts) > 1)


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _parse(content: bytes, file: Path) -> Manifest:
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise BackupDamaged(str(file), f"its format {found['format']!r} is of a later release")
        return Manifest(**found)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(str(file), f"its manifest can't be read ({error!r})") from error
