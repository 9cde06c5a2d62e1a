"""Signed webhooks, after the Standard Webhooks specification: whether a message comes from whoever has the secret.

A secret is derived from one key of the installation's and the source's id, so that none lies in the database.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from isms_workflow.folders import made_once, private
from isms_workflow.settings import Settings

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be from ours; an older message may be somebody's copy."""

LONGEST_ID = 200
KEY_FILE = "webhooks.key"


def key(settings: Settings) -> bytes:
    """The key that every secret is derived from; made at its first use, beside the other keys, which back-ups have."""
    private(settings.keys_dir)
    return made_once(settings.keys_dir / KEY_FILE).encode()


def secret(key: bytes, source: str) -> str:
    """What a source signs with: `whsec_…`."""
    return PREFIX + b64encode(hmac.digest(key, f"isms-webhook:1:{source}".encode(), hashlib.sha256)).decode()


def signature(secret: str, message: str, timestamp: str, body: bytes) -> str:
    """A message's signature: `v1,…`."""
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256)).decode()


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether the message is whole, fresh, and signed with the secret; takes as long whichever of it is wrong.

    Several signatures may stand there, while a sender changes from one secret to the next.
    """
    message, timestamp = message_id(headers), headers.get("webhook-timestamp", "")
    wanted = signature(secret, message, timestamp, body).encode()
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")[:10]
    same = [hmac.compare_digest(wanted, each) for each in given]
    return any(same) and bool(message) and _is_fresh(timestamp, now)


def message_id(headers: Mapping[str, str]) -> str:
    """The message's own id; empty if there is none that can be kept."""
    found = headers.get("webhook-id", "")
    return found if len(found) <= LONGEST_ID and found.isascii() and found.isprintable() else ""


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        return False
    return abs(datetime.fromtimestamp(int(timestamp), UTC) - now) <= TOLERANCE
