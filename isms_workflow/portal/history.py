"""The history as a person reads it: one sentence an audit record, with its place in the chain."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, select

from isms_workflow.domain.access import Action
from isms_workflow.domain.corrective_action import OPEN
from isms_workflow.domain.times import from_iso
from isms_workflow.portal import views as v
from isms_workflow.portal.about import About
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_day, local_instant, word
from isms_workflow.portal.sight import Sight
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.model import PERSON
from isms_workflow.programme.obligations import EVENTS
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.statements import work
from isms_workflow.store.tables import audit, audit_private

SENTENCES: Mapping[str, str] = {
    "case.opened": "opened {reference}", "case.paused": "paused it until {until:day}", "case.resumed": "let it go on",
    "case.carried": "carried {step} over to {to:who}", "case.declined": "declined to carry {step} over",
    "step.opened": "opened the step, due {due:day}", "step.completed": "declared the step complete",
    "step.waived": "waived the step", "step.reopened": "reopened the step, due {due:day}",
    "step.extended": "extended it from {from:day} to {due:day}",
    "step.reassigned": "gave it from {from:who} to {to:who}", "step.commented": "commented",
    "step.cancelled": "cancelled the step", "step.retimed": "moved its due date to {due:day}",
    "gate.opened": "opened gate {gate:phase}, round {round}", "gate.approved": "approved {gate:phase}{for:for}",
    "gate.passed": "passed gate {gate:phase} with {approvals:approvals}", "gate.returned": "returned {gate:phase} for rework{for:for}",
    "gate.rejected": "rejected {gate:phase}{for:for}", "gate.lapsed": "let gate {gate:phase} lapse: nobody decided in time",
    "gate.withdrawn": "withdrew gate {gate:phase}, because a step reopened", "gate.superseded": "superseded gate {gate:phase}",
    "gate.voided": "voided an approval", "gate.changed": "noted that what the gate covers has changed",
    "gate.retimed": "moved the gate's due date to {due:day}", "gate.answered": "said how gate {gate:phase} goes on",
    "deadline.expired": "had level {level:count} of ladder {ladder:title} told: {to:whom}; it reached {reached:persons}",
    "deadline.skipped": "left out {skipped} repetitions that were missed (ladder {ladder:title})",
    "deadline.failed": "set a deadline aside",
    "evidence.added": "added evidence", "evidence.replaced": "replaced evidence", "evidence.withdrawn": "withdrew evidence",
    "evidence.damaged": "found a damaged file",
    "person.added": "added to the people", "person.invited": "invited", "person.activated": "chose a password",
    "person.granted": "granted {responsibility:held}", "person.revoked": "revoked {responsibility:held}",
    "person.changed": "changed the account", "person.deputised": "named {deputy:who} as deputy",
    "person.preferred": "chose how they are told",
    "person.delegated": "delegated to {to:who} until {ends:day}", "programme.applied": "put programme {digest:short} in force",
    "incident.reported": "reported an incident, assessed as {severity}",
    "incident.occurred": "noted that it happened again",
    "incident.acknowledged": "acknowledged it: somebody sees to it, asked after {until:instant}",
    "incident.lapsed": "let the word of {by:who} lapse: they didn't answer",
    "incident.escalated": "had level {level:count} of ladder {ladder:title} told", "incident.paused": "paused its clocks until {until:instant}",
    "incident.breached": "noted that nobody was at it in time: a response was due {due:instant}",
    "incident.reassessed": "changed the severity from {before} to {severity}",
    "incident.resumed": "let its clocks go on", "incident.absorbed": "took another incident in as part of it",
    "incident.filed": "filed it: it was dealt with before it was imported",
    "incident.replanned": "put it under programme {programme:short}",
    "lesson.added": "added to the lessons", "lesson.withdrawn": "withdrew an entry of the lessons",
    "action.opened": "opened a corrective action for {owner:who}, {gravity}",
    "action.reassessed": "changed its gravity from {before} to {gravity}",
    "action.replanned": "put it under programme {programme:short}",
    "action.handed_over": "gave it from {from_person:who} to {to_person:who}",
    "action.advanced": "had its effectiveness checked before its time",
    "obligation.answered": "answered “{question}”: {value:answer}", "obligation.dated": "recorded that {kind:event}: {at:instant}{of:of}{until:until}",
    "obligation.withdrawn": "withdrew what was recorded: {kind:event}{of:of}",
    "obligation.submitted": "recorded as submitted at {at:instant}: {of}",
    "obligation.waived": "decided that this isn't to be reported: {of}",
    "obligation.breached": "noted that it was not submitted by its latest lawful instant, {latest_lawful:instant}: {obligation}",
    "on_call.overridden": "put {person:who} on call from {starts:instant} until {ends:instant}",
    "on_call.returned": "ended {person:who}'s cover before its time",
    "on_call.ordered": "changed the order of turns to {people:people}, from the next hand-over on",
    "outbox.died": "set a message aside that couldn't be sent", "outbox.revived": "sent a message again",
    "source.added": "let a {kind} report incidents", "source.revoked": "let it report no more",
    "system.added": "put it in the register, for {owner:who}", "system.retired": "retired it",
}
BESIDE = ("reason", "text", "name", "title", "description")
"""Of what stands beside a record, the first of these is shown with it."""

HIDDEN = "something in a case, or with a file, that isn't shown to you"
MOVES = {"start": "started the cycle", "close": "closed the cycle", "cancel": "cancelled the cycle"}
INCIDENT_MOVES = {
    "triage": "triaged it as {severity}", "respond": "started responding", "resolve": "noted that the response is done",
    "learn": "opened the lessons to be learned", "close": "closed it", "conclude": "closed it",
    "dismiss": "dismissed it as a false positive", "merge": "merged it into another incident",
    "take back": "took it back: it was an incident", "reopen": "reopened it",
}
ACTION_MOVES = {
    "analyse": "noted that it is corrected: its cause is looked for", "carry out": "had the approved plan carried out",
    "observe": "noted that it is done; to be checked on {check:day}", "follow up": "asked whether it is effective",
    "bring forward": "asked whether it is effective, before its time", "confirm": "closed it: it is effective",
    "send back": "sent it back to its root cause", "refer": "asked management how it goes on",
    "go on": "had it tried again", "accept": "accepted what remains", "cancel": "cancelled it",
}
"""A cycle closes from ACT; only an incident closes from being resolved."""


def of_case(conn: Connection, case: str, names: Names, visit: Visit, limit: int = 500) -> tuple[v.HistoryEntry, ...]:
    """Everything recorded about a case that the reader may see, newest first."""
    return _seen(conn, select(audit).where(audit.c.case_id == case).order_by(audit.c.seq.desc()).limit(limit), names,
                 visit)


def of_subject(conn: Connection, subject: str, names: Names, visit: Visit, limit: int = 100) -> tuple[v.HistoryEntry, ...]:
    """Everything recorded about one step, gate, person or system that the reader may see, newest first."""
    case = conn.execute(questions.case_of(subject)).scalar()  # its records are found by it: the chain has no other order
    query = select(audit).where(audit.c.subject == subject, audit.c.case_id == case).order_by(audit.c.seq.desc())
    return tuple(replace(each, about=None) for each in _seen(conn, query.limit(limit), names, visit))


def of_subjects(conn: Connection, subjects: Collection[str], names: Names, visit: Visit) -> tuple[v.HistoryEntry, ...]:
    """Everything recorded about some things that are of no case, newest first."""
    query = select(audit).where(audit.c.subject.in_(subjects), audit.c.case_id.is_(None)).order_by(audit.c.seq.desc())
    return _seen(conn, query, names, visit)


def by_person(conn: Connection, person: str, names: Names, visit: Visit, limit: int = 50) -> tuple[v.HistoryEntry, ...]:
    """What somebody did last in cases that the reader may see, newest first."""
    return _seen(conn, work.records_of(person, limit), names, visit)


def _seen(conn: Connection, query: Select[Any], names: Names, visit: Visit) -> tuple[v.HistoryEntry, ...]:
    return tuple(each for each in entries(conn, query, names, visit) if each.what != HIDDEN)


def entries(conn: Connection, query: Select[Any], names: Names, visit: Visit) -> tuple[v.HistoryEntry, ...]:
    """The records that a query finds, each as an entry; of one that the reader may not see its place in the chain alone."""
    rows = conn.execute(query).all()
    private = _private(conn, [row.seq for row in rows])
    said = {row.seq: json.loads(row.body)["data"] for row in rows}
    sight = Sight(conn, visit)
    labels = sight.labels_of(data["evidence"] for data in said.values() if data.get("evidence"))
    asked = {row.seq: (row.case_id, labels.get(said[row.seq].get("evidence"))) for row in rows}
    sight.expect(asked.values())
    about = About.of(conn, rows)
    found = (_entry(row, about, said[row.seq], private.get(row.seq, {}), names, visit.person.zone)
             if sight.sees(*asked[row.seq]) else _place(row) for row in rows)
    may_audit = visit.may(Action.AUDIT)  # the chain's page is shut to everybody else
    return tuple(replace(each, url=f"/audit?from={each.sequence}") if may_audit else each for each in found)


def _place(row: Any) -> v.HistoryEntry:
    return v.HistoryEntry(row.happened_at, v.Who("not shown"), HIDDEN, row.seq, row.hash)


def _entry(row: Any, about: About, data: Mapping[str, Any], private: Mapping[str, str], names: Names, zone: str) -> v.HistoryEntry:
    reason = next((private[name] for name in BESIDE if private.get(name)), "")
    late = (row.noticed_at - row.happened_at).total_seconds() >= 1
    return v.HistoryEntry(row.happened_at, names.who(row.actor), sentence(row.kind, about.spoken(row, data), names, zone), row.seq,
                          row.hash, reason, noticed=row.noticed_at if late else None, reference=about.case(row),
                          about=about.step(row))


def sentence(kind: str, data: Mapping[str, Any], names: Names, zone: str) -> str:
    """What happened, in words, and why it was late; a kind without words of its own says its name."""
    late = f", late because {data['late_because']}" if data.get("late_because") else ""
    return _what(kind, data, names, zone) + late


def _what(kind: str, data: Mapping[str, Any], names: Names, zone: str) -> str:
    if kind == "case.moved":
        said = MOVES if data["event"] in MOVES and data["from"] != "resolved" else INCIDENT_MOVES
        said = ACTION_MOVES if data["from"] in OPEN else said
        going_on = f"went on from {word(data['from'])} to {word(data['to'])}"
        return said.get(data["event"], going_on).format_map(_Words(data, names, zone))
    if kind == "deadline.expired" and data.get("obligation") and "ladder" not in data:
        return _of_report(data)
    if kind == "system.changed":
        return f"changed {'; '.join(_differences(data, names))}"
    return _either(kind, data) or SENTENCES.get(kind, kind.replace(".", " ")).format_map(_Words(data, names, zone))


def _either(kind: str, data: Mapping[str, Any]) -> str:
    """What is said in one of two ways; nothing of any other kind."""
    if kind == "step.completed" and data.get("asked"):
        return "left no question open, which completes the step"
    if kind == "incident.occurred" and data.get("from"):
        return "counted it as having happened again"  # it was merged: nobody reported it
    if kind == "lesson.answered":
        return f"made it a corrective action: {data['action']}" if data["action"] else "declined what was to change"
    if kind == "action.judged":
        return f"found it {'effective' if data['effective'] else 'not effective'} in round {data['round']}"
    return ""


def _of_report(data: Mapping[str, Any]) -> str:
    """A deadline of a report that is no reminder."""
    name = data["obligation"]
    return f"gave the last warning: {name}" if data["event"].startswith("warn:") else f"noted that it should be out by now: {name}"


def _differences(data: Mapping[str, Any], names: Names) -> Iterator[str]:
    """Each field that changed: from what to what, but for texts, whose earlier value stands further down."""
    for name in data["changed"].split(", "):
        if f"{name}_was" in data:
            old, new = (names.name(data[key]) if name == "owner" else data[key] for key in (f"{name}_was", name))
            yield f"{name} from {old} to {new}"
        else:
            yield name


class _Words(dict[str, Any]):
    """A record's data, each value wrapped so that a sentence can say how to word it."""

    def __init__(self, data: Mapping[str, Any], names: Names, zone: str) -> None:
        super().__init__({name: _Word(value, names, zone) for name, value in data.items()})
        self._empty = _Word(None, names, zone)

    def __missing__(self, key: str) -> _Word:
        return self._empty


