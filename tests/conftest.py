"""What every test may ask for: a fresh database of either sort, settings with a folder of their own."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings as examples
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from isms_workflow.settings import Settings
from isms_workflow.store import schema
from isms_workflow.store.database import Store, open_store
from tests.databases import STATES, Files, Postgres, opened
from tests.shell import Shell

POSTGRES = os.environ.get("ISMS_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
ABSENT = "service not there: "
MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # where Linux keeps shared memory
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:  # processes are killed here, never the machine: nothing
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # has to outlive it, and to sync costs milliseconds

examples.register_profile("house", examples.default, deadline=None)
examples.load_profile("house")  # how long an example takes says more about the machine: timings belong to the benches

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


SLOW = ("test_services", "test_supervisor", "test_crash", "test_demo", "test_backup", "test_schema",
        "test_stateful", "test_obligations_stateful", "test_incidents_stateful", "test_corrective_stateful")
"""Files whose single tests take seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long chains, which one worker plays from end to end, begin first, then what takes seconds: whoever begins one last
    is waited for.
    """
    items.sort(key=lambda item: 0 if item.get_closest_marker("xdist_group") else 1 if item.path.stem in SLOW else 2)


def pytest_collection_finish() -> None:
    """All that is loaded by now stays until the end: to look through it for garbage again and again finds none."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy: once a process."""
    file = tmp_path_factory.mktemp("template") / "isms.db"
    with closing(open_store(f"sqlite:///{file}")) as store:
        schema.upgrade(store, STATES)
        with store.engine.connect() as conn:  # only the file is copied, so nothing may stay in the log beside it
            conn.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


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
