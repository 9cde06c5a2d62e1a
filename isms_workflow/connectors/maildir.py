"""A Maildir that an MTA delivers into: what waits there, and where it goes when it is dealt with."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isms_workflow.connectors.mails import LONGEST_MAIL, Unreadable
from isms_workflow.folders import private


@dataclass(frozen=True)
class Box:
    """The folder; how often it is looked into, in seconds, and how long it may be away until that is told.

    A mail in `new` waits; `cur` has those that were taken, `.refused` those that couldn't be.
    """

    folder: Path
    kind = "maildir"
    every = 2.0
    patience = 0.0

    @property
    def aside(self) -> str:
        """Where a mail lies that can't become a report."""
        return f"sub-folder {self.folder.name}/.refused"

    @contextmanager
    def opened(self) -> Iterator[Box]:
        """Itself: a folder is always open."""
        yield self

    def read(self, mail: Path) -> bytes:
        """A mail's bytes, of a plain file: a link could name any file of ours. Raises `Unreadable`, `FileNotFoundError`."""
        try:
            handle = os.open(mail, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Unreadable(f"it can't be opened ({error.strerror})") from error
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable("it is no file")
            if found.st_size > LONGEST_MAIL:
                raise Unreadable("it is too large")
            with os.fdopen(handle, "rb", closefd=False) as content:
                return content.read()
        finally:
            os.close(handle)

    def waiting(self) -> list[Path]:
        """The mails that wait, oldest first, as far as their names tell. The folder is made if it isn't there."""
        _made(self.folder)
        return sorted(path for path in (self.folder / "new").iterdir() if not path.name.startswith("."))

    def taken(self, mail: Path) -> None:
        """It has become a report: seen. Nothing, if somebody else has moved it."""
        _move(mail, self.folder / "cur" / f"{mail.name.partition(':')[0]}:2,S")

    def refused(self, mail: Path) -> None:
        """It can't become one: a person looks at it in the sub-folder, where mail programs show it as new."""
        aside = self.folder / ".refused"
        _made(aside)
        (aside / "maildirfolder").touch()  # how a sub-folder is told from a mailbox of its own
        _move(mail, aside / "new" / mail.name.partition(":")[0])


def _made(folder: Path) -> None:
    for part in ("tmp", "new", "cur"):
        private(folder / part)


def _move(mail: Path, to: Path) -> None:
    try:
        mail.rename(to)
    except FileNotFoundError:
        if not to.parent.is_dir():
            raise
