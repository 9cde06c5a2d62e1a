"""Somebody who types `isms …`."""

from __future__ import annotations

import pytest

from isms_workflow import cli


class Shell:
    """Somebody with a shell beside the database."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.said = self.complained = ""

    def __call__(self, line: str, *more: str) -> int:
        """A command line; its exit code."""
        code = cli.run([*line.split(), *more])
        self.said, self.complained = self.capsys.readouterr()
        return code

    def ok(self, line: str, *more: str) -> str:
        """A command line that is carried out; what it said."""
        code = self(line, *more)
        assert (code, self.complained) == (0, ""), (line, self.said, self.complained)
        return self.said

    def refused(self, line: str, *more: str) -> str:
        """One that isn't; the sentence."""
        assert self(line, *more) == 1, (line, self.said)
        assert "Traceback" not in self.complained
        return self.complained.strip()
