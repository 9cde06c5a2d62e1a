"""What is learned from an incident (ISO/IEC 27001:2022, A.5.27): what happened when, what went well, what can improve, why it
came about, and what is to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Sort = Literal["event", "well", "improve", "cause", "item"]

SORTS: Mapping[Sort, str] = {
    "event": "what happened", "well": "what went well", "improve": "what can improve", "cause": "why it came about",
    "item": "what is to change"}
"""What somebody may add, and what it is called."""

STEPS: Mapping[Sort, str] = {"event": "account", "well": "account", "improve": "account", "cause": "root_cause",
                             "item": "improvements"}
"""The step of the shipped programme to which each sort belongs."""

ASKED: tuple[Sort, ...] = ("improve", "item")
"""What the cycle asks of: for each a corrective action is named, or it is declined with a reason."""

LESSONS_STEP = "lessons"
"""The cycle's step that applies what was learned, by its id in the programme."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One entry; its text stands beside, under `commitment`. `parent` is the cause that this one explains.

    `answer` says what became of it: `action`, in the case `action`, or `declined`.
    """

    id: str
    sort: Sort
    parent: str | None
    commitment: str
    author: str
    withdrawn: bool
    answer: str | None
    action: str | None


def counting(found: Iterable[Lesson]) -> tuple[Lesson, ...]:
    """Those that weren't withdrawn."""
    return tuple(each for each in found if not each.withdrawn)


def undecided(found: Iterable[Lesson]) -> tuple[Lesson, ...]:
    """The action items of which nobody has said yet whether they become corrective actions or are declined."""
    return tuple(each for each in counting(found) if each.sort == "item" and each.answer is None)


def still_to_decide(found: Iterable[Lesson]) -> str:
    """What has to be decided before lessons are done, in words; nothing if nothing has."""
    left = len(undecided(found))
    if left == 1:
        return "an action item is neither a corrective action nor declined; decide on it first"
    return f"{left} action items are neither corrective actions nor declined; decide on each first" if left else ""


def roots(found: Iterable[Lesson]) -> tuple[Lesson, ...]:
    """The causes that no other explains: where five whys, or a branch of a tree, end."""
    causes = [each for each in counting(found) if each.sort == "cause"]
    explained = {each.parent for each in causes}
    return tuple(each for each in causes if each.id not in explained)


def in_tree(found: Sequence[Lesson]) -> tuple[tuple[int, Lesson], ...]:
    """The causes with how deep each stands, each after what it explains; five whys are a tree of one branch.

    One whose parent was withdrawn stands where it stood.
    """
    below: dict[str | None, list[Lesson]] = {}
    for each in found:
        if each.sort == "cause":
            below.setdefault(each.parent, []).append(each)

    def walk(parent: str | None, depth: int) -> Iterable[tuple[int, Lesson]]:
        for each in below.get(parent, ()):
            yield depth, each
            yield from walk(each.id, depth + 1)

    return tuple((depth, each) for depth, each in walk(None, 0) if not each.withdrawn)
