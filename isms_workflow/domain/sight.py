"""Who are the people of a case: those for whom a narrow label is wide enough. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from isms_workflow.domain.access import may_see
from isms_workflow.domain.people import Directory
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import Workflow


def people_of(view: CaseView, reached: Collection[str], now: datetime) -> frozenset[str]:
    """Owners and deputies of its steps, holders and delegates of its gates, responders of an incident, and whom its
    ladders have reached.

    `reached` are the people whom a ladder of the case told until now. Gates that have not opened yet count:
    who will decide may look beforehand.
    """
    return _owing(view) | in_office(view.workflow, view.directory, now) | frozenset(reached)


def sees(view: CaseView, person: str, reached: Collection[str], now: datetime) -> bool:
    """Whether role and label let somebody see the case; False for whoever has no account in use."""
    found = view.directory.people.get(person)
    return found is not None and may_see(found, view.case.label, person in people_of(view, reached, now))


def in_office(workflow: Workflow, directory: Directory, now: datetime) -> frozenset[str]:
    """Who is of every case of a workflow by what they hold: deciders at its gates, their delegates, responders."""
    return _deciding(workflow, directory, now) | _answering(workflow, directory)


def _answering(workflow: Workflow, directory: Directory) -> frozenset[str]:
    """Whoever answers incidents; who reported one sees their report, not the case."""
    names = workflow.responders if isinstance(workflow, IncidentWorkflow) else ()
    return frozenset(person for name in names for person in directory.holders(name))


def _owing(view: CaseView) -> frozenset[str]:
    owners = {(s.owner, s.responsibility) for s in view.steps if s.owner}
    stand_ins = {d for owner, name in owners if owner for d in view.directory.deputies_of(owner, name)}
    return frozenset({owner for owner, _ in owners if owner} | stand_ins)


def _deciding(workflow: Workflow, directory: Directory, now: datetime) -> frozenset[str]:
    names = {name for gate in workflow.gates.values() for name in gate.responsibilities}
    holders = {person for name in names for person in directory.holders(name)}
    return frozenset(holders | _delegates(directory, holders, now))


def _delegates(directory: Directory, people: Collection[str], now: datetime) -> set[str]:
    return {d.delegate for d in directory.delegations if d.person in people and d.starts <= now < d.ends}
