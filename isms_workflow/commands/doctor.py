"""`isms doctor`: everything that is wrong, in sentences, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from isms_workflow import services
from isms_workflow.commands.on_call import unable
from isms_workflow.commands.shared import say
from isms_workflow.domain.effects import EffectError
from isms_workflow.engine import health, on_call, programmes
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.prefect.gateway import PrefectGateway
from isms_workflow.errors import IsmsError
from isms_workflow.programme.load import load
from isms_workflow.settings import Settings
from isms_workflow.store import audit, triggers
from isms_workflow.store.statements import accounts


def doctor() -> int:
    """Look at services, deadlines, outbox, Prefect, guards, folder, keys, programme; exit code 1 if anything is wrong."""
    settings = Settings()
    with services.ready(settings) as store, store.read() as conn:
        found = [*health.look(conn, utc_now()).troubles, *_of_installation(conn, settings)]
    found += _of_prefect(settings)
    for each in found:
        say(f"✗ {each}")
    say(f"{len(found)} things need somebody." if found else "Everything is as it should be.")
    return 1 if found else 0


def _of_installation(conn: Connection, settings: Settings) -> Iterator[str]:
    """What belongs to the installation: data folder, guards, key, programme."""
    yield from _of_folder(settings.data)
    missing = sorted(triggers.missing(conn))
    if missing:
        yield f"These guards of the history are missing: {', '.join(missing)}. Run `isms db upgrade`."
    if not conn.execute(accounts.is_founded()).scalar_one():
        yield "Set-up isn't finished: `isms up` prints the link to it."
        return
    yield from _of_keys(conn, settings.keys_dir)
    yield from (f"Nobody is on call for {rotation.title} from {gap.starts:%Y-%m-%d %H:%M} to {gap.ends:%Y-%m-%d %H:%M} UTC: "
                "see `isms on-call show`, or the portal's page On call."
                for rotation, gap in on_call.gaps(conn, utc_now()))
    yield from unable(conn)
    try:
        if load(settings.programme_dir).digest != programmes.in_force(conn).programme.digest:
            yield (f"The programme in {settings.programme_dir} is not the one in force: "
                   "see `isms programme diff`, then apply it or take the changes back.")
    except IsmsError as error:
        yield str(error)


def _of_folder(data: Path) -> Iterator[str]:
    """Whether the data folder is closed to strangers; a group may have been let in on purpose."""
    if data.is_dir() and data.stat().st_mode & 0o007:
        yield f"Others may look into the data folder {data}, where personal data lies: run `chmod 700 {data}`."


def _of_keys(conn: Connection, folder: Path) -> Iterator[str]:
    """Whether the key that signs is there, and no key is open to others."""
    try:
        audit.current_key(conn, folder)
    except IsmsError as error:
        yield str(error)
    for path in sorted(folder.glob("*")):
        if path.stat().st_mode & 0o077:
            yield f"Others may read {path}: run `chmod 600 {path}`, and make a new key if somebody may have done so."


def _of_prefect(settings: Settings) -> Iterator[str]:
    """Whether Prefect answers and its scheduler works; with some libraries it silently doesn't."""
    with closing(PrefectGateway(settings)) as gateway:
        try:
            if not gateway.has_scheduled_runs(utc_now()):
                yield "Prefect has no scheduled run: run `isms prefect register`; if that doesn't help, see its log."
        except EffectError as error:
            yield str(error)
