"""What the database does whatever the code does: it refuses to change, remove or slip in a line of history, marks
every change of what seldom changes, so that whoever keeps a copy of it sees that it is old, and on PostgreSQL tells clocks
and deliverers at commit that something was recorded.

Triggers are dropped with their table whenever SQLite has to rebuild it, and no tool that compares
schemas sees them. So they are not part of single migrations: `create` puts all of them back after every
upgrade, and `triggers` tells which are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

from isms_workflow.store.database import WAKE_CHANNEL

REFUSE = """
CREATE OR REPLACE FUNCTION isms_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % is refused (%)', TG_TABLE_NAME, TG_OP, TG_NAME USING ERRCODE = '23000';
END $$
"""

IN_ORDER = """
CREATE OR REPLACE FUNCTION isms_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    last bigint;
    many bigint;
BEGIN
    SELECT min(seq), max(seq), count(*) INTO first, last, many FROM added;
    IF many > 0 AND (last - first + 1 <> many OR last <> (SELECT max(seq) FROM audit)
                     OR first - 1 <> coalesce((SELECT max(seq) FROM audit WHERE seq < first), 0)) THEN
        RAISE EXCEPTION 'audit: % is not the next number (audit_in_order)', first USING ERRCODE = '23000';
    END IF;
    RETURN NULL;
END $$
"""
"""Of all rows of a statement at once: a look at the last number for each of hundreds would cost as much as writing them."""

CHANGED = "UPDATE directory_version SET token = {drawn}"
"""Drawn, not counted: the number that a transaction counts to and takes back would be given again."""

DIRECTORY_CHANGED = f"""
CREATE OR REPLACE FUNCTION isms_directory_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {CHANGED.format(drawn="gen_random_uuid()::text")};
    RETURN NULL;
END $$
"""

RECORDED = f"""
CREATE OR REPLACE FUNCTION isms_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{WAKE_CHANNEL}', '');
    RETURN NULL;
END $$
"""


@dataclass(frozen=True)
class Guard:
    """A table that only grows; `once` is the key under which a row stands once, `ends` what may change, a single time.

    An update is let through if nothing but `ends` changes, the first of `ends` was null and is set, and the
    others become null.
    """

    table: str
    once: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def allowed(self, columns: Sequence[str], same: str) -> str:
        """The SQL condition under which an update is let through; `same` is the null-safe comparison."""
        if not self.ends:
            return "false"
        mark, *emptied = self.ends
        return " AND ".join((
            *(f"NEW.{name} {same} OLD.{name}" for name in columns if name not in self.ends),
            *(f"NEW.{name} IS NULL" for name in emptied),
            f"OLD.{mark} IS NULL AND NEW.{mark} IS NOT NULL",
        ))


GUARDS = (
    Guard("audit"),  # its numbers must follow each other, which says more than once each
    Guard("audit_private", ("seq", "field"), ends=("erased_at", "value", "salt")),
    Guard("checkpoints", ("seq",)),
    Guard("transitions", ("id",)),
    Guard("decisions", ("id",), ends=("voided_at",)),
)

STANDING: Mapping[str, tuple[str, ...]] = {
    "people": ("email", "role", "zone", "ends_at", "deactivated_at"), "responsibilities": (), "deputies": (),
    "delegations": (), "overrides": (), "rotation_orders": (), "notification_rules": (), "programmes": (),
}
"""The tables whose copies are kept (`engine/standing.py`), and the columns if not all of them."""

MARK = "directory_version"

GUARDING = {
    "sqlite": frozenset(f"{g.table}_{what}" for g in GUARDS for what in ("no_update", "no_delete"))
    | {f"{g.table}_once" for g in GUARDS if g.once} | {"audit_in_order"},
    "postgresql": frozenset(f"{g.table}_{what}" for g in GUARDS for what in ("no_update", "no_delete", "no_truncate"))
    | {"audit_in_order"},
}
"""By dialect. PostgreSQL needs no `once`: there an insert never replaces a row without updating it."""

MARKING = {
    "sqlite": frozenset(f"{table}_marked_{deed}" for table in STANDING for deed in ("insert", "update", "delete")),
    "postgresql": frozenset(f"{table}_marked_{deed}" for table in STANDING for deed in ("change", "truncate")),
}
"""By dialect. SQLite's triggers are for one deed each; it has no TRUNCATE."""

TELLING = {"sqlite": frozenset[str](), "postgresql": frozenset({"audit_head_told"})}
"""By dialect. SQLite's clocks see a commit by themselves."""


def expected(conn: Connection) -> frozenset[str]:
    """The names of the triggers that belong to this database; an earlier release's has no mark to set."""
    marking = MARKING[conn.dialect.name] if inspect(conn).has_table(MARK) else frozenset()
    return GUARDING[conn.dialect.name] | TELLING[conn.dialect.name] | marking


