"""Mails as they leave, in files, for tests of what they say and of who gets them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from isms_workflow.engine import deliverer
from isms_workflow.engine.mailing import MailChannel
from isms_workflow.notify.files import SEALED, FileChannel, WrittenMail, listing
from isms_workflow.settings import Settings
from isms_workflow.store.tables import outbox as outbox_table
from tests.world import World


def deliver(world: World, post: Settings) -> list[WrittenMail]:
    """Everything that waits leaves now; the mails, oldest first, also those that nobody is shown."""
    channel = MailChannel(world.store, FileChannel(post), post.public_url)
    while deliverer.turn(world.store, channel, world.now):
        pass
    mails = (*listing(post.mail_dir, 1000), *listing(post.mail_dir / SEALED, 1000))
    return sorted(mails, key=lambda mail: mail.file)


def became(world: World, outcome: str) -> list[tuple[str, str]]:
    """(notice, why) of the mails that had this outcome."""
    with world.store.read() as conn:
        rows = conn.execute(select(outbox_table).where(outbox_table.c.outcome == outcome)).all()
    return [(row.payload["notice"], row.error) for row in rows if row.channel == "mail"]


def only(mails: list[WrittenMail], to: str, notice: str) -> WrittenMail:
    """The one mail of a sort to somebody."""
    (found,) = [m for m in mails if m.to == f"{to}@example.org" and m.key.startswith(f"{notice}:")]
    return found


def in_write(world: World, deed: Callable[..., object]) -> None:
    """A command at this instant."""
    with world.sim.write() as (tx, when):
        deed(tx, when)