class _Word:
    def __init__(self, value: Any, names: Names, zone: str) -> None:
        self.value, self.names, self.zone = value, names, zone

    def __format__(self, how: str) -> str:
        value = self.value
        words: Mapping[str, Callable[[], str]] = {
            "who": lambda: self.names.name(value),
            "for": lambda: f" for {self.names.name(value)}" if value else "",
            "day": lambda: local_day(from_iso(value), self.zone) if value else "?",
            "instant": lambda: local_instant(from_iso(value), self.zone) if value else "?",
            "phase": lambda: word(str(value)),
            "people": lambda: ", ".join(self.names.name(each) for each in str(value).split()),
            "whom": lambda: ", ".join(self._whom(each) for each in str(value).split()),
            "held": lambda: self.names.responsibility(str(value)),
            "title": lambda: str(value).replace("_", " "),
            "count": lambda: str(int(value or 0) + 1),
            "approvals": lambda: "1 approval" if value == 1 else f"{value} approvals",
            "persons": lambda: {0: "nobody", 1: "1 person"}.get(value, f"{value} people"),
            "event": lambda: EVENTS.get(value, str(value).replace("_", " ")),
            "answer": lambda: {True: "yes", False: "no"}.get(value, "taken back"),
            "of": lambda: f", of {value}" if value else "",
            "until": lambda: f", until {local_instant(from_iso(value), self.zone)}" if value else "",
            "short": lambda: str(value)[:12],
        }
        return words.get(how, lambda: str(value if value is not None else "–"))()

    def _whom(self, name: str) -> str:
        """One of those whom a ladder's level names; a single person by their name."""
        return self.names.name(name.removeprefix(PERSON)) if name.startswith(PERSON) else self.names.responsibility(name)


def texts(conn: Connection, seqs: Sequence[int]) -> dict[int, str]:
    """The reason, comment or name that stands beside each of these records; those that have none are left out."""
    found = ((seq, next((said[name] for name in BESIDE if said.get(name)), "")) for seq, said in _private(conn, seqs).items())
    return {seq: text for seq, text in found if text}


def _private(conn: Connection, seqs: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for row in conn.execute(select(audit_private).where(audit_private.c.seq.in_(seqs))):
        found.setdefault(row.seq, {})[row.field] = row.value if row.value is not None else "(erased)"
    return found
