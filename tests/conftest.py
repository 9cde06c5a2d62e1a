"""What every test may ask for: a fresh database of either sort, settings with a folder of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings as examples
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from isms_workflow.domain import machines
from isms_workflow.settings import Settings
from isms_workflow.store import schema
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.tables import metadata
from tests.shell import Shell

POSTGRES = os.environ.get("ISMS_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
ABSENT = "service not there: "
STATES = tuple((machine.kind, tuple(sorted(machine.states))) for machine in machines.ALL.values())

MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # where Linux keeps shared memory
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:  # processes are killed here, never the machine: nothing
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # has to outlive it, and to sync costs milliseconds

examples.register_profile("house", examples.default, deadline=None)
examples.load_profile("house")  # how long an example takes says more about the machine: timings belong to the benches

UNTOUCHED = text("""
    SELECT md5(concat(
      (SELECT string_agg(pg_get_triggerdef(oid) || tgenabled::text, ';' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
      (SELECT string_agg(prosrc, ';' ORDER BY proname) FROM pg_proc WHERE proname LIKE 'isms%'),
      (SELECT string_agg(kind || state, ';' ORDER BY kind, state) FROM machine_states),
      (SELECT string_agg(min_code::text, ';') FROM schema_info)))
""")
"""What a test must not have changed if the next one is to have its database."""

KEPT = ("audit_head", "schema_info", "machine_states")
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
  UPDATE audit_head SET seq = 0, hash = repeat('0', 64);
END $$
""")
"""Empties every table in one exchange with the server, without touching a guard of a table that nobody wrote to."""

NewDatabase = Callable[[], str]
"""Makes an empty, migrated database and gives its address; it is gone after the test."""


def service_absent(name: str, reason: str) -> None:
    """Skips the test, or fails it where the services are required (`ISMS_REQUIRE_SERVICES=1`)."""
    if os.environ.get("ISMS_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{name} is required and can't be reached: {reason}")
    pytest.skip(f"{ABSENT}{name} ({reason})")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the services whose tests were skipped, so that a green run doesn't look like a whole one."""
    texts = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    found = [text.split(ABSENT, 1)[1].split(" (")[0] for text in texts if ABSENT in text]
    for name in sorted(set(found)):
        terminalreporter.write_line(f"{found.count(name)} tests skipped: {name} is not there", yellow=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long chains, which one worker plays from end to end, begin first: whoever begins one last is waited for."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy: once a process."""
    file = tmp_path_factory.mktemp("template") / "isms.db"
    with closing(open_store(f"sqlite:///{file}")) as store:
        schema.upgrade(store, STATES)
        with store.engine.connect() as conn:  # only the file is copied, so nothing may stay in the log beside it
            conn.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


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


_opened: dict[str, Store] = {}


def opened(address: str) -> Store:
    """The store at an address, the same for each test that gets it: statements once compiled stay so."""
    if address not in _opened:
        _opened[address] = open_store(address)
    return _opened[address]


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

        One whose triggers, states or version the test has changed is dropped instead.
        """
        opened(address).close()
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 f"WHERE datname = '{make_url(address).database}'")
        with closing(opened(address)) as store, store.engine.begin() as conn:
            same = conn.execute(UNTOUCHED).scalar_one() == self.untouched
            if same:
                conn.execute(EMPTY)
        if same:
            self.clean.append(address)
        else:
            self.drop(address)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """The PostgreSQL server at `ISMS_TEST_POSTGRES`."""
    server = Postgres(make_url(POSTGRES), os.environ.get("PYTEST_XDIST_WORKER", "main"))
    try:
        server.run("SELECT 1")
    except OperationalError as error:
        service_absent("PostgreSQL", str(error.orig).splitlines()[0])
    yield server
    for address in server.clean:
        server.drop(address)
    server.admin.dispose()


@pytest.fixture(scope="session")
def sqlite_files(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The database files of this process."""
    return Files(sqlite_template, tmp_path_factory.mktemp("databases"))


@pytest.fixture
def new_sqlite(sqlite_files: Files) -> Iterator[NewDatabase]:
    """Makes migrated SQLite databases, and takes them back after the test."""
    made: list[str] = []

    def make() -> str:
        made.append(sqlite_files.make())
        return made[-1]

    yield make
    for address in made:
        sqlite_files.take_back(address)


@pytest.fixture
def new_postgres(postgres: Postgres) -> Iterator[NewDatabase]:
    """Makes migrated PostgreSQL databases, and takes them back after the test."""
    made: list[str] = []

    def make() -> str:
        made.append(postgres.migrated())
        return made[-1]

    yield make
    for address in made:
        postgres.take_back(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database: the test runs on SQLite and on PostgreSQL."""
    make: NewDatabase = request.getfixturevalue("new_sqlite" if request.param == "sqlite" else "new_postgres")
    return make()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database in which nothing is: for migrations and restores."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.create()
    yield address
    server.drop(address)


@pytest.fixture
def store(database_url: str) -> Store:
    """A fresh, migrated store: the test runs on SQLite and on PostgreSQL."""
    return opened(database_url)


@pytest.fixture
def sqlite_store(new_sqlite: NewDatabase) -> Store:
    """A fresh, migrated store on SQLite only: for what doesn't depend on the database."""
    return opened(new_sqlite())


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with an empty data folder of their own; they name the test's database if it has one."""
    for name in [name for name in os.environ if name.startswith("ISMS_") and not name.startswith("ISMS_TEST_")]:
        if name != "ISMS_REQUIRE_SERVICES":
            monkeypatch.delenv(name)
    url = request.getfixturevalue("database_url") if "database_url" in request.fixturenames else ""
    return Settings(data=tmp_path / "data", database_url=url)


@pytest.fixture
def shell(settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell whose environment names the test's data folder and database."""
    monkeypatch.setenv("ISMS_DATA", str(settings.data))
    if settings.database_url:
        monkeypatch.setenv("ISMS_DATABASE_URL", settings.database_url)
    return Shell(capsys)
