"""What mails say about accounts, responsibilities, the programme, and to whoever operates the system."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from isms_workflow.domain.forecast import within
from isms_workflow.domain.gates import conflicts, counts
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.messages import MAIL
from isms_workflow.domain.records import PersonRecord, StepRecord
from isms_workflow.domain.times import from_iso
from isms_workflow.domain.views import CaseView, Gate
from isms_workflow.engine import programmes
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing import of_day
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_wait import Expand, Facts, told
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import mails as questions

SERVICES = {"mail": "the mail server", "prefect": "Prefect's server"}


def invitation(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """The link by which an account begins."""
    about = effect.payload["about"]
    return {"link": about["link"], "by": look.name(about["by"]), "expires": about["expires"]}


def password_reset(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """The link by which a new password is chosen."""
    about = effect.payload["about"]
    return {name: about[name] for name in ("link", "asked_at", "expires")}


def deactivated(look: Look, person: str, effect: Effect) -> Facts:
    """To both sides: the account ended, and which steps went to others."""
    about = effect.payload["about"]
    record = look.record(PersonRecord.DEACTIVATED, about["person"])
    yours = person == about["person"]
    return {"link": "/" if yours else f"/people/{about['person']}", "person": look.name(about["person"]),
            "yours": yours, "at": about["at"], "by": look.name(record.actor) if record else "",
            "steps": list(_handed_over(look, about, person)), "systems": look.systems(about.get("systems", ()))}


def system_reassigned(look: Look, person: str, effect: Effect) -> Facts:
    """Systems of the register have another owner."""
    about = effect.payload["about"]
    ids = about["systems"]
    return {"link": f"/systems/{ids[0]}" if len(ids) == 1 else "/systems", "systems": look.systems(ids),
            "before": look.name(about["from"]) if about["from"] else "", "after": look.name(about["to"]),
            "yours": person == about["to"], "by": look.name(about["by"]), "left": about["by"] == ENGINE, "at": about["at"]}


def granted(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody holds a responsibility now."""
    about = effect.payload["about"]
    known = programmes.in_force(look.conn).programme.responsibilities.get(about["responsibility"])
    return {"link": f"/people/{about['person']}", "person": look.name(about["person"]),
            "yours": person == about["person"], "by": look.name(about["by"]), "at": about["at"],
            "responsibility": within(known.title) if known else about["responsibility"],
            "set_aside": _set_aside(look, about)}


def deputised(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody stands in for another's steps now, or no longer."""
    about = effect.payload["about"]
    return {"link": f"/people/{about['person']}", "person": look.name(about["person"]), "by": look.name(about["by"]),
            "deputy": look.name(about["deputy"]), "yours": person == about["deputy"], "since": about["since"],
            "until": about["until"]}


def delegated(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody may decide for another, or no longer."""
    about = effect.payload["about"]
    return {"link": f"/people/{about['person']}", "person": look.name(about["person"]), "by": look.name(about["by"]),
            "delegate": look.name(about["delegate"]), "yours": person == about["delegate"], "starts": about["starts"],
            "ends": about["ends"], "revoked": about["revoked"]}


def programme_applied(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """A version of the programme came into force."""
    about = effect.payload["about"]
    row = look.conn.execute(questions.applied(about["digest"])).one()
    return {"link": "/programme", "digest": about["digest"], "before": about["before"] or "",
            "by": look.name(row.applied_by), "at": told(effect.queued_at)}


def operator_notice(look: Look, person: str, effect: Effect) -> Facts:
    """Something that whoever operates the system has to look at."""
    about = effect.payload["about"]
    said = TROUBLES.get(about["trouble"], _as_told)(look, person, about)
    return {"link": "/system", "trouble": about["trouble"], "at": about["at"], **said}


def digest(look: Look, person: str, effect: Effect) -> Facts:
    """One person's day."""
    about = effect.payload["about"]
    return of_day.facts(look, person, from_iso(about["since"]), about.get("checkpoint", ""))


FACTS: Mapping[str, Expand] = {
    "invitation": invitation, "password_reset": password_reset, "deactivated": deactivated, "granted": granted,
    "deputised": deputised, "delegated": delegated, "programme_applied": programme_applied, "operator_notice": operator_notice, "digest": digest,
    "system_reassigned": system_reassigned,
}


def _dead_letter(look: Look, person: str, about: Mapping[str, Any]) -> Facts:
    row = look.conn.execute(questions.message(about["message"])).one()
    sort = row.payload.get("notice") or row.payload.get("do")
    whom = f" to {look.name(row.payload['to'])}" if row.channel == MAIL else ""
    return {"what": f"{about['channel']} ({sort}){whom}", "error": row.error or "",
            "reference": look.reference(person, row.case_id)}


def _deadline_failed(look: Look, person: str, about: Mapping[str, Any]) -> Facts:
    row = look.conn.execute(questions.deadline(about["deadline"])).one()
    return {"what": f"the {row.event} of a {row.subject}", "error": row.error or "",
            "reference": look.reference(person, row.case_id)}


def _unreachable(look: Look, person: str, about: Mapping[str, Any]) -> Facts:  # noqa: ARG001
    error = look.conn.execute(questions.outage(about["channel"])).scalar()
    return {"what": SERVICES.get(about["channel"], about["channel"]), "error": error or ""}


def _as_told(look: Look, person: str, about: Mapping[str, Any]) -> Facts:
    return {"what": about["what"], "error": about.get("error", ""), "reference": look.reference(person, about.get("case"))}


TROUBLES: Mapping[str, Callable[[Look, str, Mapping[str, Any]], Facts]] = {
    "dead_letter": _dead_letter, "deadline_failed": _deadline_failed, "unreachable": _unreachable,
}


def _handed_over(look: Look, about: Mapping[str, Any], reader: str) -> Iterator[str]:
    """The steps that changed hands at that instant, by title, as far as the reader may see their cases."""
    cases = list(look.conn.execute(case_questions.open_cases()).scalars())
    rows = look.conn.execute(questions.records_at(StepRecord.REASSIGNED, from_iso(about["at"]), cases)).all()
    for row in rows:
        theirs = json.loads(row.body)["data"]["from"] == about["person"]
        if theirs and (reader == about["person"] or look.sees(reader, row.case_id)):
            view = look.view(row.case_id)
            yield f"{view.title(view.step(row.subject))} ({view.case.reference})"


def _set_aside(look: Look, about: Mapping[str, Any]) -> str:
    """Why the responsibility doesn't count for gates that are open already; empty if it does, or none is."""
    for view, gate in _open_gates(look, about["responsibility"]):
        apart = conflicts(view, gate.name, look.now)
        for holding in view.directory.holdings_of(about["responsibility"]):
            if holding.person == about["person"] and not counts(holding, gate, apart):
                by = look.name(holding.granted_by)
                own = holding.granted_by == holding.person
                return f"{by} granted it to themselves" if own else f"{by} did some of the work that is to be approved"
    return ""


def _open_gates(look: Look, responsibility: str) -> Iterator[tuple[CaseView, Gate]]:
    ids = look.conn.execute(case_questions.at_open_gates()).scalars().all()
    look.expect(ids)
    for view in map(look.view, ids):
        for gate in view.gates:
            if gate.state == "open" and responsibility in view.workflow.gate(gate.name).responsibilities:
                yield view, gate
