"""Keys that sort by the time they were made."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A UUIDv7 (RFC 9562) as 36 characters; later ones sort after earlier ones to the millisecond."""
    return str(uuid_utils.uuid7())
