"""The ways to people that the settings name beside mail, each a channel of the outbox."""

from __future__ import annotations

from functools import partial

from isms_workflow.connectors import signatures
from isms_workflow.engine.mailing.channel import NoticeChannel, Post
from isms_workflow.notify.chats import Chat
from isms_workflow.notify.webhooks import Webhook
from isms_workflow.settings import Settings, Way
from isms_workflow.store.database import Store


def channels(store: Store, settings: Settings) -> list[NoticeChannel]:
    """One channel a way."""
    return [NoticeChannel(name, store, post(settings, name, way), settings.public_url, way.is_open_to)
            for name, way in settings.ways.items()]


def post(settings: Settings, name: str, way: Way) -> Post:
    """What carries letters by this way."""
    address = way.url.get_secret_value()
    return Webhook(name, address, partial(signatures.signature, secret(settings, name))) if way.is_webhook else Chat(name, address)


def secret(settings: Settings, name: str) -> str:
    """What the receiver of a webhook verifies our messages with: derived from the installation's key, kept nowhere."""
    return signatures.secret(signatures.key(settings), f"way:{name}")


def names(settings: Settings, email: str) -> tuple[str, ...]:
    """The ways beside mail that somebody may choose."""
    return tuple(name for name, way in settings.ways.items() if way.is_open_to(email))
