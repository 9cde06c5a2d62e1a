"""What people and programs send as text, and what headers say: what can't be kept, what a file may be called."""

from __future__ import annotations

from urllib.parse import quote

from isms_workflow.domain.refusals import Wrong
from isms_workflow.engine.accounts.throttle import Throttled
from isms_workflow.errors import IsmsError

LONGEST_NAME = 200

KEEPABLE = "leave out the characters that no text has (U+0000, halves of a pair)"
"""What to do about a text that isn't `storable`."""


def storable(text: str) -> bool:
    """Whether both databases can hold it: PostgreSQL takes no U+0000, and neither takes half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def file_name(told: str, field: str = "file") -> str:
    """A file's own name, without the folders that it came from. Raises `Wrong` if it is none, or can't be shown."""
    name = told.replace("\\", "/").rpartition("/")[2].strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or not name.strip("."):
        raise Wrong(field, name[:40], f"a name of 1 to {LONGEST_NAME} printable characters")
    return name


def media_type(told: str | None) -> str:
    """What sort of file it is, as its sender says; any, if that can't be said in a header (RFC 9110, 8.3)."""
    return told if told and told.isascii() and told.isprintable() else "application/octet-stream"


def attachment(name: str) -> str:
    """The header that has a browser keep a file under this name, and never show it (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def capital(text: str) -> str:
    """With a capital, as a sentence begins."""
    return text[:1].upper() + text[1:]


def retry_after(error: IsmsError) -> dict[str, str]:
    """The header that tells a program when to try again, in seconds (RFC 9110, 10.2.3); none unless there was too much."""
    return {"Retry-After": str(error.seconds)} if isinstance(error, Throttled) else {}


def unsecret(path: str) -> str:
    """An address as it may be written down: without the secret of a link that stands for somebody."""
    first = path.split("/")[1] if "/" in path else path
    return f"/{first}/…" if first in ("setup", "invitation", "acknowledge", "calendar") else path
