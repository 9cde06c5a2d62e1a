"""The Plan-Do-Check-Act cycle of an ISMS (ISO/IEC 27001:2022, clauses 4 to 10)."""

from __future__ import annotations

from isms_workflow.domain.machine import CLOCK, ENGINE, FLOW, Machine, rule
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT

PHASES = ("plan", "do", "check", "act")
RUNNING = set(PHASES)

MACHINE = Machine("pdca", version=1, initial="planned", final=frozenset({"closed", "cancelled"}), rules=(
    #    event          from                  to           by
    rule("start",       {"planned"},          "plan",      ISMS_MANAGER, ENGINE),
    rule("begin do",    {"plan"},             "do",        FLOW, gates={"plan"}),
    rule("begin check", {"do"},               "check",     FLOW, gates={"do"}),
    rule("begin act",   {"check"},            "act",       FLOW, gates={"check"}),
    rule("close",       {"act"},              "closed",    FLOW, gates=PHASES),
    rule("pause",       RUNNING,              None,        ISMS_MANAGER),
    rule("resume",      RUNNING,              None,        ISMS_MANAGER, CLOCK),
    rule("cancel",      {"planned"} | RUNNING, "cancelled", TOP_MANAGEMENT),
))
