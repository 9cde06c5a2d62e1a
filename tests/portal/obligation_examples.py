"""The reports of an incident as their pages show them."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from isms_workflow.portal.obligations import NONE, NOT_ASKED, RESTS
from isms_workflow.portal.running import COLUMNS, EMPTY
from tests.portal.cast import MIRIAM, YOU, at, entry, file
from tests.portal.incident_examples import INCIDENT, PHISHING

URL = "/incidents/INC-2026-0042/obligations"
NOTIFICATION = v.ObligationLine(
    "gdpr.notification", "Notification of the personal data breach", "GDPR, Art. 33(1)", "the competent supervisory authority",
    "running", (), at(1, 9, 0), at(1, 10, 0), is_counting=True,
    counted=("the organisation became aware Sat 7 Mar 2026 10:00 CET", "72 hours from then:"), draft=f"{URL}/gdpr.notification/draft")
LATE = replace(NOTIFICATION, id="nis2.early_warning", title="Early warning", article="NIS2, Art. 23(4)(a)", act_by=at(-1), latest=at(-1),
               is_late=True)
OPEN = v.ObligationLine("gdpr.communication", "Communication to the persons concerned", "GDPR, Art. 34(1)", "the persons concerned",
                        "open", ("unanswered: Is a high risk to the rights and freedoms of natural persons likely?",), is_counting=True)
DONE = v.ObligationLine(
    "gdpr.register", "Entry in the register of breaches", "GDPR, Art. 33(5)", "the own register", "submitted",
    ("submitted Mon 9 Mar 2026 09:00 CET",), at(5), None, reason="It was late because the register could not be opened.",
    files=(file("register.pdf", 48_211, MIRIAM, at(0)),), draft=f"{URL}/gdpr.register/draft")
NOT = replace(OPEN, id="cert_in.report", title="Report to CERT-In", state="not applicable",
              why=("the programme says that CERT-In doesn't hold for the organisation",), is_counting=False)
ANSWER = v.Action("answer", "Record the answers", "/incidents/1/obligations/answer", (
    v.Field("gdpr.high_risk", "Is a high risk likely?", "radios", "Art. 34(1).", choices=(v.Choice("yes", "Yes"), v.Choice("no", "No"))),
    v.Field("reason", "Reason", "textarea")), main=True, then="What isn't answered stays open.")
WAIVE = v.Action("waive", "Decide that it isn't to be reported", "/incidents/1/obligations/waive", (
    v.Field("obligation", "Report", "select", required=True, choices=(v.Choice("gdpr.notification", "Notification"),)),),
    reason_required=True, why_not="It takes one of these responsibilities: Compliance officer, ISMS manager.")
SAID = (v.Said("Were personal data lost?", "yes", YOU, at(0)), v.Said("The organisation became aware", "Sat 7 Mar 2026 10:00 CET", MIRIAM, at(0)))
OBLIGATIONS = v.Obligations(
    PHISHING, "A mail of a colleague sends links", (LATE, NOTIFICATION), (OPEN,), (DONE,), (NOT,), SAID,
    (entry(1210, at(0), YOU, "answered gdpr.personal_data_breach: yes"),), v.Link("Say which reports are owed", "/steps/9"),
    at(0, 11, 0), "A question is unanswered.", ANSWER, (WAIVE,))
REFUSED_ANSWER = replace(ANSWER, errors={"gdpr.high_risk": "gdpr.high_risk: 'maybe' can't be; yes or no."})
OBLIGATIONS_REFUSED = replace(OBLIGATIONS, main=REFUSED_ANSWER, problems=v.problems(REFUSED_ANSWER))
NOTHING_OWED = replace(OBLIGATIONS, owed=(), open=(), settled=(), said=(), history=(), questions_due=None, unanswered="", main=None, actions=())
AT_REST = replace(NOTHING_OWED, open=(replace(OPEN, state="not asked", why=(NOT_ASKED,), is_counting=False),), rests=RESTS["merged"])
NO_OBLIGATIONS = v.Obligations(PHISHING, "A mail of a colleague sends links", (), (), (), (), (), (), empty=NONE)

HEADS = tuple(v.Column(each) for each in COLUMNS)
RUNNING = v.Running(v.Listing("obligations", HEADS, (
    v.RunningLine(PHISHING, v.Link(LATE.title, f"{URL}#{LATE.id}"), LATE.article, LATE.recipient, LATE.act_by, LATE.latest),
    v.RunningLine(PHISHING, v.Link(DONE.title, f"{URL}#{DONE.id}"), DONE.article, DONE.recipient, at(5), None)), EMPTY, says="2 reports"))
NONE_RUNS = v.Running(v.Listing("obligations", HEADS, (), EMPTY))
DRAFT = v.DraftPage(PHISHING, v.Link("All reports of the incident", URL), "# Notification\n\n- **to be written**\n",
                    (v.Link("Download the draft (Markdown)", f"{URL}/gdpr.notification/draft.md"),
                     v.Link("Download the draft (PDF)", f"{URL}/gdpr.notification/draft.pdf")), "Draft: Notification")
INCIDENT_WITH_REPORTS = replace(INCIDENT, reports=(LATE, OPEN, DONE), reports_url=URL, unanswered="A question is unanswered, and it isn't recorded when the organisation became aware.")
