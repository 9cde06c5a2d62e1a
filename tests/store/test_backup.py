"""Backup and restore: online, from either database onto either, verified, all or nothing."""

from __future__ import annotations

import gzip
import io
import json
import stat
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from isms_workflow.settings import Settings
from isms_workflow.simulator.simulation import Simulation
from isms_workflow.store import audit, dump, schema, triggers
from isms_workflow.store.archive import BackupDamaged
from isms_workflow.store.backup import BackupRefused, NotEmpty, backup, restore
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.files import MIB, DiskFull, EvidenceFiles
from isms_workflow.store.schema import SchemaTooNew
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import directory_version, metadata, steps
from tests.store.test_files import room_for
from tests.world import World, found

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class Installation:
    """A database that somebody worked in, and the folders beside it."""

    world: World
    settings: Settings

    @property
    def store(self) -> Store:
        """Its database."""
        return self.world.store


@pytest.fixture
def installation(store: Store, settings: Settings) -> Installation:
    """A PLAN phase passed, two pieces of evidence on the disk, a key, a programme, settings."""
    world = found(store)
    world.once("planning", world.open_cycle)
    world.once("PLAN has passed", lambda: world.pass_phase("plan"))
    with store.read() as conn:
        shas = conn.execute(select(metadata.tables["evidence"].c.sha256)).scalars().all()
    files = EvidenceFiles(settings.evidence_dir)
    for step in [s.key for s in world.view().steps_of("plan")]:
        assert files.store([step.encode()], MIB).sha256 in shas
    key = audit.make_key(settings.keys_dir)
    with store.write() as tx:
        audit.introduce(tx, key, "operator", NOW)
        audit.make_checkpoint(tx, key, NOW)
    (settings.programme_dir / "obligations").mkdir(parents=True)
    (settings.programme_dir / "pdca.yaml").write_text("title: Überblick\n")
    (settings.programme_dir / "obligations" / "gdpr (eu).yaml").write_text("[]\n")
    (settings.data / "isms.toml").write_text(f'database_url = "{settings.database_url}"\n')
    return Installation(world, settings)


@pytest.fixture
def file(installation: Installation, tmp_path: Path) -> Path:
    """A backup of it."""
    backup(installation.store, installation.settings, tmp_path / "isms.backup", NOW)
    return tmp_path / "isms.backup"


@pytest.fixture
def small(sqlite_store: Store, settings: Settings) -> Installation:
    """People, a key and a programme, no cycle yet: for what doesn't depend on the database."""
    world = found(sqlite_store)
    with sqlite_store.write() as tx:
        audit.introduce(tx, audit.make_key(settings.keys_dir), "operator", NOW)
    settings.programme_dir.mkdir()
    (settings.programme_dir / "pdca.yaml").write_text("title: x\n")
    return Installation(world, settings)


@pytest.fixture
def small_file(small: Installation, tmp_path: Path) -> Path:
    """A backup of it."""
    backup(small.store, small.settings, tmp_path / "small", NOW)
    return tmp_path / "small"


@pytest.fixture
def nearby(tmp_path: Path) -> Settings:
    """An empty folder with the default database in it."""
    return Settings(data=tmp_path / "restored")


@pytest.fixture
def target(empty_database_url: str, tmp_path: Path) -> Settings:
    """An empty folder, an empty database of either sort."""
    return Settings(data=tmp_path / "restored", database_url=empty_database_url)


def content(store: Store) -> dict[str, list]:
    """Every row of every table, as this release's tables read them; the mark that each load draws anew is a word."""
    with store.read() as conn:
        return {t.name: sorted(map(tuple, conn.execute(select(t))), key=repr) for t in metadata.sorted_tables
                if t is not directory_version} | {"directory_version": ["drawn"]}


