"""Gates, cases and their lists, as Ines sees them."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from tests.portal.cast import (
    ARON,
    CLOCK,
    CYCLE,
    DANA,
    FOLLOW_UP,
    MIRIAM,
    RISK,
    SOFIA,
    TOMAS,
    YOU,
    at,
    columns,
    digest,
    entry,
    file,
)
from tests.portal.work_examples import ATTENDANCE, DO, PEOPLE_CHOICES, PLAN, STEP

SCOPE = file("scope-v3.pdf", 312_540, MIRIAM, at(-5), note="replaced v2 on Wed 4 Mar: approvals void")
COVERED = (
    v.CoveredStep("Establish scope and boundaries", "/steps/1", "done", MIRIAM, at(-7), (SCOPE,), changed=True),
    v.CoveredStep("Define the information security policy", "/steps/2", "done", MIRIAM, at(-7),
                  (file("policy-2026.pdf", 204_800, MIRIAM, at(-7)),)),
    v.CoveredStep("Conduct the risk assessment", "/steps/3", "done", SOFIA, at(-6),
                  (file("risk-register.xlsx", 88_100, SOFIA, at(-6)), file("method.pdf", 130_000, SOFIA, at(-6)),
                   file("interviews.zip", 5_400_000, SOFIA, at(-6), label="confidential")),
                  (v.Comment(SOFIA, at(-6), "The plant in Ulm follows in summer; its risks are estimated."),)),
    v.CoveredStep("Risk treatment plan", "/steps/4", "done", SOFIA, at(-5), (file("rtp.pdf", 96_000, SOFIA, at(-5)),)),
    v.CoveredStep("Select controls", "/steps/5", "waived", ARON, at(-4), (),
                  note="waived by Miriam Okafor: last year's selection stands"),
    v.CoveredStep("Statement of Applicability", "/steps/6", "done", MIRIAM, at(-3),
                  (file("soa-2026.xlsx", 61_000, MIRIAM, at(-3)), file("soa-changes.pdf", 20_000, MIRIAM, at(-3)))),
)  # fmt: skip
GATE_DIGEST = digest("the PLAN gate, round 2")
ANSWER = v.Answer(
    v.Field("comment", "Comment", "textarea", "Needed to return or reject."),
    v.Field("reopen", "Steps to reopen", "checkboxes", choices=tuple(v.Choice(s.url[7:], s.title) for s in COVERED)),
    (
        v.Action("approve", "Approve PLAN", "/gates/1/approve", main=True,
                 then="Yours is the second of 2: PLAN is approved and frozen, and DO opens. Can't be undone."),
        v.Action("return", "Return for rework", "/gates/1/return",
                 then="Closes round 2 at once; the steps you chose reopen, and round 3 follows when they are done."),
        v.Action("reject", "Reject", "/gates/1/reject", danger=True,
                 then="Closes the gate at once; the cycle waits for top management, who restarts PLAN or cancels."),
    ),
)  # fmt: skip
GATE = v.Gate(
    CYCLE, "approve PLAN", "open", at(3, 13, 0), False, 2, GATE_DIGEST, "6 steps, 9 files", COVERED,
    "2 of: ISMS manager, top management, risk owner",
    "nobody who did, evidenced or waived a step (M. Okafor, S. Marchetti, A. Novak)",
    (
        v.Vote(DANA, "approved", at(0, 8, 12), GATE_DIGEST, "Scope is clear now."),
        v.Vote(TOMAS, "void", at(-6), digest("an earlier state")),
        v.Vote(YOU, "waiting"),
    ),
    (v.Rung(at(3, 13, 0), "escalates to top management"), v.Rung(at(10, 13, 0), "lapses, back to PLAN's owner")),
    (
        entry(420, at(0, 8, 12), DANA, "approved", reason="Scope is clear now."),
        entry(411, at(-5), MIRIAM, "replaced scope-v2.pdf: 1 approval void", evidence=(SCOPE,)),
        entry(402, at(-6), TOMAS, "approved"), entry(400, at(-7, 14), CLOCK, "opened round 2"),
    ),
    seen="1 file replaced since you last looked",
    wait=v.Wait("1 of 2 approvals: you", at(0, 7), at(3, 13, 0), "escalates to top management"),
    answer=ANSWER,
    rounds=(v.Round(1, "returned", at(-20), "by Dana Weber: the Ulm plant is missing", digest("round 1")),),
)  # fmt: skip
GATE_LAPSED = replace(
    GATE, state="lapsed", settled=True, answer=None, seen="", rounds=(),
    why_not="You completed “risk treatment plan”, so you don't decide on it.",
    relaxed="The programme lets the ISMS manager decide here on their own work: we are four people.",
    undecidable="The people in office can't reach 2 approvals: name one more person for top management.",
    wait=v.Wait("Miriam Okafor, PLAN's owner", at(-1), at(6), "escalates to top management"),
    carried=(
        v.CarriedOver("Internal audits", CYCLE, "waived on Tue 3 Mar: the auditor left", "undecided", actions=(
            v.Action("carry-1", "Carry it over", "/carry/1", (v.Field("to", "To", "select", choices=PEOPLE_CHOICES),)),
            v.Action("decline-1", "Decline it", "/carry/1/decline", reason_required=True),
        )),
        v.CarriedOver("Is the fix effective?", FOLLOW_UP, "due after the cycle's end", "carried_over", ARON),
    ),
    actions=(v.Action("again", "Open round 3 as it stands", "/gates/1/again", main=True, version="9",
                      then="Both approvals start anew, on the digest shown."),
             v.Action("reopen", "Reopen steps", "/gates/1/reopen", (ANSWER.reopen,), reason_required=True)),
)  # fmt: skip
GATE_REFUSED = replace(
    GATE, problems=(v.Problem("Say why you return it.", "answer-comment"),),
    answer=replace(ANSWER, comment=replace(ANSWER.comment, error="Say why you return it."),
                   reopen=replace(ANSWER.reopen, value=("1", "3"))),
)  # fmt: skip

CASE = v.Case(
    CYCLE, "ISMS cycle 2026", "running", "since Mon 17 Nov 2025 · day 112",
    (
        v.Fact("Organisation", "Halden Instruments"), v.Fact("Kind", "PDCA cycle (ISO/IEC 27001:2022)"),
        v.Fact("Programme", "4c1d…9e, in force since 14 Nov 2025", "/programme"), v.Fact("Label", "internal"),
    ),
    tuple(v.CasePhase(phase.title, phase.state, phase.steps) for phase in (PLAN, DO)),
    (
        v.DecisionLine(v.Link("Gate: approve PLAN", "/gates/1"), 2, "passed", at(-40),
                       (v.Vote(DANA, "approved", at(-41), GATE_DIGEST), v.Vote(TOMAS, "approved", at(-40))), GATE_DIGEST),
        v.DecisionLine(v.Link("Gate: approve PLAN", "/gates/1"), 1, "returned", at(-49),
                       (v.Vote(DANA, "returned", at(-49), comment="The Ulm plant is missing."),)),
    ),
    (replace(SCOPE, belongs=v.Link("Establish scope and boundaries", "/steps/1")), replace(ATTENDANCE, url="")),
    (*GATE.history, *STEP.history), digest("head"), 48_211, exports=(v.Link("CSV", "/cases/1.csv"),),
)  # fmt: skip
EMPTY_CASE = replace(CASE, phases=(), decisions=(), evidence=(), history=(), head="", exports=())


STATES = v.Field("state", "State", "select", value="open", choices=(v.Choice("", "any"), v.Choice("open", "open")))
CASE_COLUMNS = columns("Case", "Title", "Kind", "State", "Waits for", "Due", "Changed")
CASES = v.Cases(
    v.Listing(
        "cases", CASE_COLUMNS,
        (
            v.CaseLine(CYCLE, "ISMS cycle 2026", "PDCA cycle", "running", "3 steps of DO", at(-2, 16, 0), at(0, 8)),
            v.CaseLine(RISK, "Backup restore untested", "Risk", "open", "your acceptance", at(-2, 9, 0), at(-9)),
            v.CaseLine(v.Reference("PDCA-2025-0001", "/cases/0"), "ISMS cycle 2025", "PDCA cycle", "closed", "", None,
                       at(-112)),
        ),
        v.Empty("No cases.", "The first opens when a cycle is started."), "/cases",
        (v.Field("q", "Contains"), STATES), (v.Link("CSV", "/cases.csv"), v.Link("XLSX", "/cases.xlsx")),
        older="?before=2", says="3 of 61 cases",
    ),
)  # fmt: skip
NO_CASES = v.Cases(replace(CASES.cases, rows=(), filter_url="", empty=v.Empty(
    "No cases.", "The first opens when a cycle is started.", v.Link("Go to the cycle", "/cycle"))))  # fmt: skip
