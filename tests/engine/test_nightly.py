"""The nightly round: what was changed behind our back is found and told; what is old enough is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from isms_workflow.domain.ids import new_id
from isms_workflow.engine import nightly
from isms_workflow.engine.commands import steps
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import accesses, answers, attempts, audit, audit_private, evidence, outbox
from tests.world import World


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    """A folder for evidence."""
    return EvidenceFiles(tmp_path / "evidence")


def upload(world: World, files: EvidenceFiles, content: bytes, key: str = "scope") -> str:
    """Real bytes on the disk, and their evidence; its SHA-256."""
    stored = files.store([content], 1024)
    with world.sim.write() as (tx, when):
        steps.add_evidence(tx, world.step(key).id, stored, "a.txt", "text/plain", "internal", None,
                           world.actor("maria"), when)
    return stored.sha256


def told(world: World) -> list[str]:
    """What the operators were told."""
    with world.store.read() as conn:
        rows = conn.execute(select(outbox.c.payload).order_by(outbox.c.queued_at)).scalars().all()
    return [row["about"]["trouble"] for row in rows if row.get("notice") == "operator_notice"]


def kinds(world: World) -> list[str]:
    """The history's kinds, oldest first."""
    with world.store.read() as conn:
        return list(conn.execute(select(audit.c.kind).order_by(audit.c.seq)).scalars())


def test_a_quiet_night_says_that_all_is_well_and_writes_it_down(planning: World, files: EvidenceFiles) -> None:
    """An auditor sees that verification is done, and when."""
    night = nightly.run(planning.store, files, files.folder, planning.now)
    assert (night.verdict.ok, night.damaged, told(planning)) == (True, 0, [])
    assert kinds(planning)[-1] == "chain.checked"


def test_a_file_that_was_changed_is_found_told_and_recorded_once(planning: World, files: EvidenceFiles) -> None:
    """The evidence is marked; the record names it, and isn't repeated every night."""
    sha256 = upload(planning, files, b"the scope")
    path = files.path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"another scope")
    for night in range(3):
        assert nightly.check_files(planning.store, files, planning.now + timedelta(days=night)) == (1, 1)
    assert kinds(planning).count("evidence.damaged") == 1
    assert set(told(planning)) == {"evidence_damaged"}


def test_a_file_brought_back_from_a_backup_is_well_again(planning: World, files: EvidenceFiles) -> None:
    """The mark goes; what was recorded stays."""
    sha256 = upload(planning, files, b"the scope")
    files.path(sha256).unlink()
    nightly.check_files(planning.store, files, planning.now)
    files.store([b"the scope"], 1024)
    assert nightly.check_files(planning.store, files, planning.now + timedelta(days=30)) == (1, 0)
    with planning.store.read() as conn:
        assert conn.execute(select(evidence.c.damaged_at)).scalar_one() is None


def test_every_file_is_looked_at_within_thirty_days(planning: World, files: EvidenceFiles) -> None:
    """Two nights may be missed; the longest unseen come first."""
    for number in range(60):
        upload(planning, files, b"%d" % number)
    start = planning.now + timedelta(days=1)
    for night in range(30):
        if night not in (4, 17):
            nightly.check_files(planning.store, files, start + timedelta(days=night))
    with planning.store.read() as conn:
        seen = conn.execute(select(evidence.c.checked_at)).scalars().all()
    assert min(seen) >= start


def test_a_changed_history_is_told_with_its_first_bad_record(planning: World, files: EvidenceFiles) -> None:
    """A value beside the chain that was rewritten no longer matches its commitment."""
    raw = planning.store.engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("DROP TRIGGER audit_private_no_update")
    cursor.execute("UPDATE audit_private SET value = 'somebody else' WHERE seq = 2 AND field = 'name'")
    raw.commit()
    night = nightly.run(planning.store, files, files.folder, planning.now)
    assert night.verdict.broken is not None
    assert night.verdict.broken.seq == 2
    assert told(planning) == ["chain_broken"]
    with planning.store.read() as conn:
        assert conn.execute(select(audit_private.c.value).where(audit_private.c.seq == 2)).first()


def put_rows(world: World, age: timedelta, now: datetime) -> None:
    """An answer, an attempt and an access of this age."""
    at = now - age
    with world.store.write() as tx:
        tx.execute(insert(answers).values(person=world.ids["ben"], key=f"k{age.days}", request="0" * 64, status=200,
                                          body="", answered_at=at))
        tx.execute(insert(attempts).values(id=new_id(), subject="x", at=at))
        tx.execute(insert(accesses).values(id=new_id(), at=at, person=None, action="read", resource="/",
                                           outcome="DENIED"))


def test_what_is_old_enough_is_forgotten(both: World, files: EvidenceFiles) -> None:
    """Answers after a week, attempts after a day, accesses after 400."""
    now = both.now + timedelta(days=500)
    for days in (0, 2, 8, 402):
        put_rows(both, timedelta(days=days), now)
    nightly.forget(both.store, files, now)
    with both.store.read() as conn:
        left = [len(conn.execute(select(table)).all()) for table in (answers, attempts, accesses)]
    assert left == [2, 1, 3]


def test_an_access_log_that_was_changed_is_told(planning: World, files: EvidenceFiles) -> None:
    """A sealed hour whose rows are no longer those that were sealed."""
    from isms_workflow.engine import accesslog

    put_rows(planning, timedelta(hours=5), planning.now)
    assert accesslog.seal(planning.store, planning.now) == 1
    with planning.store.write() as tx:
        tx.execute(update(accesses).values(outcome="GRANTED"))
    assert nightly.run(planning.store, files, files.folder, planning.now).hours == 1
    assert told(planning) == ["chain_broken"]
