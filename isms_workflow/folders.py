"""Folders that hold personal data are their owner's alone."""

from __future__ import annotations

from pathlib import Path


def private(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, with mode 0700; what is there already stays as it is.

    So whatever is made first in a new data folder closes the whole of it.
    """
    if not folder.is_dir():
        private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
