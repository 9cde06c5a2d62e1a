"""What people and things are called on a page."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import Connection, select

from isms_workflow.domain.forecast import title
from isms_workflow.domain.people import Person
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.engine import programmes
from isms_workflow.portal import views as v
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import people, sources

AGENTS = {"clock": "the clock", "engine": "the engine", "flow": "the flow", "operator": "the operator",
          "deliverer": "the deliverer"}


class Names:
    """People's names by id, as this reader is shown them; to no one in particular, nobody is `you`."""

    def __init__(self, conn: Connection, reader: Person | None) -> None:
        self._reader, self._conn = reader.id if reader else None, conn
        self._rows = {r.id: r for r in conn.execute(select(
            people.c.id, people.c.name, people.c.deactivated_at, people.c.erased_at))}

    def who(self, person: str | None, note: str = "") -> v.Who:
        """A person, an agent, or nobody."""
        if person is None:
            return v.Who("nobody")
        if person in AGENTS:
            return v.Who(AGENTS[person])
        row = self._rows.get(person)
        if row is None and (source := self._sources.get(person)):
            return v.Who(source)
        if row is None or row.name is None:
            return v.Who("somebody erased", note=note)
        return v.Who(row.name, f"/people/{person}", note or ("deactivated" if row.deactivated_at else ""),
                     person == self._reader)

    @cached_property
    def _sources(self) -> dict[str, str]:
        """What reports by itself, by its kind and name; asked for only where an id is nobody's."""
        return {row.id: f"the {row.kind} {row.name}" for row in self._conn.execute(select(sources))}

    @cached_property
    def _titles(self) -> dict[str, str]:
        """What responsibilities are called now; before set-up there are none."""
        if self._conn.execute(questions.programme_in_force()).first() is None:
            return {}
        return {name: each.title for name, each in programmes.in_force(self._conn).programme.responsibilities.items()}

    def responsibility(self, name: str) -> str:
        """A responsibility by its title; one that the programme in force doesn't know, and whatever else is told, by its id."""
        return self._titles.get(name) or name.replace("_", " ").replace(":", " ")

    def name(self, person: str | None) -> str:
        """The name alone; `you` for the reader."""
        found = self.who(person)
        return "you" if found.you else found.name

    def names(self, people: object) -> str:
        """Several names in a sentence."""
        assert isinstance(people, (tuple, list, set, frozenset))
        return ", ".join(self.name(p) for p in people) or "nobody"

    def choices(self, ids: object) -> tuple[v.Choice, ...]:
        """People to choose from, in the order of their names."""
        assert isinstance(ids, (tuple, list, set, frozenset))
        found = sorted((self._rows[p].name or "", p) for p in ids if p in self._rows)
        return tuple(v.Choice(p, name) for name, p in found)


def reference(view: CaseView) -> v.Reference:
    """A case by its reference."""
    return v.Reference(view.case.reference, case_url(view.case.reference), view.workflow.title,
                       view.case.label)  # type: ignore[arg-type]  # the table's CHECK allows these three only


def case_url(name: str) -> str:
    """The page of a case, by its reference: incidents and corrective actions have their own."""
    room = {"INC": "incidents", "CAP": "actions"}.get(name.partition("-")[0], "cases")
    return f"/{room}/{name}"


def entry(view: CaseView) -> str:
    """The menu's entry under which a case, its steps and its gates stand."""
    return {"incident": "Incidents", "corrective_action": "Actions"}.get(view.case.kind, "Cycle")


def step_url(step: Step) -> str:
    """The page of a step."""
    return f"/steps/{step.id}"


def gate_url(gate: Gate) -> str:
    """The page of a gate's round."""
    return f"/gates/{gate.id}"


def responsibility(view: CaseView, name: str) -> str:
    """What a responsibility is called in the case's programme; as `forecast.title` says it for whatever else a level names."""
    found = view.programme.responsibilities.get(name)
    return found.title if found else title(view, name)
