"""Backup and restore: database, evidence, keys, programme and settings in one file, from either database onto either."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from isms_workflow.domain.times import iso
from isms_workflow.errors import IsmsError
from isms_workflow.folders import private
from isms_workflow.settings import Settings
from isms_workflow.store import dump, schema
from isms_workflow.store.archive import BackupDamaged, Manifest, Writer, checked, extract
from isms_workflow.store.audit.verify import verify
from isms_workflow.store.database import Store, Transaction, open_store
from isms_workflow.store.files import NO_ROOM, DiskFull, EvidenceFiles
from isms_workflow.store.tables import evidence

TOML = "isms.toml"


class BackupRefused(IsmsError):
    """A backup can't be written where it was asked for."""

    status = 409

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(file, problem)
        self.file, self.problem = file, problem

    def __str__(self) -> str:
        return f"No backup was written to {self.file}: {self.problem}."


class NotEmpty(IsmsError):
    """A restore would mix with, or overwrite, what is there."""

    status = 409

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"Nothing was restored: {self.what} isn't empty. Restore into a new data folder and a new database."


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds; `damaged` are evidence files (SHA-256) that are lost or no longer what they were."""

    file: Path
    rows: int
    evidence: int
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """What a restore brought back: of when, how many records, a chain that verified, and what was damaged before.

    `settings` is where the backup's settings lie for comparison, if they couldn't be put in force.
    """

    made_at: str
    records: int
    evidence: int
    damaged: tuple[str, ...]
    settings: Path | None


def backup(store: Store, settings: Settings, file: Path, now: datetime) -> BackedUp:
    """Writes a whole backup while everything runs: one consistent look at the database, then the files it names.

    The file appears only when it is complete, readable by its owner alone: it holds keys and personal data. Raises
    `BackupRefused`, `DiskFull`.
    """
    if file.exists():
        raise BackupRefused(str(file), "there is a file already; name another")
    if not file.parent.is_dir():
        raise BackupRefused(str(file), f"{file.parent} is no folder")
    for folder in (settings.programme_dir, settings.keys_dir):
        if file.resolve().is_relative_to(folder.resolve()):
            raise BackupRefused(str(file), f"{folder} is backed up whole, so that each backup would hold those before it; "
                                           "write it elsewhere, best to another disk")
    with _unfinished(file) as part, tarfile.open(part, "w:gz", compresslevel=6) as tar:
        writer = Writer(tar)
        with store.read() as conn:
            rows = _add_tables(writer, conn, file.parent)
            revision = str(schema.revision(conn))
            named = _named(conn)
        damaged = [sha for sha in named if not _add_evidence(writer, EvidenceFiles(settings.evidence_dir), sha)]
        for name, source in _small_files(settings):
            with source.open("rb") as content:
                writer.add(name, content, source.stat().st_size)
        writer.finish(Manifest(iso(now), revision, writer.members, damaged))
    return BackedUp(file, rows, len(named), tuple(damaged))


def restore(settings: Settings, file: Path) -> Restored:
    """Brings a backup back into an empty data folder and an empty database: all of it, verified, or nothing.

    The whole file is checked before anything is written; the chain before anything is committed. The database may be
    of the other sort than the one that was backed up. Raises `BackupDamaged`, `NotEmpty`, `SchemaTooNew`, `DiskFull`.
    """
    manifest = checked(file)
    if manifest.revision not in schema.known():
        raise schema.SchemaTooNew(manifest.revision, schema.head())
    _refuse_files(settings)
    with closing(open_store(settings.store_url)) as store:
        _refuse_rows(store, manifest)
        private(settings.data)
        with _full_disk_said(settings.data), tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data) as name:
            staged = Path(name)
            extract(file, staged)
            schema.upgrade(store, to=manifest.revision)
            with _emptied_again(settings), store.write() as tx:
                records = _load(tx, staged, file)
                named = _named(tx)
                beside = _put_in_place(staged, settings)
        schema.upgrade(store)
    damaged = tuple(sha for sha in named if manifest.members.get(f"evidence/{sha}") != sha)
    return Restored(manifest.made_at, records, len(named), damaged, beside)


def _add_tables(writer: Writer, conn: Connection, folder: Path) -> int:
    count = 0
    for table in dump.tables(conn):
        with tempfile.TemporaryFile(dir=folder) as lines:  # a member's size stands before it
            for line in dump.rows(conn, table):
                lines.write(line.encode())
                count += 1
            size = lines.tell()
            lines.seek(0)
            writer.add(f"tables/{table.name}.jsonl", lines, size)
    return count


def _named(conn: Connection) -> list[str]:
    """The evidence files that the database names."""
    return list(conn.execute(select(evidence.c.sha256).distinct().order_by(evidence.c.sha256)).scalars())


def _add_evidence(writer: Writer, files: EvidenceFiles, sha256: str) -> bool:
    """Adds a file; whether it is what it was. One that is lost or changed doesn't keep the rest from being saved."""
    path = files.path(sha256)
    if not path.is_file():
        return False
    with path.open("rb") as content:
        return writer.add(f"evidence/{sha256}", content, path.stat().st_size) == sha256


