"""Folders that hold personal data are their owner's alone."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def private(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, with mode 0700; what is there already stays as it is.

    So whatever is made first in a new data folder closes the whole of it.
    """
    if not folder.is_dir():
        private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def made_once(path: Path) -> str:
    """A secret in a file, mode 0600; made once, whoever asks first.

    Processes that ask at the same instant all get the same one: a finished file is linked into place, and the link
    succeeds once.
    """
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent)  # mkstemp: mode 0600 from the first byte on
        try:
            with os.fdopen(handle, "w", encoding="ascii") as draft:
                draft.write(secrets.token_urlsafe(32))
                draft.flush()
                os.fsync(draft.fileno())
            with suppress(FileExistsError):  # somebody was quicker: theirs is as good
                os.link(name, path)
        finally:
            Path(name).unlink()
    return path.read_text(encoding="ascii").strip()
