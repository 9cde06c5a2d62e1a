"""Files that come with an incident's report: whose they are, how many, what of them stands in the history."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from isms_workflow.domain.refusals import NotAllowed, NotYours, Wrong
from isms_workflow.domain.rules.attachments import AT_ONCE, MOST
from isms_workflow.engine import nightly
from isms_workflow.engine.commands import attachments, incidents
from isms_workflow.engine.commands.attachments import Sent
from isms_workflow.store import audit
from isms_workflow.store.files import EvidenceFiles, Stored
from isms_workflow.store.tables import audit as chain
from isms_workflow.store.tables import evidence
from tests.engine.incidents import do, report
from tests.world import World


def sent(content: bytes, name: str = "screen.png") -> Sent:
    """A file that is stored already."""
    return Sent(Stored(hashlib.sha256(content).hexdigest(), len(content)), name, "image/png")


def attach(world: World, by: str, *files: Sent) -> tuple[str, ...]:
    """Somebody adds files to the report."""
    with world.sim.write() as (tx, when):
        return attachments.attach(tx, world.case, files, world.actor(by), when)


def records(world: World) -> list[tuple[str, dict[str, object]]]:
    """Subject and facts of what the history says of files."""
    with world.store.read() as conn:
        rows = conn.execute(select(chain).where(chain.c.kind.like("evidence.%")).order_by(chain.c.seq)).all()
    return [(row.subject, json.loads(row.body)["data"]) for row in rows]


def test_a_file_is_the_incident_s_under_its_label_and_in_the_chain(both: World) -> None:
    """No step carries it, nothing is done by it, and its name stands beside the chain."""
    report(both)
    (item,) = attach(both, "gil", sent(b"one"))
    with both.store.read() as conn:
        row = conn.execute(select(evidence)).one()
        assert audit.verify(conn).ok
    assert (row.id, row.case_id, row.step_id, row.label, row.name) == (item, both.case, None, "confidential", "screen.png")
    ((subject, data),) = records(both)
    assert (subject, data["evidence"], data["sha256"], data["size"]) == (both.case, item, row.sha256, 3)
    assert "screen.png" not in json.dumps(data)
    view = both.view()
    assert not any(step.carries for step in view.steps)
    assert view.workers == frozenset()


def test_it_is_whoever_reported_who_adds_one_while_it_is_open(world: World) -> None:
    """Not who answers it, whose files are a step's; and not after its end."""
    report(world)
    with pytest.raises(NotYours, match="others add theirs to a step"):
        attach(world, "ben", sent(b"one"))
    do(world, incidents.dismiss, "ben", None, "a prank")
    with pytest.raises(NotAllowed):
        attach(world, "gil", sent(b"one"))


def test_they_are_bounded_at_once_and_in_all(world: World) -> None:
    """So that whoever may report can't fill a disk."""
    report(world)
    with pytest.raises(Wrong, match="files: '11 files' can't be; at most 10 at once"):
        attach(world, "gil", *(sent(bytes([n])) for n in range(AT_ONCE + 1)))
    for batch in range(MOST // AT_ONCE):
        attach(world, "gil", *(sent(bytes([batch, n])) for n in range(AT_ONCE)))
    with pytest.raises(Wrong, match="at most 50 for an incident"):
        attach(world, "gil", sent(b"one more"))


def test_the_nightly_round_looks_at_them(world: World, tmp_path: Path) -> None:
    """A damaged one is recorded with its incident."""
    files = EvidenceFiles(tmp_path)
    stored = files.store((b"one",), 100)
    report(world)
    attach(world, "gil", Sent(stored, "one.txt", "text/plain"))
    assert nightly.check_files(world.store, files, world.now) == (1, 0)
    files.path(stored.sha256).write_bytes(b"two")
    assert nightly.check_files(world.store, files, world.now) == (1, 1)
    subject, data = records(world)[-1]
    assert (subject, data["sha256"]) == (world.case, stored.sha256)
