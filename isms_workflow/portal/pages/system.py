"""System: the operator's page, the mails written as files, and the health endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection, func, select
from starlette.responses import JSONResponse, Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.duties import ACT_BY, LAWFUL, REMIND, WARN
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules.common import LADDER, LAPSE, RESUME
from isms_workflow.domain.rules.corrective import FOLLOW_UP
from isms_workflow.domain.rules.escalation import RESPONSE, WORD
from isms_workflow.engine import health
from isms_workflow.engine.deliverer import send_again
from isms_workflow.errors import IsmsError
from isms_workflow.notify import files as written
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.names import Names
from isms_workflow.portal.sight import Sight
from isms_workflow.portal.visit import Reader, Sender, Visit
from isms_workflow.store import schema
from isms_workflow.store.statements import deadlines as deadline_questions
from isms_workflow.store.statements import outbox as outbox_questions
from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import cases, deadlines, outbox

router = APIRouter(route_class=Route)
EVENTS = {LAPSE: "a gate lapses", RESUME: "a pause ends", RESPONSE: "a response is due", WORD: "somebody is asked after their word",
          FOLLOW_UP: "an effectiveness check is due"}
OF_REPORTS = {REMIND: "a reminder of the report {}", ACT_BY: "the report {} should be submitted",
              WARN: "the last warning of the report {}", LAWFUL: "the latest lawful instant of the report {}"}
"""What deadlines do, by their event and, of reports, by its first part."""
WHAT = "Opening the operator's pages"
HIDDEN = "not shown"
"""In place of the reference of a case that the operator may not see."""


@router.get("/health")
def health_endpoint(request: Request) -> Response:
    """Whether all is well, for a monitor; names nothing that isn't everybody's."""
    portal: Portal = request.app.state.portal
    try:
        with portal.store.read() as conn:
            found = health.look(conn, portal.now())
    except IsmsError:
        return JSONResponse({"status": "down", "troubles": 1}, 503)
    status = "ok" if found.is_well else "troubled"
    return JSONResponse({"status": status, "troubles": len(found.troubles),
                         "services": {s.name: "up" if s.alive else "down" for s in found.services}})


@router.get("/system")
def system(visit: Reader) -> Response:
    """Services and their lateness, deadlines, outbox, and what the watchdog finds."""
    visit.require(Action.ADMIN, WHAT)
    with visit.portal.store.read() as conn:
        page = _system(conn, visit)
    return visit.page("system.html", page, "System")


def _system(conn: Connection, visit: Visit) -> v.System:
    found, names, settings = health.look(conn, visit.now), Names(conn, visit.person), visit.portal.settings
    armed = conn.execute(select(func.count()).select_from(deadlines).where(deadlines.c.settled_at.is_(None))).scalar_one()
    services = tuple(v.Service(s.name, "up" if s.alive else "down", s.seen_at, _lateness(s.facts), s.process)
                     for s in found.services)
    starting = tuple(v.Service(name, "starting", None, "", "not seen yet") for name in ("clock", "deliverer", "worker")
                     if name not in {s.name for s in found.services})
    facts = (v.Fact("Database", visit.portal.store.engine.dialect.name),
             v.Fact("Schema", schema.revision(conn) or "none"), v.Fact("Data folder", str(settings.data.absolute())),
             v.Fact("Public address", settings.public_url),
             v.Fact("Mail", f"SMTP server {settings.smtp_host}" if settings.smtp_host else "written as files"))
    links = (v.Link("Prefect's UI (or: isms prefect open)", f"http://127.0.0.1:{settings.prefect_port}"),
             v.Link("Mails written as files", "/mail"))
    return v.System("up" if found.is_well else "late",
                    "all is well" if found.is_well else f"{len(found.troubles)} things need a look",
                    (*services, *starting), _deadlines(conn, visit), f"{armed:,} armed",
                    tuple(_channel(conn, visit, c) for c in found.channels), _dead(conn, names), found.troubles, facts, links)


def _lateness(facts: Any) -> str:
    words = {"busy": "waiting for a busy run", "prefect": "Prefect", "scheduled": "schedules", "ping": "heartbeat address",
             "ping_trouble": "why", "maildir_trouble": "report mailbox", "imap_trouble": "report mailbox (IMAP)"}
    said = {True: "alive", False: "silent"}
    return ", ".join(f"{words.get(name, name)}: {said.get(value, value) if isinstance(value, bool) else value}"
                     for name, value in sorted(facts.items()) if value != 0 or isinstance(value, bool))


def _deadlines(conn: Connection, visit: Visit) -> tuple[v.DeadlineLine, ...]:
    """What was set aside, then what is due next."""
    failed = conn.execute(deadline_questions.failed()).all()
    rows = (*failed, *conn.execute(deadline_questions.unsettled().limit(10)))
    ids = {row.case_id for row in rows if row.case_id}
    references = {r.id: r.reference for r in conn.execute(select(cases.c.id, cases.c.reference).where(among(cases.c.id, ids)))}
    found, sight = [], Sight(conn, visit)
    sight.expect((case, None) for case in ids)
    for row in rows:
        reference = references[row.case_id] if sight.sees(row.case_id) else HIDDEN
        state = "set aside" if row.outcome else "late" if row.due_at <= visit.now else "armed"
        found.append(v.DeadlineLine(_of(reference), _what(row), row.due_at, state, row.error or ""))
    return tuple(found)


def _what(row: Any) -> str:
    """What a deadline does, in words; of one that no rule of this release carries out, its name."""
    sort, _, report = row.event.partition(":")
    level = f"level {row.level + 1} of the ladder {row.ladder.replace('_', ' ')}" if row.ladder and row.level is not None else ""
    if row.event == LADDER and level:
        return f"{level} is told, of a {row.subject}"
    said = OF_REPORTS[sort].format(report) if report and sort in OF_REPORTS else EVENTS.get(row.event)
    return f"{said or row.event.replace('_', ' ')}{f': {level}' if level else ''}"


def _of(reference: str) -> v.Reference:
    return v.Reference(reference, f"/cases/{reference}" if reference != HIDDEN else "/system")


def _channel(conn: Connection, visit: Visit, channel: health.Waiting) -> v.OutboxChannel:
    since = visit.now - timedelta(days=1)
    sent = conn.execute(select(func.count()).select_from(outbox).where(
        outbox.c.channel == channel.channel, outbox.c.outcome == "sent", outbox.c.settled_at >= since)).scalar_one()
    return v.OutboxChannel(channel.channel, "paused" if channel.failing_since else "up", channel.count, sent,
                           channel.since, channel.error if channel.failing_since else "")


def _dead(conn: Connection, names: Names) -> tuple[v.DeadLetter, ...]:
    found = []
    for row in conn.execute(outbox_questions.dead()):
        what = "a link to sign in" if row.sensitive else str(row.payload.get("notice") or row.payload.get("do"))
        again = v.Action(f"again-{row.id}", "Send again", f"/system/outbox/{row.id}/again")
        found.append(v.DeadLetter(row.key[:60], row.channel, what, names.name(row.payload.get("to")), row.settled_at,
                                  row.error or "", again))
    return tuple(found)


@router.post("/system/outbox/{message}/again")
def again(visit: Sender, message: str) -> Response:
    """A dead letter is tried once more."""
    visit.require(Action.ADMIN, "Sending a message again")
    with visit.portal.store.write() as tx:
        if not send_again(tx, message, visit.person.id, visit.now):
            raise Unknown("dead letter", message)
    return visit.go("/system", "It is sent again.")


@router.get("/mail")
def mail(visit: Reader) -> Response:
    """What would have been sent, while no SMTP server is configured; never a mail with a link that signs in."""
    visit.require(Action.ADMIN, WHAT)
    folder = visit.portal.settings.mail_dir
    found, hidden = written.listing(folder, 100), written.sealed(folder)
    with visit.portal.store.read() as conn:
        sight = Sight(conn, visit)
        about = _about(conn, [m.key for m in found])
        sight.expect((row.case_id, None) for row in about.values())
        shown = tuple(m for m in found if _visible(sight, about.get(m.key)))
    says = (f"No SMTP server is configured: mails are written to {folder}. {hidden} with links that stand for somebody aren't shown."
            if visit.portal.settings.smtp_host is None else "Mails leave through the SMTP server; nothing is kept here.")
    lines = tuple(v.MailLine(m.at, m.to, m.subject, m.text) for m in shown)
    return visit.page("mail.html", v.Mail(says, lines, v.Empty("No mails.", "They appear when steps open, or gates.")),
                      "System")


def _about(conn: Connection, keys: Sequence[str]) -> dict[str, Any]:
    """Which case these mails are about, and for whom they are, by their keys."""
    found = conn.execute(select(outbox.c.key, outbox.c.case_id, outbox.c.payload).where(among(outbox.c.key, keys)))
    return {row.key: row for row in found}


def _visible(sight: Sight, row: Any) -> bool:
    """A mail about a case is shown to whoever may see the case.

    One that may speak of several, a digest for one, is shown to its own reader, or if nothing is hidden at all.
    """
    if row is not None and row.case_id is not None:
        return sight.sees(row.case_id)
    return (row is not None and row.payload.get("to") == sight.visit.person.id) or sight.sees_everything()
