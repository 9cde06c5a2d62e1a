"""The life of a step: work that one person owes within a case. The engine's own machine, for every kind."""

from __future__ import annotations

from isms_workflow.domain.machine import CLOCK, ENGINE, OWNER, PHASE_OWNER, Machine, rule
from isms_workflow.domain.people import ISMS_MANAGER

MACHINE = Machine("step", version=1, initial="waiting", final=frozenset({"done", "waived", "cancelled"}), rules=(
    #    event       from                 to           by
    rule("open",     {"waiting"},         "open",      ENGINE),
    rule("complete", {"open"},            "done",      OWNER),
    rule("waive",    {"waiting", "open"}, "waived",    ISMS_MANAGER),
    rule("reopen",   {"done", "waived"},  "open",      PHASE_OWNER, ISMS_MANAGER, ENGINE),
    rule("extend",   {"open"},            None,        OWNER, ISMS_MANAGER),
    rule("reassign", {"waiting", "open"}, None,        OWNER, ISMS_MANAGER, ENGINE),
    rule("retime",   {"open"},            None,        ENGINE, CLOCK),
    rule("cancel",   {"waiting", "open"}, "cancelled", ENGINE),
))
