"""Migrations: the schema they lead to, the triggers after each, and what an upgrade refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, select, text

from isms_workflow.store import schema, triggers
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.schema import NotOwner, SchemaTooNew, SchemaTooOld, StillNamed
from isms_workflow.store.tables import machine_states, metadata
from isms_workflow.store.types import Instant
from tests.databases import Postgres
from tests.world import found

REVISIONS = sorted(schema.known())


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Store]:
    """A database in which nothing is, not even a schema."""
    with closing(open_store(empty_database_url)) as store:
        yield store


@pytest.fixture
def same_sort_empty(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database beside the migrated one, of the same sort."""
    if store.is_sqlite:
        with closing(open_store(f"sqlite:///{tmp_path / 'beside.db'}")) as beside:
            yield beside
        return
    server = request.getfixturevalue("postgres")
    address = server.create()
    with closing(open_store(address)) as beside:
        yield beside
    server.drop(address)


def test_the_migrations_files_name_their_revisions_in_order() -> None:
    """What the release takes from the files' names is what the migrations say of themselves."""
    config = Config()
    config.set_main_option("script_location", "isms_workflow.store:migrations")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert found[::-1] == REVISIONS
    assert found[0] == schema.head()


@pytest.mark.parametrize("to", REVISIONS)
def test_every_trigger_stands_after_every_migration(empty: Store, to: str) -> None:
    """SQLite drops a table's triggers with every rebuild, and no tool that compares schemas sees it."""
    schema.upgrade(empty, to=to)
    with empty.read() as conn:
        assert triggers.triggers(conn) == triggers.expected(conn)


@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning", "ignore:Skipped unsupported reflection")
def test_migrations_lead_to_the_tables_of_this_release(store: Store) -> None:
    """Nothing is left that autogenerate would add, change or remove."""
    def same_type(_context, _inspected, _column, _found, wanted) -> bool | None:
        return False if isinstance(wanted, Instant) else None

    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": same_type, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


ADDED = re.compile(r", (?=\w+ (?:VARCHAR|TEXT|INTEGER|BOOLEAN|DATETIME|JSON))")
"""SQLite writes a column that was added later behind the last one, on its line."""


def definitions(store: Store) -> set[str]:
    """Every column, constraint and index in the words of the database itself."""
    with store.read() as conn:
        if store.is_sqlite:
            found = conn.execute(text("SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql <> ''"))
            lines = (line for sql in found.scalars() for each in sql.splitlines() for line in ADDED.split(each))
            bare = str.maketrans("()", "  ", '"')  # a table that was rebuilt has its name in quotes
            return {" ".join(line.strip().rstrip(",").translate(bare).split()) for line in lines}
        found = conn.execute(text(
            "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
            "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() "
            "UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable, "
            "column_default) FROM information_schema.columns WHERE table_schema = current_schema()"))
        return set(found.scalars())


def test_checks_and_indexes_are_those_of_this_release(store: Store, same_sort_empty: Store) -> None:
    """Autogenerate doesn't see a changed CHECK, nor an index's condition: so the database's own words are compared."""
    metadata.create_all(same_sort_empty.engine)
    migrated = {line for line in definitions(store) if "alembic_version" not in line and "version_num" not in line}
    assert migrated == definitions(same_sort_empty)


def test_the_database_knows_the_states_of_every_machine(empty: Store) -> None:
    """A new state is a row; one that is gone and that nobody names goes."""
    schema.upgrade(empty, [("pdca", ["planned", "plan", "closed"]), ("incident", ["reported"])])
    schema.upgrade(empty, [("pdca", ["planned", "plan", "do", "closed"])])
    with empty.read() as conn:
        states = set(conn.execute(select(machine_states)).tuples())
    assert states == {("pdca", "planned"), ("pdca", "plan"), ("pdca", "do"), ("pdca", "closed")}


def test_upgrading_again_changes_nothing(empty: Store) -> None:
    """Every start does it."""
    first = schema.upgrade(empty, [("pdca", ["planned"])])
    again = schema.upgrade(empty, [("pdca", ["planned"])])
    assert (first.before, first.after) == (None, schema.head())
    assert again == schema.Upgraded(schema.head(), schema.head(), frozenset())
    with empty.read() as conn:
        schema.check(conn)