def triggers(conn: Connection) -> set[str]:
    """The names of the triggers that are in the database and switched on."""
    if conn.dialect.name == "sqlite":
        return set(conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())
    return set(conn.execute(text(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal AND tgenabled = 'A'"
    )).scalars())


def missing(conn: Connection) -> set[str]:
    """The triggers that should be there and are not: somebody took them away."""
    return set(expected(conn) - triggers(conn))


def create(conn: Connection) -> None:
    """Puts every trigger in place, in the form this release knows, whichever were there.

    Columns are read off the database: a restore begins with an earlier release's tables.
    """
    found = inspect(conn)
    columns = {guard: [c["name"] for c in found.get_columns(guard.table)] for guard in GUARDS}
    guarding, marking = (_sqlite, _sqlite_marks) if conn.dialect.name == "sqlite" else (_postgresql, _postgresql_marks)
    for statement in (*guarding(columns), *(marking() if found.has_table(MARK) else ())):
        conn.exec_driver_sql(statement)


def _sqlite(columns: Mapping[Guard, Sequence[str]]) -> Iterator[str]:
    for name in sorted(GUARDING["sqlite"]):
        yield f"DROP TRIGGER IF EXISTS {name}"
    for guard, names in columns.items():
        if guard.once:  # else INSERT OR REPLACE gets by
            key = ", ".join(guard.once)
            new = ", ".join(f"NEW.{name}" for name in guard.once)
            known = f"({new}) IN (SELECT {key} FROM {guard.table})"  # noqa: S608 - our own names
            yield _refusal(guard.table, "once", "INSERT", known)
        yield _refusal(guard.table, "no_update", "UPDATE", f"NOT ({guard.allowed(names, 'IS')})")
        yield _refusal(guard.table, "no_delete", "DELETE", "true")
    yield _refusal("audit", "in_order", "INSERT", "NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)")


def _sqlite_marks() -> Iterator[str]:
    changed = CHANGED.format(drawn="lower(hex(randomblob(16)))")
    for table, columns in STANDING.items():
        for deed in ("insert", "update", "delete"):
            name = f"{table}_marked_{deed}"
            of = f" OF {', '.join(columns)}" if columns and deed == "update" else ""
            yield f"DROP TRIGGER IF EXISTS {name}"
            yield f"CREATE TRIGGER {name} AFTER {deed.upper()}{of} ON {table} BEGIN {changed}; END"


def _refusal(table: str, what: str, deed: str, when: str) -> str:
    reason = f"{table}: {deed} is refused ({table}_{what})"
    return (f"CREATE TRIGGER {table}_{what} BEFORE {deed} ON {table} FOR EACH ROW WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{reason}'); END")


def _postgresql(columns: Mapping[Guard, Sequence[str]]) -> Iterator[str]:
    yield REFUSE.replace("%", "%%")
    yield IN_ORDER.replace("%", "%%")
    for guard, names in columns.items():
        change = f"NOT ({guard.allowed(names, 'IS NOT DISTINCT FROM')})"
        yield from _always(guard.table, "no_update", "UPDATE", f"FOR EACH ROW WHEN ({change})")
        yield from _always(guard.table, "no_delete", "DELETE", "FOR EACH ROW")
        yield from _always(guard.table, "no_truncate", "TRUNCATE", "FOR EACH STATEMENT")
    yield "DROP TRIGGER IF EXISTS audit_in_order ON audit"  # an earlier release's is of another sort
    yield RECORDED
    yield from _always("audit_head", "told", "UPDATE", "FOR EACH STATEMENT", "isms_recorded", "AFTER")
    yield from _always("audit", "in_order", "INSERT", "REFERENCING NEW TABLE AS added FOR EACH STATEMENT", "isms_in_order", "AFTER")


def _postgresql_marks() -> Iterator[str]:
    yield DIRECTORY_CHANGED
    for table, columns in STANDING.items():
        of = f" OF {', '.join(columns)}" if columns else ""
        for what, deed in (("change", f"INSERT OR DELETE OR UPDATE{of}"), ("truncate", "TRUNCATE")):
            yield from _always(table, f"marked_{what}", deed, "FOR EACH STATEMENT", "isms_directory_changed", "AFTER")


def _always(table: str, what: str, deed: str, scope: str, function: str = "isms_refuse",
            moment: str = "BEFORE") -> Iterator[str]:
    """A trigger that also fires for a session that calls itself a replica."""
    name = f"{table}_{what}"
    yield f"CREATE OR REPLACE TRIGGER {name} {moment} {deed} ON {table} {scope} EXECUTE FUNCTION {function}()"
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
