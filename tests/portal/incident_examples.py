"""Incidents as the pages show them."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from isms_workflow.portal.incidents import EMPTY
from tests.portal.cast import ARON, DANA, MIRIAM, YOU, at, columns, entry

PHISHING = v.Reference("INC-2026-0042", "/incidents/INC-2026-0042", "Incident", label="confidential")
OUTAGE = v.Reference("INC-2026-0043", "/incidents/INC-2026-0043", "Incident")
ANY = v.Choice("", "any")
LINES = (
    v.IncidentLine(PHISHING, "A mail of a colleague sends links that nobody expects, to everybody whom they ever wrote to",
                   "high", "reported", "Phishing or another deceit", at(0, 7), at(0, 11, 0), "", ()),
    v.IncidentLine(OUTAGE, "The web shop answers nobody", "critical", "triaged", "Outage or malfunction", at(-1), at(-1, 9, 30), "",
                   (ARON,), is_exercise=True),
    v.IncidentLine(OUTAGE, "A laptop was left on a train", "medium", "closed", "Loss or theft of a device or document", at(-30),
                   None, "answered 2 hours late", (MIRIAM, DANA)),
    v.IncidentLine(OUTAGE, "Strange noises", "low", "false_positive", "Something else", at(-31), None, "ended before a response", ()),
)
INCIDENTS = v.Incidents(
    v.Listing("incidents", columns("Incident", "Title", "Severity", "State", "Category", "Reported", "Response due", "Who sees to it"),
              LINES, EMPTY, "/incidents", (
                  v.Field("state", "State", "select", choices=(ANY, v.Choice("open", "open"))),
                  v.Field("severity", "Severity", "select", choices=(ANY, v.Choice("critical", "critical")))),
              (v.Link("Download as CSV", "/incidents.csv"),), older="?after=4", says="1,204 incidents", further="Next"),
    v.Link("Report one", "/incidents/report"))
NO_INCIDENTS = v.Incidents(replace(INCIDENTS.incidents, rows=(), filter_url=""), INCIDENTS.report)

FORM = v.Action("report", "Report the incident", "/incidents/report", (
    v.Field("title", "What happened", required=True, hint="In a sentence."),
    v.Field("category", "What it looks like", "select", required=True, choices=(v.Choice("", "choose"), v.Choice("other", "Else"))),
    v.Field("systems", "Affected systems", "checkboxes", choices=(v.Choice("1", "ERP"), v.Choice("2", "Public website"))),
    v.Field("description", "What else you know", "textarea"),
    v.Field("occurred_at", "When it began", "datetime-local", "As far as you know, in Europe/Berlin."),
    v.Field("files", "Files", "file", "A picture of the screen.", multiple=True),
    v.Field("exercise", "This is an exercise", "checkbox", "Everything runs as if it were real."),
), main=True, then="The response team is told at once.")
SCREEN = v.Evidence("screen.png", "", "a8" * 32, 184_320, YOU, at(0, 7), "confidential")
REPORT = v.ReportForm(FORM)
TYPED = replace(FORM, typed={"title": "", "systems": ("1", "2"), "exercise": "yes"}, errors={"title": "title: say what happened."})
REPORT_REFUSED = v.ReportForm(TYPED, problems=v.problems(TYPED))
IMPORT = v.ImportForm(v.Action("import", "Import", "/incidents/import", (
    v.Field("file", "VERIS file", "file", "JSON.", required=True), v.Field("open", "They aren't dealt with yet", "checkbox")),
    main=True, then="All of them, or none."))
NO_IMPORT = v.ImportForm(None, "The programme in force doesn't say how such files are read.")
NO_REPORT = v.ReportForm(None, "The programme in force says nothing of incidents yet.")
REPORTED = v.Report("INC-2026-0042", "A mail of a colleague sends links", "reported", "The response team has been told.",
                    "It began at nine.\n\nI opened none.", (v.Fact("Reported", "Mon 9 Mar 2026 08:00 CET"),),
                    v.Link("See the incident", PHISHING.url), (replace(SCREEN, label="internal"),))
ATTACH = v.Action("attach", "Attach files", "/incidents/INC-2026-0042/files", (
    v.Field("files", "Files", "file", "A picture of the screen.", required=True, multiple=True),), then="They are kept with the report.")

STEPS = (
    v.StepLine("Contain the incident", "/steps/1", "waiting", "A.5.26", ARON),
    v.StepLine("Eradicate the cause", "/steps/2", "waiting", "A.5.26", ARON, waits_for=("Contain the incident",)),
)
RESPONDING = v.Phase("responding", "Respond", "planned", v.Meter(0, 3), STEPS, None, "when somebody responds",
                     ahead="when somebody responds")
LESSONS = v.Phase("lessons_learned", "Learn from it", "planned", v.Meter(0, 3), STEPS, v.GateLine(
    "Gate: approve lessons learned", "", "planned", "1 of ISMS manager or Top management"), "when it is resolved",
    ahead="when it is resolved")
TRIAGE = v.Action("triage", "Triage it", "/incidents/1/triage", (
    v.Field("severity", "Severity", "select", value="high", choices=(v.Choice("high", "High: a response within 4 hours"),)),
    v.Field("respond", "And start responding now", "checkbox"), v.Field("reason", "Reason", "textarea")), version="3")
ACKNOWLEDGE = v.Action("acknowledge", "Acknowledge: I see to it", "/incidents/1/acknowledge", main=True, version="3",
                       then="The escalation stands still; the response clock runs on.")
MERGE = v.Action("merge", "Merge it into another", "/incidents/1/merge", (v.Field("into", "Merge into", required=True),),
                 version="3", danger=True, typed={"into": "INC-2026-0041"})
FACTS = (v.Fact("Category", "Phishing or another deceit"), v.Fact("Reported by", "Lucía Prado", "/people/4"),
         v.Fact("Response", "missed Mon 9 Mar 2026 12:00 CET", state="late"))
TELLINGS = (
    v.TellingLine(at(0, 7), ARON, "the report", "mail", "sent", at(0, 7), "250 2.0.0 Ok: queued as 4Yx"),
    v.TellingLine(at(0, 9), DANA, "level 1", "pager", "delivered", at(0, 9), "204"),
    v.TellingLine(at(0, 9), YOU, "level 1", "chat", "held", at(1, 7), "held, because its reader's quiet hours last"),
    v.TellingLine(at(0, 9), MIRIAM, "level 1", "mail", "retrying", None, "12 tries, the last: mail.example.org:587 can't be reached."),
    v.TellingLine(at(0, 9), ARON, "level 1", "mail", "not sent", at(0, 9), "acknowledged meanwhile"),
)
TOLD = v.Tellings(PHISHING, TELLINGS, (
    v.TellingTry(MIRIAM, "level 1", "mail", at(0, 9), "12 times, the last Mon 9 Mar 2026 09:10 CET", "mail.example.org:587 can't be reached."),))
UNTOLD = v.Tellings(PHISHING, ())
OPENED = v.Reference("CAP-2026-0003", "/actions/CAP-2026-0003", "Shared accounts on the line")
TAKE_UP = v.Action("take-up-1", "Make it a corrective action", "/incidents/1/lessons/1/take-up", (
    v.Field("owner", "Who answers for it", "select", choices=(v.Choice("", "choose"),), required=True),), then="It is opened at once.")
DECLINE = v.Action("decline-1", "Decline it", "/incidents/1/lessons/1/decline", reason_required=True)
LEARNED = v.Lessons(
    (v.Moment(at(-1), YOU, "reported an incident, assessed as high"), v.Moment(at(-1, 9), ARON, "The vendor called.", is_added=True)),
    (v.LessonEntry("The phones worked.", ARON, at(-1)),), (v.LessonEntry("Alerts came late.", MIRIAM, at(-1)),),
    (v.LessonEntry("Nobody watches the log.", ARON, at(-1)),
     v.LessonEntry("It is nobody's duty.", ARON, at(-1), depth=1, is_root=True)),
    (v.LessonEntry("Make it somebody's duty.", ARON, at(-1), state="undecided", forms=(TAKE_UP, DECLINE)),
     v.LessonEntry("Name accounts.", ARON, at(-1), state="corrective action", action=OPENED),
     v.LessonEntry("Count keys.", ARON, at(-1), state="corrective action"),
     v.LessonEntry("Buy another tool.", ARON, at(-1), state="declined", reason="It costs more than it saves.")),
    (v.Action("add-event", "Add to the timeline", "/incidents/1/add-event", (
        v.Field("at", "When", "datetime-local", required=True), v.Field("text", "What", "textarea", required=True))),))
FILED = replace(LEARNED, forms=(), items=tuple(replace(each, forms=()) for each in LEARNED.items))
TAUGHT = tuple(replace(each, source=OUTAGE) for each in (LEARNED.items[0], LEARNED.items[3]))
INCIDENT = v.Incident(
    PHISHING, "A mail of a colleague sends links", "reported", "high", "Rule 4 of the programme: a system holds personal data.",
    "response", at(0, 11, 0), "It began at nine.", FACTS, (v.Link("Mail", "/systems/1"), v.Link("ERP", "/systems/2")),
    (RESPONDING, LESSONS), (v.Rung(at(0, 9, 0), "escalates to ISMS manager"), v.Rung(at(0, 11, 0), "escalates to top management")),
    (entry(1204, at(0, 7), YOU, "reported an incident, assessed as high", reason="A mail of a colleague sends links"),),
    wait=v.Wait("its triage", at(0, 7), at(0, 11, 0), "escalates to top management"), occurrences=2,
    relations=(v.Relation("Follows", OUTAGE), v.Relation("Merged from", None, at(0, 8))),
    alike=(v.Relation("", OUTAGE, at(0, 6), "?into=INC-2026-0043#merge"),),
    main=ACKNOWLEDGE, actions=(TRIAGE, MERGE), document="/incidents/INC-2026-0042/document",
    downloads=(v.Link("VERIS", "/incidents/INC-2026-0042/veris.json"),), is_exercise=True,
    told=TELLINGS, all_told=v.Link("All 14 messages, with every attempt", "/incidents/INC-2026-0042/told"),
    files=(replace(SCREEN, url="/evidence/1/file"),))
ANSWERED = replace(
    INCIDENT, state="responding", response="answered in time", due=None, ladder=(), wait=None, main=None, alike=(), actions=(),
    word=v.Word(ARON, at(0, 8), at(0, 9, 0)), phases=(replace(RESPONDING, state="open", says=""),), relations=(), occurrences=0,
    is_exercise=False, systems=(), description="", lessons=LEARNED, led_to=(OPENED,), files=(),
    no_files=v.Empty("No files yet.", "A picture of the screen helps."), attach=ATTACH,
    onward=v.Link("Contain the incident", "/steps/1"))
PAUSED = replace(INCIDENT, response="its clocks stand still", due=None, word=None, wait=None,
                 pause=v.Word(YOU, at(0, 8), at(1, 9, 0), "It waits for the vendor."), main=None, actions=(replace(
                     ACKNOWLEDGE, main=False, why_not="It takes one of these responsibilities: Incident responder."),))

PRESS = v.Acknowledge(
    "INC-2026-0042", "High", "The web shop answers nobody", v.Action(
        "acknowledge", "Acknowledge: I see to it", "/acknowledge/one-time", main=True,
        then="You give your word that you see to it. The escalation stands still for 1 hour; the response clock runs on."),
    at(1), "", v.Link("Sign in and open the incident", "/login?next=/incidents/INC-2026-0042"), is_exercise=True)
PRESSED = replace(PRESS, form=None, says="You see to it.", is_exercise=False)

DRILL = v.Drill(
    OUTAGE, "The web shop answers nobody", at(-1), (
        v.DrillLine(at(-1), "the report", "left after 1 second", ARON), v.DrillLine(at(-1, 9), "level 1", "waits to leave", DANA)),
    (v.DrillLine(at(-1, 10), "acknowledged from the mail", "1 hour after the report", MIRIAM),),
    (v.DrillLine(at(-1, 9), "level 1", "30 minutes after the report, 2 people"),),
    ("Nobody was at it within 1 hour.", "Nobody responded."))
NO_DRILL = replace(DRILL, told=(), answers=(), levels=(), missed=())

STATISTICS = v.Statistics(
    v.Listing("statistics", (v.Column("Month"), v.Column("Severity"), v.Column("Incidents", numeric=True),
                             v.Column("Missed", numeric=True), v.Column("Time to acknowledge")),
              (v.StatisticsLine("2026-03", "high", 12, 1, ("40 minutes; 2 hours",)),
               v.StatisticsLine("2026-03", "low", 3, 0, ("–",))), v.Empty("Nothing to count yet.", "Incidents are counted here."),
              exports=(v.Link("Download as CSV", "/incidents/statistics.csv"),)),
    (v.Picture("Time to acknowledge", "/static/icon.svg", "Time to acknowledge, as a chart"),))
NO_STATISTICS = v.Statistics(v.Listing("statistics", (v.Column("Month"),), (), v.Empty("Nothing to count yet.", "Report one.")))
BOARD = v.Board((v.BoardColumn("reported", 70, INCIDENTS.incidents.rows, v.Link("All 70", "/incidents?state=reported")),
                 v.BoardColumn("responding", 0, ())), more=(v.Link("List", "/incidents"),))
NO_BOARD = v.Board((), v.Empty("Nothing is open.", "Whoever notices an incident reports it.", v.Link("Report one", "/incidents/report")))