def folder(path: Path) -> dict[str, bytes]:
    """Every file below a folder, with what is in it."""
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_what_comes_back_is_what_was_backed_up(installation: Installation, file: Path, target: Settings) -> None:
    """Rows, evidence, keys and programme; SQLite onto PostgreSQL, the other way round, and onto its like."""
    restored = restore(target, file)
    with closing(open_store(target.store_url)) as store:
        assert content(store) == content(installation.store)
        with store.read() as conn:
            verdict = audit.verify(conn)
            assert triggers.triggers(conn) == triggers.expected(conn)
            assert audit.current_key(conn, target.keys_dir)
    assert verdict.ok
    assert (restored.records, restored.evidence, restored.damaged) == (verdict.records, 6, ())
    assert restored.made_at == "2026-06-01T12:00:00.000000Z"
    for of in ("evidence_dir", "keys_dir", "programme_dir"):
        assert folder(getattr(target, of)) == folder(getattr(installation.settings, of))
    assert {stat.S_IMODE(of.stat().st_mode) for of in (target.data, target.keys_dir)} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.keys_dir.iterdir()} == {0o600}


def test_work_goes_on_after_a_restore(small: Installation, target: Settings, tmp_path: Path) -> None:
    """A cycle is opened in the restored database; the chain goes on."""
    backup(small.store, small.settings, tmp_path / "b", NOW)
    restore(target, tmp_path / "b")
    with closing(open_store(target.store_url)) as store:
        World(store, Simulation(store, small.world.now), small.world.ids).open_cycle()
        with store.read() as conn:
            assert audit.verify(conn).ok


def test_null_and_the_word_null_stay_apart(small: Installation, target: Settings, tmp_path: Path) -> None:
    """A JSON column may hold nothing, or JSON's null: questions tell them apart."""
    small.world.open_cycle()
    with small.store.write() as tx:
        ids = tx.execute(select(steps.c.id).order_by(steps.c.id).limit(2)).scalars().all()
        tx.execute(text("UPDATE steps SET due_rule = NULL WHERE id = :id"), {"id": ids[0]})
        tx.execute(text("UPDATE steps SET due_rule = 'null' WHERE id = :id"), {"id": ids[1]})
    backup(small.store, small.settings, tmp_path / "b", NOW)
    restore(target, tmp_path / "b")
    with closing(open_store(target.store_url)) as store, store.read() as conn:
        nothing = conn.execute(text("SELECT id FROM steps WHERE due_rule IS NULL")).scalars().all()
        word = conn.execute(text("SELECT id FROM steps WHERE CAST(due_rule AS TEXT) = 'null'")).scalars().all()
    assert ids[0] in nothing
    assert ids[1] in word


def test_a_backup_holds_one_instant_while_others_write(installation: Installation) -> None:
    """What is written meanwhile is in none of its tables, and isn't kept waiting."""
    before = content(installation.store)
    held: dict[str, int] = {}
    with installation.store.read() as conn:
        for table in dump.tables(conn):
            held[table.name] = sum(1 for _ in dump.rows(conn, table))
            if len(held) == 1:
                installation.world.complete_phase("do")
    assert held == {name: len(rows) for name, rows in before.items()}
    assert len(content(installation.store)["audit"]) > held["audit"]


def test_a_backup_is_for_its_owner_only(small_file: Path) -> None:
    """It holds keys, and everybody's names."""
    assert stat.S_IMODE(small_file.stat().st_mode) == 0o600


def test_nothing_is_overwritten(small: Installation, tmp_path: Path) -> None:
    """Neither yesterday's backup, nor into a folder that isn't there."""
    (tmp_path / "yesterday").write_text("dear")
    with pytest.raises(BackupRefused, match="there is a file already"):
        backup(small.store, small.settings, tmp_path / "yesterday", NOW)
    with pytest.raises(BackupRefused, match="is no folder"):
        backup(small.store, small.settings, tmp_path / "no" / "where", NOW)