def test_two_upgrades_at_one_time_make_one_schema(empty: Store) -> None:
    """Two processes start together; one of them waits and finds the work done."""
    with ThreadPoolExecutor(2) as starts:
        found = list(starts.map(lambda _: schema.upgrade(empty, STATES), range(2)))
    assert sorted(each.before or "" for each in found) == ["", schema.head()]


def test_an_upgrade_puts_back_a_trigger_and_says_so(empty: Store) -> None:
    """It was there before: somebody took it away."""
    schema.upgrade(empty)
    with empty.write() as tx:
        tx.execute(text("DROP TRIGGER audit_no_delete" + ("" if empty.is_sqlite else " ON audit")))
    assert schema.upgrade(empty).restored == {"audit_no_delete"}
    with empty.read() as conn:
        assert triggers.missing(conn) == set()


def test_a_role_that_owns_nothing_is_told_who_may_upgrade(postgres: Postgres) -> None:
    """The services work under it; upgrading is the owner's."""
    address = postgres.create()
    role = f"{postgres.prefix}_role"
    postgres.run(f"CREATE ROLE {role} LOGIN")
    try:
        with closing(open_store(address)) as store:
            schema.upgrade(store)
        with (closing(open_store(make_url(address).set(username=role).render_as_string())) as theirs,
              pytest.raises(NotOwner, match="run `isms db upgrade` as the role that owns")):
            schema.upgrade(theirs)
    finally:
        postgres.drop(address)
        postgres.run(f"DROP ROLE {role}")


def test_a_state_that_an_open_case_is_in_is_not_removed(empty: Store) -> None:
    """The upgrade is refused whole, with the list."""
    schema.upgrade(empty, STATES)
    found(empty).open_cycle()
    with pytest.raises(StillNamed, match=r"PDCA-2026-0001 is in the state 'plan'\. Finish those cases"):
        schema.upgrade(empty, [("pdca", ["planned", "later", "closed"])])
    with empty.read() as conn:
        assert ("pdca", "later") not in set(conn.execute(select(machine_states)).tuples())


def test_an_event_that_an_armed_deadline_names_is_not_removed(empty: Store) -> None:
    """Else the clock would wake for something that nobody can carry out."""
    schema.upgrade(empty, STATES)
    found(empty).open_cycle()
    with pytest.raises(StillNamed, match="PDCA-2026-0001 waits for the event 'ladder'"):
        schema.upgrade(empty, events=["lapse"])


STATES = [("pdca", ["planned", "plan", "do", "check", "act", "closed", "cancelled"])]


def test_a_database_without_a_schema_says_what_to_do(empty: Store) -> None:
    """Not a missing table."""
    with empty.read() as conn, pytest.raises(SchemaTooOld, match=r"at no schema, .* run `isms db upgrade`"):
        schema.check(conn)


def set_schema(store: Store, revision: str, min_code: int) -> None:
    """As a later release would have left it."""
    with store.write() as tx:
        tx.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        tx.execute(text(f"UPDATE schema_info SET min_code = {min_code}"))


def test_a_later_schema_that_needs_later_code_is_refused(empty: Store) -> None:
    """By the upgrade as by a start."""
    schema.upgrade(empty)
    set_schema(empty, "9999", schema.CODE + 1)
    with pytest.raises(SchemaTooNew, match="install the later release"):
        schema.upgrade(empty)
    with empty.read() as conn, pytest.raises(SchemaTooNew):
        schema.check(conn)


def test_a_later_schema_that_suits_this_code_is_left_alone(empty: Store) -> None:
    """Two releases may work side by side while one replaces the other."""
    schema.upgrade(empty)
    set_schema(empty, "9999", schema.CODE)
    assert schema.upgrade(empty).after == "9999"
    with empty.read() as conn:
        schema.check(conn)


def test_migrations_are_frozen() -> None:
    """A migration that read this release's tables would change with them."""
    folder = Path(schema.__file__).parent / "migrations"
    for file in [*folder.glob("versions/*.py"), *folder.glob("first/*.py")]:
        assert "isms_workflow.store.tables" not in file.read_text(), file.name
