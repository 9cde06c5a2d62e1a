"""Incidents that nobody is at yet, as rows of My work: to triage, to respond to, to acknowledge; the gravest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.incident import MACHINE
from isms_workflow.engine import offices
from isms_workflow.portal import views as v
from isms_workflow.portal.incidents import Terms, link, section_of
from isms_workflow.portal.names import Names
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements import work as questions
from isms_workflow.store.statements.sight import Eyes

MOST = 25
"""On one screen; the list has the others."""


def unanswered(conn: Connection, visit: Visit, reader: Eyes) -> tuple[list[v.WorkItem], list[v.WorkItem]]:
    """Those that wait for a triage, and those that wait for somebody to respond: to responders, and to whom they were told.

    Whoever was told and may do neither owes their word, while nobody gave theirs, and nothing if that isn't theirs either.
    """
    section = section_of(conn)
    if not visit.may(Action.WRITE):
        return [], []
    directory, names = offices.directory(conn, visit.now), Names(conn, visit.person)

    def holds(some: Iterable[str]) -> bool:
        return any(directory.holds(visit.person.id, name) for name in some)

    handles = holds(_by("triage"))
    if not (handles or holds(_by("acknowledge"))):
        return [], []
    is_responder = holds(section.responders if section else ())
    rows = conn.execute(questions.unanswered(reader, Terms.of(conn).severities, is_responder, not handles, MOST)).all()
    if not handles:
        return [], [_item(row, names, "Acknowledge", "Acknowledge it") for row in rows]
    return ([_item(row, names, "Triage", "Triage it") for row in rows if row.state == "reported"],
            [_item(row, names, "Respond to", "Respond to it") for row in rows if row.state == "triaged"])


def _by(event: str) -> frozenset[str]:
    """The responsibilities that it takes; the same as for responding, where it is the triage."""
    return MACHINE.rule_for(event, MACHINE.initial, "").by


def _item(row: Any, names: Names, what: str, button: str) -> v.WorkItem:
    said = f"{names.name(row.word_by)} {'see' if names.who(row.word_by).you else 'sees'} to it" if row.word_by else "nobody sees to it"
    exercise = " · exercise" if row.is_exercise else ""
    url = link(row).url
    return v.WorkItem(f"{what}: {row.title or '(erased)'}", url, link(row), v.Link(button, url), row.response_due, row.opened_at,
                      said + exercise, "it counts as missed, and is told further", severity=row.severity)