def _small_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    for path in sorted(settings.keys_dir.glob("*")):
        if path.is_file():
            yield f"keys/{path.name}", path
    for path in sorted(settings.programme_dir.rglob("*")):
        if path.is_file():
            yield f"programme/{path.relative_to(settings.programme_dir).as_posix()}", path
    if (settings.data / TOML).is_file():
        yield TOML, settings.data / TOML


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """A file beside, which takes its name when all went well, and leaves nothing behind otherwise."""
    handle, name = tempfile.mkstemp(prefix=".backup-", dir=file.parent)
    os.close(handle)
    part = Path(name)
    try:
        with _full_disk_said(file.parent):
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _full_disk_said(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFull(str(folder)) from error
        raise


def _folders(settings: Settings) -> tuple[Path, Path, Path]:
    return settings.evidence_dir, settings.keys_dir, settings.programme_dir


@contextmanager
def _emptied_again(settings: Settings) -> Iterator[None]:
    """Folders that were empty before are so again if the restore fails, up to its commit."""
    try:
        yield
    except BaseException:
        for folder in _folders(settings):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _refuse_files(settings: Settings) -> None:
    for folder in _folders(settings):
        if folder.exists() and any(folder.iterdir()):
            raise NotEmpty(str(folder))


def _refuse_rows(store: Store, manifest: Manifest) -> None:
    with store.read() as conn:
        if not schema.is_empty(conn) or schema.revision(conn) not in {None, manifest.revision}:
            raise NotEmpty(f"the database {store.engine.url.render_as_string()}")


def _load(tx: Transaction, staged: Path, file: Path) -> int:
    """Fills every table and doubts the chain at once; the number of its records."""
    for table in dump.tables(tx):
        source = staged / f"tables/{table.name}.jsonl"
        if not source.is_file():
            raise BackupDamaged(str(file), f"the table {table.name} is missing")
        with source.open(encoding="utf-8", newline="\n") as lines:
            dump.load(tx, table, lines)
    verdict = verify(tx)
    if not verdict.ok:
        raise BackupDamaged(str(file), str(verdict))
    return verdict.records


def _put_in_place(staged: Path, settings: Settings) -> Path | None:
    """Moves the files to where the settings say; where the backup's own settings lie if they can't be put in force."""
    files = EvidenceFiles(staged / "stored")
    for path in sorted((staged / "evidence").glob("*")):
        files.path(path.name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(files.path(path.name))
    sources = staged / "stored", staged / "keys", staged / "programme"
    for source, target in zip(sources, _folders(settings), strict=True):
        if source.is_dir():
            if target.is_dir():
                target.rmdir()  # it is empty, or we had refused
            shutil.move(source, target)
    return _put_settings(staged / TOML, settings)


def _put_settings(source: Path, settings: Settings) -> Path | None:
    """In force only if there are none yet and they name the very database that was restored into."""
    if not source.is_file():
        return None
    target = settings.data / TOML
    named = tomllib.loads(source.read_text(encoding="utf-8")).get("database_url", "")
    if target.exists() or named != settings.database_url:
        target = settings.data / f"{TOML}.restored"
    shutil.move(source, target)
    return target if target.name != TOML else None
