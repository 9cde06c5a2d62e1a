"""People, records, the operator's pages, and those before one is signed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from isms_workflow.portal import views as v
from tests.portal.case_examples import GATE, SCOPE
from tests.portal.cast import ARON, CYCLE, DANA, INES, MIRIAM, NOW, PIET, SOFIA, ZONE, at, columns, digest, entry
from tests.portal.work_examples import ATTENDANCE

INVITE = v.Action(
    "invite", "Invite a person", "/people",
    (
        v.Field("name", "Name", required=True), v.Field("mail", "Mail address", "email", required=True),
        v.Field("role", "Access role", "radios", value="user", required=True, choices=(
            v.Choice("user", "user", "does and decides"), v.Choice("auditor", "auditor", "looks, and verifies"))),
        v.Field("responsibilities", "Responsibilities", "checkboxes", choices=(
            v.Choice("risk_owner", "Risk owner"), v.Choice("control_owner", "Control owner"))),
        v.Field("handover", "Show me the link instead of mailing it", "checkbox", "The record says which."),
    ),
    then="They get a single-use link, valid for 7 days, and choose their own password.",
)  # fmt: skip
HELD = (
    v.Held("isms_manager", "ISMS manager", "owns 6 steps, approves every phase", (MIRIAM,)),
    v.Held("top_management", "Top management", "owns 2 steps, approves every phase", (DANA,)),
    v.Held("risk_owner", "Risk owner", "owns 4 steps", (INES, SOFIA)),
    v.Held("compliance_owner", "Compliance owner", "owns 1 step"),
)
PEOPLE = v.People(
    v.Listing(
        "people", columns("Name", "Access role", "Responsibilities", "Deputy", "State", "Last signed in"),
        (
            v.PersonLine(MIRIAM, "miriam@halden.example", "user", ("ISMS manager",), ARON, "active", at(0, 8)),
            v.PersonLine(DANA, "dana@halden.example", "user", ("top management",), None, "active", at(-3)),
            v.PersonLine(PIET, "piet@halden.example", "admin", (), None, "invited", None),
        ),
        v.Empty("Nobody.", "Invite the first."), "/people", (v.Field("q", "Contains"),), says="3 people",
    ),
    HELD, INVITE,
    v.Action("csv", "Invite many from a CSV file", "/people/csv", (v.Field("file", "CSV file", "file", accept=".csv"),)),
)  # fmt: skip
PERSON = v.Person(
    "Aron Novak", "active",
    (v.Fact("Mail", "aron@halden.example"), v.Fact("Access role", "user"), v.Fact("Zone", ZONE)),
    (v.HeldBy("Control owner", at(-112), MIRIAM, "granted after the DO gate opened: doesn't count for it",
              v.Action("drop-1", "Remove", "/people/3/drop", why_not="He is the last one: name a successor first.")),),
    (v.Delegation(MIRIAM, ARON, at(-1), at(13), "active", "parental leave",
                  v.Action("end-1", "End it now", "/people/3/end", version="2")),),
    (entry(77, at(-112), MIRIAM, "granted control owner", reference=CYCLE),), MIRIAM,
    (v.Token("invitation", "spent", at(-114), at(-107)),
     v.Token("API token: nightly export", "active", at(-20), at(70), v.Action("revoke-1", "Revoke", "/tokens/1"))),
    "https://isms.halden.example/invitations/one-time",
    (INVITE, v.Action("deactivate", "Deactivate the account", "/people/3/deactivate", danger=True, reason_required=True,
                      then="His 2 open steps go to Miriam Okafor at once; both sides are told.")),
)  # fmt: skip
NEWCOMER = replace(PERSON, responsibilities=(), delegations=(), tokens=(), link="", actions=(), history=(), deputy=None)

EVIDENCE = v.EvidencePage(
    v.Listing(
        "evidence", columns("File", "Serves", "Added", "Size", "Digest", "Last checked", numeric="Size"),
        (
            replace(SCOPE, belongs=v.Link("Establish scope", "/steps/1"), reference=CYCLE, checked=at(-1),
                    state="verified"),
            replace(ATTENDANCE, label="restricted", url="", note="erased on request; its digest stays"),
        ),
        v.Empty("No evidence.", "It is added on the steps it serves."), "/evidence", (v.Field("q", "Contains"),),
    )
)  # fmt: skip
AUDIT = v.Audit(
    "chain", "/audit", "/audit/access", "verified", "48,211 records, today 03:00, in 0.8 s",
    (v.Fact("Head", digest("head")), v.Fact("Key", "ed25519 7f3a…c2, since 14 Nov 2025"),
     v.Fact("Evidence", "310 files, all re-hashed within 30 days")),
    v.Listing("records", columns("#", "When", "Who", "What", "Digest", numeric="#"), GATE.history,
              v.Empty("No records.", "The first is written at set-up."), "/audit", (v.Field("q", "Contains"),)),
    (v.Checkpoint(48_190, digest("c"), at(-1, 7, 0), "digest to 3 people, checkpoints.jsonl"),
     v.Checkpoint(48_211, digest("d"), at(0, 7, 0), "")),
    verify=v.Action("verify", "Verify the chain now", "/audit/verify", main=True),
    exports=(v.Link("JSON Lines", "/audit.jsonl"),),
)  # fmt: skip
ACCESS = replace(AUDIT, tab="access", records=None, access=v.Listing(
    "access", columns("When", "Person", "Resource", "Action", "Answer"),
    (v.Access(at(0, 8), DANA, "gate PDCA-2026-0001/plan", "decide", "granted"),
     v.Access(at(0, 8, 40), PIET, "case RSK-2026-0017", "read", "denied")),
    v.Empty("No accesses.", "Each page and each form is one."),
))  # fmt: skip
PROGRAMME = v.Programme(
    "in force", "since Fri 14 Nov 2025",
    (v.Fact("Digest", digest("programme")), v.Fact("Folder", "data/programme")),
    (v.ProgrammeFile("pdca.yaml", "phases:\n  - id: plan\n    title: PLAN\n"), v.ProgrammeFile("calendar.yaml", "zone: Europe/Berlin\n")),
    (v.ProgrammeVersion(digest("programme"), at(-115), MIRIAM, "in force"),
     v.ProgrammeVersion(digest("older"), at(-400), MIRIAM, "superseded", v.Link("Compare", "?with=2"))),
    (v.DiffLine("@", "pdca.yaml, step train_personnel"), v.DiffLine(" ", "    effort: 2 days"),
     v.DiffLine("-", "    due: 20 working days"), v.DiffLine("+", "    due: 30 working days")),
    "1 line in pdca.yaml differs from the version in force.",
    apply=v.Action("apply", "Put this version in force", "/programme/apply", reason_required=True, main=True,
                   then="It applies to the next cycle; the open one keeps its version."),
)  # fmt: skip
BROKEN_PROGRAMME = replace(PROGRAMME, diff=(), apply=None, faults=("pdca.yaml, line 41: clause is missing.",))

SYSTEM = v.System(
    "late", "1 service late, 1 dead letter",
    (
        v.Service("portal", "up", NOW - timedelta(seconds=4), "p99 41 ms"),
        v.Service("clock", "up", NOW - timedelta(seconds=2), "median 8 ms, p99 31 ms"),
        v.Service("deliverer", "late", NOW - timedelta(minutes=6), "oldest 5 minutes", "waits for the SMTP server"),
        v.Service("Prefect server", "starting", None, "", "migrating its database; nothing is lost meanwhile"),
        v.Service("worker", "down", NOW - timedelta(hours=2), "", "restarted 3 times, next try in 16 s"),
    ),
    (
        v.DeadlineLine(CYCLE, "remind: train personnel", at(0, 9, 29), "late"),
        v.DeadlineLine(CYCLE, "escalate: deploy controls", at(-1), "set_aside", "no person in office for risk_owner",
                       v.Action("again-1", "Try again", "/deadlines/1/again")),
    ),
    "1,204 armed, next today 17:00",
    (
        v.OutboxChannel("mail", "paused", 12, 48, NOW - timedelta(minutes=5), "connection refused by mail.halden.example:587"),
        v.OutboxChannel("flow runs", "up", 0, 31, None),
    ),
    (v.DeadLetter("step.opened:0198", "mail", "PDCA-2026-0001: Train personnel is yours", "lucia@halden.exmaple",
                  at(-1), "550 5.1.2 no such domain", v.Action("resend-1", "Send again", "/outbox/1/again")),),
    ("Step “internal audits” of PDCA-2026-0001 is open without an armed deadline.",),
    (v.Fact("Version", "0.1.0"), v.Fact("Database", "SQLite, schema 7, 14 MiB"), v.Fact("Disk", "62 GiB free")),
    (v.Link("Open the Prefect UI", "http://127.0.0.1:4200"), v.Link("Mail written as files", "/system/mail")),
)  # fmt: skip
QUIET_SYSTEM = replace(SYSTEM, state="alive", says="all services up", deadlines=(), dead=(), findings=())

MAIL = v.Mail(
    "No SMTP server is configured, so mails are written to data/mail. Those with links that sign in aren't shown (4).",
    (v.MailLine(at(0, 8), "ines@halden.example", "PDCA-2026-0001: Train personnel is due today",
                "Train personnel\n\nDue today 17:00.", CYCLE),),
    v.Empty("No mails.", "The first is written when a step opens."),
)  # fmt: skip
NO_MAIL = replace(MAIL, mails=())

LOGIN = v.Login(
    v.Action("login", "Sign in", "/login", (
        v.Field("mail", "Mail address", "email", required=True, autocomplete="username"),
        v.Field("password", "Password", "password", required=True, autocomplete="current-password"),
    ), main=True),
    v.Link("Forgot your password?", "/reset"),
)  # fmt: skip
LOGIN_REFUSED = replace(LOGIN, signin=replace(
    LOGIN.signin, typed={"mail": "ines@halden.example", "password": "hunter2"},
    errors={"": "Address and password don't fit together. After 5 tries you wait a minute."}))  # fmt: skip

SETUP = v.Setup(
    v.Action("setup", "Set up the ISMS", "/setup/one-time", main=True, fields=(
        v.Field("organisation", "Name", hint="As it stands on the certificate.", required=True, group="Organisation"),
        v.Field("zone", "Time zone", value=ZONE, required=True, group="Organisation",
                hint="Deadlines fall at 17:00 in this zone.", choices=(v.Choice("Europe/Berlin", "Europe/Berlin"),)),
        v.Field("country", "Holidays of", "select", value="DE", group="Organisation", required=True,
                hint="Working days are counted without them.",
                choices=(v.Choice("DE", "Germany"), v.Choice("SE", "Sweden"))),
        v.Field("subdivision", "Region", hint="For regional holidays, e.g. BY.", group="Organisation"),
        v.Field("name", "Your name", required=True, group="You, the first administrator", autocomplete="name"),
        v.Field("mail", "Your mail address", "email", required=True, group="You, the first administrator",
                autocomplete="email", hint="You sign in with it."),
        v.Field("password", "Your password", "password", required=True, group="You, the first administrator",
                hint="12 characters or more; a sentence is good.", autocomplete="new-password"),
        v.Field("people", "One person a line", "textarea", group="The others",
                hint="Name; mail; access role; responsibilities, separated by commas. Can follow later."),
        v.Field("csv", "Or a CSV file", "file", accept=".csv,text/csv", group="The others"),
    ), then="Makes the signing key, the programme's folder and your account; the others get their invitations."),
    HELD,
    "Miriam Okafor; miriam@halden.example; user; isms_manager\nDana Weber; dana@halden.example; user; top_management",
)  # fmt: skip
SETUP_REFUSED = replace(SETUP, setup=replace(
    SETUP.setup, typed={"organisation": "Halden Instruments", "people": "Miriam Okafor; miriam; user; isms_manager"},
    errors={"password": "Nine characters: use at least 12.", "people": "Line 1: “miriam” isn't a mail address."}))  # fmt: skip
INVITATION = v.Invitation("Dana Weber", v.Action(
    "invitation", "Set the password and sign in", "/invitations/one-time",
    (v.Field("mail", "You sign in as", "email", value="dana@halden.example", readonly=True, autocomplete="username"),
     v.Field("password", "Password", "password", "12 characters or more.", required=True, autocomplete="new-password"),),
    main=True), at(5))  # fmt: skip
SPENT = v.Invitation("", None, None, "This link was used already. Sign in, or ask for a new one.")
RESET = v.ResetRequest(v.Action("reset", "Send me a link", "/reset", (
    v.Field("mail", "Mail address", "email", required=True, autocomplete="username"),), main=True))  # fmt: skip
RESET_SENT = v.ResetRequest(
    None, "If somebody signs in with that address, a link is on its way. It works once, for an hour."
)
FAULT = v.Fault(
    "That step isn't yours", "“Train personnel” belongs to Ines Haddad, and you are neither its owner nor a deputy.",
    "PDCA-2026-0001, step train_personnel", "Ask Ines Haddad, or the ISMS manager to reassign it.", 403, "01HQ-7F3A-C2",
    (v.Link("To your work", "/"),),
)  # fmt: skip
STALE = v.Stale(
    CYCLE, "Dana Weber changed this step today at 10:02, after you opened the form.",
    (v.Clash("New due date", "Fri 20 Mar 2026", "Mon 16 Mar 2026"), v.Clash("Reason", "The trainer is ill.", ""),
     v.Clash("Owner", "Ines Haddad", "Ines Haddad")),
    v.Action("again", "Extend it to Fri 20 Mar all the same", "/steps/9/extend", main=True, version="8",
             hidden=(("due", "2026-03-20"), ("reason", "The trainer is ill."))),
    v.Link("Keep what is there", "/steps/9"),
)  # fmt: skip
