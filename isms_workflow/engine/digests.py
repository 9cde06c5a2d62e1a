"""The daily digest: asked for every hour, sent to each person once a local date, when it is their hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from isms_workflow.domain.calendars import instant_of, local_date
from isms_workflow.domain.messages import Message, Notice
from isms_workflow.domain.people import ISMS_MANAGER, Directory
from isms_workflow.domain.times import iso
from isms_workflow.engine import notices, offices, outbox, programmes
from isms_workflow.engine.mailing import of_day
from isms_workflow.engine.mailing.look import Look
from isms_workflow.errors import IsmsError
from isms_workflow.notify.digest import Reader, is_empty, whose_hour
from isms_workflow.store import audit
from isms_workflow.store.audit import Checkpoint
from isms_workflow.store.database import Store
from isms_workflow.store.statements import digests as questions

AUDITOR = "auditor"
KEEPERS = (ISMS_MANAGER, "internal_auditor")
"""Who keeps checkpoints: the access role auditor, and whoever holds one of these responsibilities."""


@dataclass(frozen=True, slots=True)
class Morning:
    """Somebody whose hour has come: their local date, when they were told last, and whether they get the checkpoint."""

    person: str
    today: date
    since: datetime
    keeps: bool


def run(store: Store, keys: Path, data: Path, now: datetime) -> int:
    """Queues the digests of those whose hour has come; how many. Who has nothing to be told gets none.

    Whoever keeps checkpoints gets a signed one, which also goes into the file that the programme names
    (relative to `data`). A date is told once, however many call this.
    """
    mornings, file = _mornings(store, now)
    if not mornings:
        return 0
    checkpoint = _checkpoint(store, keys, now) if file or any(each.keeps for each in mornings) else None
    if checkpoint and file:
        _keep(store, data / file, checkpoint, now)
    text = checkpoint.text() if checkpoint else ""
    return sum(_send(store, each, wanted, text, now) for each, wanted in _wanted(store, mornings, text, now))


def _mornings(store: Store, now: datetime) -> tuple[list[Morning], str | None]:
    """Whose hour it is, and the file for checkpoints."""
    with store.read() as conn:
        known = programmes.in_force(conn).programme
        rows = {row.id: row for row in conn.execute(questions.readers())}
        people = offices.directory(conn, now)
    readers = [Reader(row.id, row.zone, row.digested_on) for row in rows.values() if people.people[row.id].active]
    due = whose_hour(readers, now, known.digest_hour)
    return [_morning(rows[person], people, known.digest_hour, now) for person in due], known.checkpoint_file


def _morning(row: Any, people: Directory, hour: int, now: datetime) -> Morning:
    since = now - timedelta(days=1) if row.digested_on is None else instant_of(row.digested_on, time(hour), row.zone)
    keeps = row.role == AUDITOR or any(people.holds(row.id, name) for name in KEEPERS)
    return Morning(row.id, local_date(now, row.zone), since, keeps)


def _wanted(store: Store, mornings: Iterable[Morning], checkpoint: str, now: datetime) -> list[tuple[Morning, bool]]:
    """Each of them, and whether there is anything to tell."""
    with store.read() as conn:
        look = Look(conn, now)
        return [(each, not is_empty(of_day.facts(look, each.person, each.since, checkpoint if each.keeps else "")))
                for each in mornings]


def _send(store: Store, morning: Morning, wanted: bool, checkpoint: str, now: datetime) -> bool:
    """Queues one digest and remembers its date, both or neither; False if there is nothing to tell, or it was told."""
    with store.write() as tx:
        if tx.execute(questions.digested(morning.person, morning.today)).rowcount != 1 or not wanted:
            return False
        outbox.put(tx, [_message(morning, checkpoint if morning.keeps else "")], now)
    return True


def _message(morning: Morning, checkpoint: str) -> Message:
    about = {"since": iso(morning.since), "checkpoint": checkpoint}
    return Notice("digest", morning.person, about).message(morning.today.isoformat(), None)


def _checkpoint(store: Store, keys: Path, now: datetime) -> Checkpoint | None:
    """A signed checkpoint; without a key there is none, and the operators are told once a day."""
    try:
        with store.write() as tx:
            return audit.make_checkpoint(tx, audit.signing_key(tx, keys), now)
    except audit.NothingToSign:
        return None
    except audit.KeyMissing as missing:
        _tell(store, "no checkpoint can be signed", missing, now)
        return None


def _keep(store: Store, file: Path, checkpoint: Checkpoint, now: datetime) -> None:
    """Adds it to the file outside unless it stands there; a file that can't be written is told once a day.

    So is one that knows a longer history than ours: records were cut off, or an older backup came back.
    """
    try:
        longest = max((each.size for each in audit.kept_checkpoints(file)), default=0)
        if longest < checkpoint.size:
            audit.write_checkpoint(file, checkpoint)
        elif longest > checkpoint.size:
            _tell(store, "the history is shorter than its checkpoints outside",
                  f"{file} knows {longest} records, the history has {checkpoint.size}", now)
    except (OSError, IsmsError) as error:
        _tell(store, "the file for checkpoints can't be written", error, now)


def _tell(store: Store, what: str, error: object, now: datetime) -> None:
    with store.write() as tx:
        about = {"what": what, "error": str(error)[:500]}
        outbox.put(tx, notices.to_operators(tx, "watchdog", f"{what}:{now:%Y%m%d}", about, now), now)
