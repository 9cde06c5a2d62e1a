"""An export verifies without us: the script of the docs, run as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text, update

from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit_private
from tests.store.audit.histories import HISTORY, MARIA, at, attacked, write_history

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_chain.py"
Lines = list[dict]


@pytest.fixture
def history(store: Store, tmp_path: Path) -> Store:
    """A history with two keys, a checkpoint by each, and one erased value."""
    return with_two_keys(store, tmp_path)


@pytest.fixture
def lines(sqlite_store: Store, tmp_path: Path) -> Lines:
    """Its export, private values included."""
    return exported(with_two_keys(sqlite_store, tmp_path), include_private=True)


def with_two_keys(store: Store, tmp_path: Path) -> Store:
    """The short history, a rotation of keys, and two more records."""
    old, new = audit.make_key(tmp_path / "keys"), audit.make_key(tmp_path / "keys")
    write_history(store, old)
    with store.write() as tx:
        audit.rotate(tx, old, new, MARIA, at(70))
        audit.append(tx, HISTORY[:2])
        audit.make_checkpoint(tx, new, at(80))
        tx.execute(update(audit_private).where(audit_private.c.field == "email", audit_private.c.seq < 5)
                   .values(value=None, salt=None, erased_at=at(81)))
    return store


def exported(store: Store, include_private: bool = False) -> Lines:
    """What `export` writes, read again."""
    with store.read() as conn:
        return [json.loads(line) for line in audit.export(conn, include_private)]


def judged(folder: Path, *files: Lines) -> subprocess.CompletedProcess[str]:
    """What the script says of these files."""
    names = []
    for number, lines in enumerate(files):
        names.append(folder / f"{number}.jsonl")
        names[-1].write_text("".join(json.dumps(line) + "\n" for line in lines))
    return subprocess.run([sys.executable, SCRIPT, *names], capture_output=True, text=True, check=False)


def test_an_export_holds_the_stored_bytes_and_no_names(history: Store) -> None:
    """Header, records, checkpoints, in this order; what is personal stays at home."""
    lines = exported(history)
    assert lines[0] == {"export": "isms-audit", "format": 1, "size": 12, "head": lines[12]["hash"], "private": False}
    assert [line.get("seq") for line in lines[1:]] == [*range(1, 13), None, None]
    assert "Dana Weber" not in json.dumps(lines)


def test_private_values_go_along_if_asked(history: Store) -> None:
    """With their salts; an erased one is null."""
    added = exported(history, include_private=True)[2]
    assert added["private"]["name"]["value"] == "Dana Weber"
    assert added["private"]["email"] is None


@pytest.mark.parametrize("include_private", [False, True])
def test_the_script_passes_a_good_export(history: Store, tmp_path: Path, include_private: bool) -> None:
    """With a checkpoint kept outside as well."""
    with history.read() as conn:
        outside = json.loads(audit.stored_checkpoints(conn)[0].text())
    verdict = judged(tmp_path, exported(history, include_private), [outside])
    assert (verdict.returncode, verdict.stderr) == (0, "")
    assert verdict.stdout.startswith("INTACT: 12 records, 3 checkpoints, last hash ")


def rewrite(seq: int, old: str, new: str) -> Callable[[Lines], None]:
    """Replaces words in a record's body."""
    def change(lines: Lines) -> None:
        assert old in lines[seq]["body"]
        lines[seq]["body"] = lines[seq]["body"].replace(old, new)
    return change


TAMPERED = {
    "a word": (rewrite(4, '"plan"', '"done"'), "record 4: its bytes changed"),
    "bytes that are no JSON": (lambda lines: lines[4].update(body="{"), "record 4: its bytes changed"),
    "a number": (lambda lines: [lines.pop(4), lines[4].update(seq=4)], "record 4: it is another's"),
    "a private field added": (lambda lines: lines[4].update(private={"note": {"salt": "", "value": ""}}),
                              "record 4: the value of note changed"),
    "a hash": (lambda lines: lines[4].update(hash="00"), "record 4: its bytes changed"),
    "a record gone": (lambda lines: lines.pop(4), "record 4: it is missing"),
    "two swapped": (lambda lines: lines.insert(3, lines.pop(4)), "record 3: it is missing, or out of order"),
    "the tail cut": (lambda lines: lines.pop(12), "the end: records were cut off"),
    "no header": (lambda lines: lines.pop(0), "the end: records were cut off"),
    "a private value": (lambda lines: lines[2]["private"]["name"].update(value="Dan"), "record 2: the value of name"),
    "a signature": (lambda lines: lines[13]["checkpoint"].update(signature="00"), "its signature is wrong"),
    "a checkpoint's hash": (lambda lines: lines[13]["checkpoint"].update(head="00"), "was rewritten"),
    "a checkpoint's key": (lambda lines: lines[13]["checkpoint"].update(key="00"), "its key wasn't the chain's"),
    "a checkpoint beyond the end": (lambda lines: lines[14]["checkpoint"].update(size=13), "the chain was cut short"),
}


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED)
def test_the_script_finds_what_was_tampered_with(
    lines: Lines, tmp_path: Path, tamper: Callable[[Lines], None], said: str
) -> None:
    """And names the first place."""
    tamper(lines)
    verdict = judged(tmp_path, lines)
    assert verdict.returncode == 1
    assert said in verdict.stderr


def test_a_broken_history_is_exported_and_the_script_says_where(sqlite_store: Store, tmp_path: Path) -> None:
    """Whoever examines what happened gets all that is there."""
    with_two_keys(sqlite_store, tmp_path)
    with attacked(sqlite_store) as conn:
        for attack in ("UPDATE audit SET body = x'C3' WHERE seq = 4", "DELETE FROM audit_head",
                       "UPDATE audit_private SET value = CAST(x'C3' AS TEXT) WHERE seq = 6"):
            conn.execute(text(attack))
        lines = [json.loads(line) for line in audit.export(conn, include_private=True)]
    assert len(lines) == 15
    assert "record 4: its bytes changed" in judged(tmp_path, lines).stderr


def test_the_script_finds_a_key_that_nobody_vouched_for(sqlite_store: Store, tmp_path: Path) -> None:
    """A handover by a stranger."""
    first, stranger, new = (audit.make_key(tmp_path / "keys") for _ in range(3))
    write_history(sqlite_store, first)
    with sqlite_store.write() as tx:
        audit.rotate(tx, stranger, new, MARIA, at(70))
    verdict = judged(tmp_path, exported(sqlite_store))
    assert verdict.returncode == 1
    assert "record 10: the key before didn't sign for the new one" in verdict.stderr


def test_the_script_is_about_forty_lines() -> None:
    """Short enough to be read by whoever relies on it."""
    code = [line for line in SCRIPT.read_text().splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(code) <= 44
