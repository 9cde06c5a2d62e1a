"""Corrective actions (ISO/IEC 27001:2022, 10.2): the cause of what was wrong is removed, and somebody else looks whether
that worked.
"""

from __future__ import annotations

from dataclasses import dataclass

from isms_workflow.domain.machine import CLOCK, ENGINE, FLOW, OWNER, Machine, rule
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT

CORRECTING, PLANNING, DOING, CHECKING = "correcting", "planning", "doing", "checking"
OBSERVING, REFERRED = "observing", "referred"
PHASES = (CORRECTING, PLANNING, DOING, CHECKING)
AGAIN = (PLANNING, DOING, CHECKING)
"""What a new round goes through, after a check that found it not effective."""

OPEN = {*PHASES, OBSERVING, REFERRED}

MACHINE = Machine("corrective_action", version=1, initial=CORRECTING,
                  final=frozenset({"effective", "accepted", "cancelled"}), rules=(
    #    event            from           to            by
    rule("analyse",       {CORRECTING},  PLANNING,     FLOW),
    rule("carry out",     {PLANNING},    DOING,        FLOW, gates={PLANNING}),
    rule("observe",       {DOING},       OBSERVING,    FLOW, gates={PLANNING}),
    rule("follow up",     {OBSERVING},   CHECKING,     CLOCK),
    rule("bring forward", {OBSERVING},   CHECKING,     ISMS_MANAGER),
    rule("confirm",       {CHECKING},    "effective",  ENGINE),
    rule("send back",     {CHECKING},    PLANNING,     ENGINE),
    rule("refer",         {CHECKING},    REFERRED,     ENGINE),
    rule("go on",         {REFERRED},    PLANNING,     TOP_MANAGEMENT),
    rule("accept",        {REFERRED},    "accepted",   TOP_MANAGEMENT),
    rule("hand over",     OPEN,          None,         OWNER, ISMS_MANAGER, ENGINE),
    rule("reassess",      OPEN,          None,         ISMS_MANAGER, TOP_MANAGEMENT),
    rule("re-plan",       OPEN,          None,         ISMS_MANAGER, TOP_MANAGEMENT),
    rule("cancel",        OPEN,          "cancelled",  ISMS_MANAGER, TOP_MANAGEMENT),
))


@dataclass(frozen=True, slots=True)
class CorrectiveAction:
    """What an action is beside its case. `owner` answers for it now, `owners` are all who ever did; `round` counts the
    ways through cause, plan and deed, `failed` the checks that found it not effective. `from_case` is where it comes
    from, None if it was opened by hand.
    """

    owner: str
    gravity: str
    opened_by: str
    round: int
    failed: int
    from_case: str | None
    owners: frozenset[str] = frozenset()


def round_of(key: str) -> int:
    """The round that a step belongs to: 1 for `plan`, 2 for `plan@2`."""
    number = key.partition("@")[2]
    return int(number) if number.isdecimal() else 1


def key_in(step: str, number: int) -> str:
    """What a programme's step is called in a round."""
    return step if number == 1 else f"{step}@{number}"
