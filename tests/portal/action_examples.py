"""Corrective actions as the pages show them."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from isms_workflow.portal.actions import COLUMNS, OPEN_ONE, TEACH
from tests.portal.cast import ARON, DANA, FOLLOW_UP, MIRIAM, TOMAS, YOU, at, columns, entry

SOURCE = v.Reference("INC-2026-0042", "/incidents/INC-2026-0042", "Incident", label="confidential")
ANY = v.Choice("", "any")
LINES = (
    v.ActionLine(FOLLOW_UP, "Everybody on the line works under one account", "Major", "doing", ARON, at(-60), at(-2), SOURCE, "round 2"),
    v.ActionLine(FOLLOW_UP, "Restores were never tried", "Minor", "effective", MIRIAM, at(-300), None, None, ""),
)
ACTIONS = v.Actions(v.Listing(
    "actions", columns(*COLUMNS), LINES, v.Empty("No corrective actions.", TEACH, OPEN_ONE), "/actions", (
        v.Field("state", "State", "select", choices=(ANY, v.Choice("overdue", "overdue"))),
        v.Field("owner", "Owner", "select", choices=(v.Choice("", "anybody"),))),
    (v.Link("Download as CSV", "/actions.csv"),), older="?after=2", says="2 corrective actions", further="Next"), OPEN_ONE)
NO_ACTIONS = replace(ACTIONS, actions=replace(ACTIONS.actions, rows=(), filter_url=""))

FORM = v.Action("open", "Open the corrective action", "/actions/new", (
    v.Field("title", "What is wrong", required=True), v.Field("description", "What else is known", "textarea"),
    v.Field("gravity", "How grave", "select", choices=(v.Choice("minor", "Minor"),), required=True),
    v.Field("owner", "Who answers for it", "select", choices=(v.Choice("", "choose"), v.Choice("3", "Aron Novak")), required=True),
), main=True, then="Its owner owes the correction from now on.")
TYPED = replace(FORM, typed={"title": "", "gravity": "minor"}, errors={"title": "title: say what is wrong."})
ACTION_FORM = v.ActionForm(FORM)
ACTION_REFUSED = v.ActionForm(TYPED, problems=v.problems(TYPED))
NO_ACTION_FORM = v.ActionForm(None, "It takes one of these responsibilities: ISMS manager, Top management. Tell one of them what you saw.")

JUDGE = v.Action("judge", "Record the verdict", "/actions/1/judge", (
    v.Field("effective", "Is it effective?", "radios", required=True, choices=(
        v.Choice("yes", "Effective", "It is closed."), v.Choice("no", "Not effective", "It goes back."))),
    v.Field("reason", "What you looked at, and what it shows", "textarea", required=True)), main=True, version="7")
PHASES = (
    v.Phase("correcting", "Correct it", "done", v.Meter(1, 1), (
        v.StepLine("Correct what is wrong now", "/steps/1", "done", "10.2 a", ARON, done_at=at(-50)),), None),
    v.Phase("checking", "Check whether it is effective", "open", v.Meter(0, 1, 1), (
        v.StepLine("Check whether it is effective, round 2", "/steps/2", "open", "10.2 d", TOMAS, due=at(-1)),), None),
)
ACTION = v.CorrectiveAction(
    FOLLOW_UP, "Everybody on the line works under one account", "checking", "Major", "round 2", "Nobody can be named.\n\nSince 2024.",
    ARON, (v.Fact("Opened", "Mon 5 Jan 2026 09:00 CET"), v.Fact("Opened by", "Miriam Okafor", "/people/1")), PHASES,
    (v.Verdict(1, "not effective", TOMAS, at(-40), "The second shift shares one still."),),
    (entry(1300, at(-1), TOMAS, "found it not effective in round 1", reason="The second shift shares one still."),),
    wait=v.Wait("Check whether it is effective, round 2", at(-10), at(-1), "escalates to ISMS manager"), source=SOURCE,
    has_source=True, main=JUDGE, actions=(replace(JUDGE, key="cancel", label="Cancel the corrective action", main=False, danger=True,
                                                  url="/actions/1/cancel", fields=(), reason_required=True),),
    document="/actions/CAP-2026-0003/document")
REFERRED = replace(
    ACTION, state="referred", description="", verdicts=(), source=None, says="", owner=YOU, actions=(),
    ladder=(v.Rung(at(3), "escalates to top management"),), wait=v.Wait("management", at(-1), None, "escalates to top management"),
    main=replace(JUDGE, key="go-on", label="Have it tried again", why_not="It takes one of these responsibilities: Top management."),
    facts=(v.Fact("Opened by", DANA.name),))