@pytest.mark.parametrize("of", ["programme_dir", "keys_dir"])
def test_a_backup_never_holds_itself(small: Installation, of: str) -> None:
    """Within a folder that is backed up it would grow from day to day; the rest of the data folder is as good as any."""
    inside, beside = getattr(small.settings, of), small.settings.data
    before = folder(inside)
    with pytest.raises(BackupRefused, match=r"would hold those before it; write it elsewhere"):
        backup(small.store, small.settings, inside / "isms.backup", NOW)
    assert folder(inside) == before
    assert backup(small.store, small.settings, beside / "isms.backup", NOW).file.exists()


def test_a_full_disk_leaves_no_half_backup(small: Installation, tmp_path: Path) -> None:
    """A file that looks like a backup is one."""
    (tmp_path / "out").mkdir()
    with room_for(4096), pytest.raises(DiskFull):
        backup(small.store, small.settings, tmp_path / "out" / "b", NOW)
    assert list((tmp_path / "out").iterdir()) == []


def test_lost_and_damaged_evidence_is_named_and_the_rest_is_saved(
    small: Installation, nearby: Settings, tmp_path: Path
) -> None:
    """By the backup, and again by the restore."""
    small.world.open_cycle()
    files = EvidenceFiles(small.settings.evidence_dir)
    stored = [files.store([name], MIB).sha256 for name in (b"scope", b"policy", b"risk")]
    mine = next(s.key for s in small.world.view().steps if s.state == "open")
    for name in (b"scope", b"policy", b"risk"):
        small.world.evidence(mine, "maria", name)
    files.path(stored[0]).unlink()
    files.path(stored[1]).write_bytes(b"damaged")
    made = backup(small.store, small.settings, tmp_path / "b", NOW)
    assert sorted(made.damaged) == sorted(stored[:2])
    assert sorted(restore(nearby, tmp_path / "b").damaged) == sorted(stored[:2])
    assert EvidenceFiles(nearby.evidence_dir).rehash(stored[2])


def occupied_database(target: Settings) -> None:
    """Somebody works there."""
    with closing(open_store(target.store_url)) as store:
        schema.upgrade(store)
        with store.write() as tx:
            tx.execute(text("INSERT INTO people (id, role, zone, version, added_at) "
                            "VALUES ('x', 'user', 'UTC', 1, '2026-01-01 00:00:00.000000')"))


def foreign_database(target: Settings) -> None:
    """Another product's tables."""
    with closing(open_store(target.store_url)) as store, store.write() as tx:
        tx.execute(text("CREATE TABLE invoices (id INTEGER)"))


@pytest.mark.parametrize("occupy", [occupied_database, foreign_database])
def test_a_database_that_is_not_empty_is_refused(small_file: Path, target: Settings, occupy: Callable) -> None:
    """Somebody's work is never mixed with somebody else's."""
    occupy(target)
    with pytest.raises(NotEmpty, match=r"the database .* isn't empty"):
        restore(target, small_file)
    assert not target.data.exists()


@pytest.mark.parametrize("of", ["evidence_dir", "keys_dir", "programme_dir"])
def test_a_folder_that_is_not_empty_is_refused(small_file: Path, nearby: Settings, of: str) -> None:
    """Before anything is written."""
    getattr(nearby, of).mkdir(parents=True)
    (getattr(nearby, of) / "kept").write_text("mine")
    with pytest.raises(NotEmpty, match=getattr(nearby, of).name):
        restore(nearby, small_file)
    assert [path.name for path in nearby.data.rglob("*") if path.is_file()] == ["kept"]


