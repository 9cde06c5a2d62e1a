"""Links by which an incident is acknowledged from the mail that told of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Select, Update, delete, select, update

from isms_workflow.store.tables import mail_links


def of_token(token: str) -> Select[Any]:
    """For the page behind a link, by its secret's digest: also a link that is spent, so that it can say so."""
    return select(mail_links).where(mail_links.c.token == token)


def use(link: str, now: datetime) -> Update:
    """One row the first time, none ever after; whoever waits for the row's lock looks again."""
    return update(mail_links).where(
        mail_links.c.id == link, mail_links.c.used_at.is_(None), mail_links.c.expires_at > now).values(used_at=now)


def take_back(links: Collection[str]) -> Delete:
    """For mails that didn't leave: nobody has their links."""
    return delete(mail_links).where(mail_links.c.id.in_(links), mail_links.c.used_at.is_(None))
