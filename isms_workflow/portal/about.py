"""What records of the history are about: their case, their step, and what the case's programme calls what they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from isms_workflow.domain.conditions import OF_ORGANISATION, OF_REGIME
from isms_workflow.domain.duties import STEP_PHASE
from isms_workflow.domain.judging import asks_of
from isms_workflow.domain.obligations import obligations_of
from isms_workflow.domain.views import step_title
from isms_workflow.engine import programmes
from isms_workflow.portal import views as v
from isms_workflow.portal.names import case_url
from isms_workflow.programme.model import Programme
from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import cases, steps


@dataclass(frozen=True)
class About:
    """The cases and steps of some records, each asked for once."""

    cases: Mapping[str, Any]
    steps: Mapping[str, Any]
    programmes: Mapping[str, Programme]

    @classmethod
    def of(cls, conn: Connection, records: Sequence[Any]) -> About:
        """Of these rows of the audit chain."""
        ids = {row.case_id for row in records if row.case_id}
        named = select(cases.c.id, cases.c.reference, cases.c.label, cases.c.kind, cases.c.programme).where(among(cases.c.id, ids))
        keys = select(steps.c.id, steps.c.key, steps.c.phase, steps.c.case_id).where(among(steps.c.id, {row.subject for row in records}))
        of = {row.id: row for row in conn.execute(named)} if ids else {}
        digests = {row.programme for row in of.values()}
        return cls(of, {row.id: row for row in conn.execute(keys)} if ids else {},
                   {digest: programmes.version(conn, digest).programme for digest in digests})

    def case(self, record: Any) -> v.Reference | None:
        """The case that a record belongs to."""
        row = self.cases.get(record.case_id)
        return v.Reference(row.reference, case_url(row.reference), label=row.label) if row else None

    def step(self, record: Any) -> v.Link | None:
        """The step that a record is about."""
        row = self.steps.get(record.subject)
        if row is None:
            return None
        of = self.cases[row.case_id]
        return v.Link(step_title(self.programmes[of.programme].workflows[of.kind], row.key), f"/steps/{row.id}")

    def spoken(self, record: Any, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record's data, the ids of questions and obligations replaced by what they are called; that a step `asked` them."""
        row, step = self.cases.get(record.case_id), self.steps.get(record.subject)
        if step is not None and step.phase == STEP_PHASE:
            return {**data, "asked": True}
        if row is None or not record.kind.startswith(("obligation.", "deadline.")):
            return data
        called = called_by(self.programmes[row.programme])
        return {**data, **{name: called.get(data[name], data[name]) for name in ("question", "of", "obligation") if data.get(name)}}


def called_by(programme: Programme) -> dict[str, str]:
    """What a programme's questions ask, and its obligations are called, by their ids."""
    return {each.id: each.stage.title for each in obligations_of(programme)} | asked_by(programme)


def asked_by(programme: Programme) -> dict[str, str]:
    """What each question asks, by its id."""
    found = {f"{name}.{each.id}": each.question for name, regime in programme.obligations.items() for each in regime.questions}
    facts = {f"{OF_ORGANISATION}{each.id}": each.question for each in programme.organisation.facts}
    regimes = {f"{OF_REGIME}{name}": asks_of(regime) for name, regime in programme.obligations.items()}
    return {**found, **facts, **regimes}


def said_of(programme: Programme, of: str) -> str:
    """A regime, or one report of it, by its title: `NIS2`, `NIS2: Early warning`; its id where the programme has it no more."""
    name, _, stage = of.partition(".")
    regime = programme.obligations.get(name)
    title = next((each.title for each in regime.stages if each.id == stage), None) if regime else None
    if regime is None or (stage and title is None):
        return of
    return f"{regime.title}: {title}" if title else regime.title
