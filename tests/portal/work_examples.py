"""My work, the cycle and a step, as Ines sees them."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from tests.portal.cast import (
    ARON,
    CLOCK,
    CYCLE,
    DANA,
    FOLLOW_UP,
    INES,
    LUCIA,
    MIRIAM,
    PIET,
    RISK,
    TOMAS,
    YOU,
    at,
    entry,
    file,
)

ATTENDANCE = file("attendance-march.xlsx", 48_230, LUCIA, at(-3, 13))
REASON_DATE = v.Field("due", "New due date", "date", "Up to the phase's end, Thu 30 Apr 2026.", required=True)
PEOPLE_CHOICES = (v.Choice("3", "Aron Novak"), v.Choice("4", "Lucía Prado"), v.Choice("6", "Ines Haddad"))

MY_WORK = v.MyWork(
    decisions=(
        v.WorkItem(
            "Extend again: deploy controls", "/steps/8", CYCLE, v.Link("Review and decide", "/steps/8"), at(3, 13, 0),
            at(0, 7), "asked by Miriam Okafor", "escalates to top management", main=True,
        ),
        v.WorkItem(
            "Accept residual risk: backup", "/cases/RSK-2026-0017", RISK, v.Link("Review and decide", "/cases/17"),
            at(-2, 9, 0), at(-9), "escalated to you on Tue 3 Mar", "reminds you weekly",
        ),
    ),
    owed=(
        v.WorkItem(
            "Respond to: the web shop answers nobody", "/incidents/1", CYCLE, v.Link("Respond to it", "/incidents/1"), at(0, 9, 0),
            at(0, 7), "nobody sees to it", "it counts as missed, and is told further", severity="critical",
        ),
        v.WorkItem(
            "Train personnel", "/steps/9", CYCLE, v.Link("Add evidence", "/steps/9"), at(0, 16, 0),
            said="needs: attendance list", then="reminds your deputy, Aron Novak",
        ),
        v.WorkItem(
            "Document procedures", "/steps/12", CYCLE, v.Link("Open", "/steps/12"), at(14, 16, 0),
            said="waits for: deploy controls",
        ),
        v.WorkItem(
            "Follow-up: is the fix effective?", "/cases/CAP-2026-0003", FOLLOW_UP, v.Link("Open", "/cases/3"),
            at(24, 15, 0),
        ),
    ),
    lately="3 this week", history_url="/people/6#history",
    reports=(v.ReportLine(v.Link("INC-2026-0042", "/incidents/INC-2026-0042/report"), "A mail sends links", "reported", at(0, 7)),),
)  # fmt: skip
NOTHING_TO_DO = v.MyWork((), (), "", next_up="CHECK opens when DO is approved, planned for Thu 30 Apr 2026.")


def done(title: str, clause: str, owner: v.Who, days: float, files: int, note: str = "") -> v.StepLine:
    """A step that was completed that many days ago."""
    return v.StepLine(title, "/steps/1", "done", clause, owner, at(1 - days), at(-days), files, note=note)


def ahead(title: str, clause: str, owner: v.Who | None) -> v.StepLine:
    """A step whose phase isn't open yet."""
    return v.StepLine(title, "/steps/2", "waiting", clause, owner)


