"""Why a programme is refused: every problem at once, each with its place and what would be right."""

from __future__ import annotations

from dataclasses import dataclass

from isms_workflow.errors import IsmsError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `line` is 0 where it concerns the file as a whole."""

    file: str
    line: int
    field: str
    what: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.field}: {self.what}" if self.field else f"{where}: {self.what}"


class ProgrammeRefused(IsmsError):
    """A programme with problems; nothing of it is loaded."""

    status = 422

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "The programme is refused:\n" + "\n".join(f"  {problem}" for problem in self.problems)
