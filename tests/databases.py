"""The databases that tests run on: made once, emptied or put back, and used again."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, closing
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from isms_workflow.domain import machines
from isms_workflow.store import schema
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.tables import metadata

STATES = tuple((machine.kind, tuple(sorted(machine.states))) for machine in machines.ALL.values())

UNTOUCHED = text("""
    SELECT md5(concat(
      (SELECT string_agg(pg_get_triggerdef(oid) || tgenabled::text, ';' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
      (SELECT string_agg(prosrc, ';' ORDER BY proname) FROM pg_proc WHERE proname LIKE 'isms%'),
      (SELECT string_agg(kind || state, ';' ORDER BY kind, state) FROM machine_states),
      (SELECT string_agg(min_code::text, ';') FROM schema_info)))
""")
"""What a test must not have changed if the next one is to have its database."""

UNTOUCHED_FILE = text("""
    SELECT (SELECT group_concat(sql, ';') FROM sqlite_master)
      || (SELECT group_concat(kind || state, ';') FROM (SELECT kind, state FROM machine_states ORDER BY 1, 2))
      || (SELECT min_code FROM schema_info)
""")
"""The same on SQLite."""

KEPT = ("audit_head", "schema_info", "machine_states", "directory_version")
EMPTY = text(f"""
DO $$
DECLARE
  named text;
  guard text;
  filled boolean;
BEGIN
  FOREACH named IN ARRAY ARRAY[{", ".join(f"'{t.name}'" for t in reversed(metadata.sorted_tables) if t.name not in KEPT)}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', named) INTO filled;
    CONTINUE WHEN NOT filled;
    FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = named::regclass AND NOT tgisinternal LOOP
      EXECUTE format('ALTER TABLE %I DISABLE TRIGGER %I', named, guard);
    END LOOP;
    EXECUTE format('DELETE FROM %I', named);
    FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = named::regclass AND NOT tgisinternal LOOP
      EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', named, guard);
    END LOOP;
  END LOOP;
  UPDATE audit_head SET seq = 0, hash = repeat('0', 64), noticed_at = NULL;
  UPDATE directory_version SET token = gen_random_uuid()::text;  -- the triggers that do it were off
END $$
""")
"""Empties every table in one exchange with the server, without touching a guard of a table that nobody wrote to."""

ALONE = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> ALL (:ours)
""")
"""Sends away whoever else is connected."""

_opened: dict[str, Store] = {}


def opened(address: str) -> Store:
    """The store at an address, the same for each test that gets it: statements once compiled stay so."""
    if address not in _opened:
        _opened[address] = open_store(address)
    return _opened[address]


class Files:
    """SQLite databases at addresses that are used again."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.template, self.folder = template, folder
        self.made = 0
        self.free: list[str] = []

    def make(self) -> str:
        """The address of a migrated database; nothing of what was there before is left."""
        if not self.free:
            self.made += 1
            folder = self.folder / str(self.made)
            folder.mkdir(0o700)
            self.free.append(f"sqlite:///{folder / 'isms.db'}")
        address = self.free.pop()
        file = Path(make_url(address).database or "")
        for beside in file.parent.iterdir():
            shutil.rmtree(beside) if beside.is_dir() else beside.unlink()
        shutil.copyfile(self.template, file)
        return address

    def take_back(self, address: str) -> None:
        """For the next test."""
        if address in _opened:
            _opened[address].close()
        self.free.append(address)


class Postgres:
    """Databases on one server, named after this process, so that several runs don't meet."""

    def __init__(self, address: URL, worker: str) -> None:
        self.address = address
        self.prefix = f"isms_test_{worker}_{os.getpid()}"
        self.made = 0
        self.clean: list[str] = []
        self.untouched = ""
        self.admin = create_engine(address, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})

    def run(self, statement: str) -> None:
        """One statement outside any transaction, as CREATE DATABASE asks for."""
        with self.admin.connect() as conn:
            conn.execute(text(statement))

    def create(self) -> str:
        """The address of a new, empty database."""
        self.made += 1
        name = f"{self.prefix}_{self.made}"
        self.run(f"CREATE DATABASE {name}")
        self.run(f"ALTER DATABASE {name} SET synchronous_commit = off")  # processes are killed here, not the server
        return self.address.set(database=name).render_as_string(hide_password=False)

    def drop(self, address: str) -> None:
        """Takes it away, whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {make_url(address).database} WITH (FORCE)")

    def migrated(self) -> str:
        """The address of a database as `schema.upgrade` leaves it."""
        if self.clean:
            return self.clean.pop()
        address = self.create()
        with closing(open_store(address)) as store:
            schema.upgrade(store, STATES)
            with store.engine.connect() as conn:
                self.untouched = self.untouched or conn.execute(UNTOUCHED).scalar_one()
        return address

    def take_back(self, address: str) -> None:
        """Empties a database for the next test, which is much quicker than making a new one.

        Whoever else is connected is sent away; our own connections are kept, for a new one costs the server more than most
        tests do. A database whose triggers, states or version the test has changed is dropped instead.
        """
        engine = opened(address).engine
        with ExitStack() as held:
            ours = [held.enter_context(engine.connect()) for _ in range(max(1, engine.pool.checkedin()))]
            alone = {"ours": [each.connection.driver_connection.info.backend_pid for each in ours]}
            for each in ours:
                each.execute(text("RESET ALL"))
            ours[0].execute(ALONE, alone)
            same = ours[0].execute(UNTOUCHED).scalar_one() == self.untouched
            if same:
                ours[0].execute(EMPTY)
            for each in ours:
                each.commit()
        if same:
            self.clean.append(address)
        else:
            opened(address).close()
            self.drop(address)