PLAN = v.Phase(
    "plan", "PLAN", "closed", v.Meter(6, 6),
    (
        done("Establish scope and boundaries", "4.3", MIRIAM, 104, 1),
        done("Define the information security policy", "5.2", MIRIAM, 99, 2, "reopened in round 2"),
        done("Conduct the risk assessment", "6.1.2, 8.2", INES, 71, 3),
        done("Risk treatment plan", "6.1.3", INES, 60, 1),
        done("Select controls", "6.1.3 b)", ARON, 52, 1),
        done("Statement of Applicability", "6.1.3 d)", MIRIAM, 47, 1),
    ),
    v.GateLine("Gate: approve PLAN", "/gates/1", "passed", "Dana Weber, Tomas Lindqvist", decided_at=at(-40)),
    "approved Wed 28 Jan",
)  # fmt: skip
DO = v.Phase(
    "do", "DO", "open", v.Meter(3, 6, late=1),
    (
        done("Implement the treatment plan", "6.1.3, 8.3", ARON, 12, 2),
        v.StepLine(
            "Deploy the selected controls", "/steps/8", "open", "8.1, Annex A", ARON, at(-2, 16, 0), files=1,
            note="extended once, to Sat 7 Mar",
        ),
        v.StepLine("Train personnel", "/steps/9", "open", "7.2, 7.3", YOU, at(0, 16, 0), files=1),
        done("Manage operations", "8.1", PIET, 9, 4),
        done("Manage resources", "7.1", DANA, 20, 1),
        v.StepLine(
            "Document procedures", "/steps/12", "open", "7.5", YOU, at(14, 16, 0),
            waits_for=("Deploy the selected controls",),
        ),
    ),
    v.GateLine("Gate: approve DO", "", "planned", "opens with the last step; 2 of ISMS manager, top management"),
    "open since Wed 28 Jan, ends Thu 30 Apr",
)  # fmt: skip
CHECK = v.Phase(
    "check", "CHECK", "planned", v.Meter(0, 6),
    (
        ahead("Monitor and measure", "9.1", MIRIAM), ahead("Internal audits", "9.2", TOMAS),
        ahead("Management review", "9.3", DANA), ahead("Review the effectiveness of controls", "9.1", ARON),
        ahead("Identify nonconformities", "10.2", TOMAS), ahead("Evaluate compliance", "9.1, A.5.31, A.5.36", None),
    ),
    v.GateLine("Gate: approve CHECK", "", "planned", "2 of ISMS manager, top management"),
    "opens when DO is approved",
)  # fmt: skip
ACT = v.Phase(
    "act", "ACT", "planned", v.Meter(0, 6),
    (
        ahead("Corrective actions", "10.2", MIRIAM), ahead("Preventive actions", "6.1", INES),
        ahead("Apply lessons learned", "10.1", PIET), ahead("Update the risk assessment", "8.2", INES),
        ahead("Communicate improvements", "7.4", LUCIA), ahead("Continual improvement", "10.1", MIRIAM),
    ),
    v.GateLine("Gate: approve ACT", "", "planned", "2 of ISMS manager, top management"),
    "opens when CHECK is approved",
)  # fmt: skip

PAUSE = v.Action(
    "pause", "Pause the cycle", "/cycles/1/pause", reason_required=True, version="41",
    fields=(v.Field("until", "Until", "date", "It goes on by itself on this day.", required=True),),
    then="Every open due date moves by the length of the pause. Nobody is reminded meanwhile.",
)  # fmt: skip
CANCEL = v.Action(
    "cancel", "Cancel the cycle", "/cycles/1/cancel", reason_required=True, danger=True, version="41",
    why_not="Top management cancels a cycle; you hold risk owner.",
)  # fmt: skip
CYCLE_PAGE = v.Cycle(
    CYCLE, "running", "since Mon 17 Nov 2025 · day 112 · 9 of 24 steps done", v.Meter(9, 24, 1), (PLAN, DO, CHECK, ACT),
    v.Link("4c1d…9e, in force since 14 Nov 2025", "/programme"),
    wait=v.Wait("3 steps of DO", at(-40), at(52, 15, 0), "the DO gate opens; late steps escalate one by one"),
    actions=(PAUSE, CANCEL), history_url="/cases/PDCA-2026-0001",
    earlier=(v.Reference("PDCA-2025-0001", "/cases/PDCA-2025-0001"),),
)  # fmt: skip
PLANNED = replace(
    CYCLE_PAGE, state="planned", says="under the programme of 14 Nov 2025", wait=None, actions=(), meter=v.Meter(0, 24),
    phases=(replace(CHECK, key="plan", title="PLAN", says="opens when the cycle starts"),), earlier=(),
    missing=(
        v.Missing("Internal auditor", "internal audits, identify nonconformities", v.Link("Name somebody", "/people")),
        v.Missing("Compliance owner", "evaluate compliance"),
    ),
    start=v.Action("start", "Start the cycle", "/cycles/2/start", main=True, version="1",
                   why_not="Nobody holds internal auditor and compliance owner."),
)  # fmt: skip

