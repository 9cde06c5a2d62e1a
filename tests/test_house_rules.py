"""Rules of the house that a machine keeps: a rule that only a reviewer knows is not a rule."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pytest

from isms_workflow.domain import machines

pytestmark = pytest.mark.xdist_group("house")  # every file is parsed once, in one process

ROOT = Path(__file__).parents[1]
ROOMS = ("isms_workflow", "flows", "tasks")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MIGRATIONS = ROOT / "isms_workflow" / "store" / "migrations"
ASKS_FOR_THE_TIME = {"engine/context.py"}
"""Everybody else is given the time; these are the edge."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    """A source file, parsed once."""
    return ast.parse(path.read_text())


def place(path: Path, node: ast.AST) -> str:
    """File and line, as a reader needs them."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def functions(paths: list[Path]) -> Iterator[tuple[Path, Function]]:
    """Every function of these files, methods and inner ones included."""
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_only_the_engine_assigns_a_state() -> None:
    """Invariant 1 as a search: any `….state = …`, `values(state=…)` or compare-and-set (`Moves`), by file and line; the
    writer's is the only one.
    """
    found = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign) and any(
                    isinstance(t, ast.Attribute) and t.attr == "state" and not _of_a_framework(t) for t in node.targets):
                found.append(place(path, node))
            if isinstance(node, ast.Call) and any(k.arg == "state" for k in node.keywords) and (
                    isinstance(node.func, ast.Attribute) and node.func.attr == "values"):
                found.append(place(path, node))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Moves":
                found.append(place(path, node))
    assert [each.split(":")[0] for each in found] == ["isms_workflow/engine/writer.py"], found


def _of_a_framework(target: ast.Attribute) -> bool:
    """`app.state.portal` and the like hold parts of a web application, no state of a case."""
    return isinstance(target.value, ast.Name) and target.value.id in ("app", "request")


def test_only_the_edge_asks_for_the_time() -> None:
    """Time is an argument; `datetime.now`, `utcnow` and `time.time` stand in one place."""
    found = [place(path, node) for path in SOURCES for node in ast.walk(tree(path))
             if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
             and (node.value.id, node.attr) in {("datetime", "now"), ("datetime", "utcnow"), ("time", "time")}]
    outside = [each for each in found if not any(allowed in each for allowed in ASKS_FOR_THE_TIME)]
    assert outside == []
    assert found, "somebody has to ask"


def test_files_and_functions_are_small() -> None:
    """Files: none above 400 lines, half of them at most 120. Functions: none above 60 lines, nine of ten at most 30."""
    lines = {path: len(path.read_text().splitlines()) for path in SOURCES if MIGRATIONS not in path.parents}
    sizes = {place(path, node): (node.end_lineno or 0) - node.lineno + 1 for path, node in functions(list(lines))}
    assert [str(path) for path, count in {**lines, **_lines(TESTS)}.items() if count > 400] == []
    assert median(lines.values()) <= 120
    assert [where for where, size in sizes.items() if size > 60] == []
    assert median(sizes.values()) <= 10
    assert sum(size <= 30 for size in sizes.values()) / len(sizes) >= 0.9


def _lines(paths: list[Path]) -> dict[Path, int]:
    return {path: len(path.read_text().splitlines()) for path in paths}


def test_everything_public_says_what_it_promises() -> None:
    """Modules, classes, functions: whatever has no underscore before its name, and is no method of the data model."""
    silent = [str(path) for path in SOURCES if path.stem != "__init__" and not ast.get_docstring(tree(path))]
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node) and not _inner(path, node):
                silent.append(place(path, node))
    assert silent == []


def _inner(path: Path, node: ast.AST) -> bool:
    """Whether it stands within a function, where nobody else sees it; a migration's functions are Alembic's."""
    return MIGRATIONS in path.parents or node in _within_functions(path)


@cache
def _within_functions(path: Path) -> set[ast.AST]:
    return {each for _, outer in functions([path]) for each in ast.walk(outer) if each is not outer}


def test_every_test_says_what_is_promised() -> None:
    """One sentence a test, because tests are the specification."""
    silent = [place(path, node) for path, node in functions(TESTS)
              if node.name.startswith("test_") and not ast.get_docstring(node)]
    assert silent == []


@pytest.mark.parametrize("kind", sorted(machines.ALL))
def test_a_workflow_is_four_things_in_known_places(kind: str) -> None:
    """Programme section, machine, flow, page: whoever adds a workflow is told what is missing."""
    assert (ROOT / "config" / f"{kind}.yaml").is_file()
    for room in ("isms_workflow.domain", "flows", "isms_workflow.portal.pages"):
        assert find_spec(f"{room}.{kind}"), room


IMPORTS = """
import importlib, sys, threading
names = sys.argv[1:]
import prefect, sqlalchemy.dialects, fastapi, apprise, holidays, argon2  # what others do on import is theirs
before = threading.active_count()
did = []
sys.addaudithook(lambda event, args: did.append((event, str(args)[:200])) if event in (
    "socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen")
    or event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") else None)
for name in names:
    importlib.import_module(name)
assert threading.active_count() == before, threading.enumerate()
did = [each for each in did if ".pyc" not in each[1]]
assert not did, did
"""


def test_nothing_happens_on_import() -> None:
    """No connection, no process, no thread, no file written: by any module of ours."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES
             if MIGRATIONS not in path.parents and path.name != "__main__.py"]
    done = subprocess.run([sys.executable, "-B", "-c", IMPORTS, *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_mail_leaves_through_one_library() -> None:
    """`smtplib` is imported nowhere; aiosmtplib is the owner's choice."""
    found = [place(path, node) for path in (*SOURCES, *TESTS) for node in ast.walk(tree(path))
             if (isinstance(node, ast.Import) and any(each.name.startswith("smtplib") for each in node.names))
             or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("smtplib"))]
    assert found == []


def test_nothing_is_left_to_be_done_in_a_comment() -> None:
    """What is missing stands in an issue, not in the source."""
    marks = tuple("".join(parts) for parts in (("TO", "DO"), ("FIX", "ME"), ("X", "XX")))
    found = [f"{path.relative_to(ROOT)}:{number}" for path in (*SOURCES, *TESTS)
             for number, line in enumerate(path.read_text().splitlines(), start=1) if any(m in line for m in marks)]
    assert found == []


@pytest.mark.xdist_group("house")
def test_tests_that_share_a_server_stay_together(request: pytest.FixtureRequest) -> None:
    """Under xdist a group's name stands in its tests' ids; otherwise each worker would start a server of its own."""
    assert request.node.nodeid.endswith("@house") == bool(getattr(request.config.option, "loadgroup", False))