def rebuilt(file: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """The same archive with other members; the manifest isn't told."""
    with tarfile.open(file) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}
    change(members)
    with tarfile.open(file, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def manifest(**changes: object) -> Callable[[dict[str, bytes]], object]:
    """Changes what the manifest says."""
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()
    return change


def truncated(file: Path) -> None:
    """Half of the file arrived."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


DAMAGED = {
    "no file": (Path.unlink, "there is no such file"),
    "cut short": (truncated, "it can't be read to its end"),
    "not a backup": (lambda f: f.write_text("hello"), "it can't be read to its end"),
    "an archive of something else": (lambda f: f.write_bytes(gzip.compress(b"\0" * 10240)), "it has no manifest"),
    "no manifest": (lambda f: rebuilt(f, lambda m: m.pop("manifest.json")), "it has no manifest"),
    "a member changed": (lambda f: rebuilt(f, lambda m: m.update({"programme/pdca.yaml": b"x"})),
                         "programme/pdca.yaml isn't what was backed up"),
    "a member gone": (lambda f: rebuilt(f, lambda m: m.pop("tables/people.jsonl")), "tables/people.jsonl isn't"),
    "a member slipped in": (lambda f: rebuilt(f, lambda m: m.update({"keys/mine.pem": b"x"})), "keys/mine.pem isn't"),
    "a way out of its folder": (lambda f: rebuilt(f, lambda m: m.update({"programme/../../x": b"x"})),
                                "it holds 'programme/../../x', which no backup does"),
    "an absolute path": (lambda f: rebuilt(f, lambda m: m.update({"/etc/x": b"x"})), "which no backup does"),
    "a later format": (lambda f: rebuilt(f, manifest(format=2)), "its format 2 is of a later release"),
    "a manifest that is none": (lambda f: rebuilt(f, manifest(more=1)), "its manifest can't be read"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_backup_changes_nothing(small_file: Path, nearby: Settings, damage: Callable, said: str) -> None:
    """The whole of it is checked first."""
    damage(small_file)
    with pytest.raises(BackupDamaged) as refusal:
        restore(nearby, small_file)
    assert said in str(refusal.value)
    assert not nearby.data.exists()


def test_a_backup_of_a_later_release_is_refused(small_file: Path, nearby: Settings) -> None:
    """Its tables aren't ours."""
    rebuilt(small_file, manifest(revision="9999"))
    with pytest.raises(SchemaTooNew):
        restore(nearby, small_file)


def test_a_chain_that_does_not_verify_is_not_restored(small: Installation, target: Settings, tmp_path: Path) -> None:
    """Whoever tampered before the backup is found by the restore; it leaves the target as empty as it was."""
    with small.store.write() as conn:
        conn.execute(text("DROP TRIGGER audit_no_update"))
        conn.execute(update(records).where(records.c.seq == 3).values(kind="person.erased"))
    backup(small.store, small.settings, tmp_path / "b", NOW)
    with pytest.raises(BackupDamaged, match="First bad record: record 3: its bytes and columns differ in kind"):
        restore(target, tmp_path / "b")
    assert not target.keys_dir.exists()
    with closing(open_store(target.store_url)) as empty, empty.read() as conn:
        assert schema.is_empty(conn)
        assert audit.head(conn) == (0, "0" * 64)


SETTINGS = {
    "of the same database": ("", None, "isms.toml", "port = 9000\n"),
    "of another database": ('database_url = "sqlite:////srv/live.db"\n', None, "isms.toml.restored", None),
    "where there are some": ("", "port = 8001\n", "isms.toml.restored", "port = 8001\n"),
}


@pytest.mark.parametrize(("kept", "there", "lies", "in_force"), SETTINGS.values(), ids=SETTINGS)
def test_settings_come_back_only_where_they_can_do_no_harm(
    small: Installation, nearby: Settings, tmp_path: Path, kept: str, there: str | None, lies: str, in_force: str | None
) -> None:
    """A restored copy must never go on with the database it was copied from."""
    (small.settings.data / "isms.toml").write_text(kept + "port = 9000\n")
    backup(small.store, small.settings, tmp_path / "b", NOW)
    nearby.data.mkdir()
    if there:
        (nearby.data / "isms.toml").write_text(there)
    restored = restore(nearby, tmp_path / "b")
    assert (nearby.data / lies).read_text() == kept + "port = 9000\n"
    assert restored.settings == (None if lies == "isms.toml" else nearby.data / lies)
    in_data = nearby.data / "isms.toml"
    assert (in_data.read_text() if in_data.exists() else None) == in_force