COMPLETE = v.Action(
    "complete", "Declare the step complete", "/steps/9/complete", main=True, version="7",
    fields=(v.Field("note", "Comment", "textarea", "Read by whoever decides at the DO gate."),),
    then="It goes to the DO gate as it stands. Until the gate has passed you can reopen it.",
)  # fmt: skip
STEP_ACTIONS = (
    v.Action("extend", "Extend the due date", "/steps/9/extend", (REASON_DATE,), reason_required=True, version="7",
             then="The first extension is yours; a second one is the ISMS manager's."),
    v.Action("reassign", "Reassign the step", "/steps/9/reassign", reason_required=True, version="7",
             fields=(v.Field("owner", "New owner", "select", choices=PEOPLE_CHOICES, required=True),)),
    v.Action("waive", "Waive the step", "/steps/9/waive", why_not="Only the ISMS manager waives a step."),
)  # fmt: skip
STEP = v.Step(
    CYCLE, "Train personnel", "DO", "open", "ISO/IEC 27001:2022, 7.2 and 7.3", "HR manager", YOU,
    (v.Who("Aron Novak", "/people/3", "deputy"),), at(0, 16, 0), False, "about 2 days",
    (
        ("Everybody who works under the organisation's control knows the policy, what they contribute, and what it "
        "means not to keep to it; those with a part in the ISMS can do what it asks of them."),
        ("Say who needs to know what, teach it, and find out whether it arrived: a short test, an exercise, a look over "
        "the shoulder. New people before they get access, everybody once a year."),
        "An auditor asks two people in the corridor, then asks you for the record that they were there.",
    ),
    "attendance list, slides, results of the phishing exercise",
    "at least one file: attendance list",
    (ATTENDANCE, file("phishing-exercise-q1.pdf", 1_482_004, LUCIA, at(-2, 9), note="replaced v1 today")),
    (v.Comment(LUCIA, at(-3, 13), "Night shift attends on Wednesday; 41 of 44 so far."),),
    (v.StepLink("Select controls", "/steps/5", "done", "Aron Novak"),),
    (v.StepLink("Document procedures", "/steps/12", "open", "due Mon 23 Mar"),),
    (
        v.Rung(at(-5, 8, 0), "reminds you", fired=True), v.Rung(at(0, 16, 0), "reminds Aron Novak, your deputy"),
        v.Rung(at(3, 16, 0), "escalates to Miriam Okafor, ISMS manager"),
        v.Rung(at(10, 15, 0), "escalates to Dana Weber, top management, then weekly"),
    ),
    (
        entry(412, at(-2, 9), LUCIA, "replaced evidence", evidence=(ATTENDANCE,)),
        entry(398, at(-5, 8, 0), CLOCK, "reminded the owner", noticed=at(-5, 8, 1)),
        entry(361, at(-18), MIRIAM, "extended the due date to Mon 9 Mar 2026", reason="The trainer was ill."),
        entry(290, at(-40), CLOCK, "opened the step with DO"),
    ),
    wait=v.Wait("you", at(-40), at(0, 16, 0), "reminds Aron Novak, your deputy"),
    complete=COMPLETE,
    upload=v.Action(
        "upload", "Add the file", "/steps/9/evidence", version="7",
        fields=(
            v.Field("file", "File", "file", "Up to 25 MiB, any type.", required=True),
            v.Field("label", "Who may see it", "select", choices=(
                v.Choice("internal", "internal: whoever has an account"),
                v.Choice("confidential", "confidential: the people of the case, admins, auditors"),
                v.Choice("restricted", "restricted: the people of the case only")), required=True),
        ),
    ),
    comment=v.Action("comment", "Add the comment", "/steps/9/comments", version="7",
                     fields=(v.Field("text", "Comment", "textarea", required=True),)),
    actions=STEP_ACTIONS,
)  # fmt: skip
REFUSED_EXTENSION = replace(
    STEP_ACTIONS[0], typed={"due": "2026-06-01", "reason": "Trainer <b>ill</b>"},
    errors={"due": "1 June is after the phase's end: choose a day up to Thu 30 Apr 2026."},
)  # fmt: skip
STEP_REFUSED = replace(STEP, actions=(REFUSED_EXTENSION, *STEP_ACTIONS[1:]), problems=v.problems(REFUSED_EXTENSION))
STEP_FROZEN = replace(
    STEP, state="done", settled=True, complete=None, upload=None, comment=None, actions=(), wait=None, owner=None,
    evidence=(), comments=(), ladder=(),
    frozen="Approved with DO on Tue 10 Mar 2026: a correction reopens it by a recorded decision.",
)  # fmt: skip
