"""Reports and what people do about them, for tests of incidents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.systems import Draft
from isms_workflow.engine import programmes, register
from isms_workflow.engine.commands import incidents
from isms_workflow.engine.commands import systems as systems_of
from isms_workflow.programme.load import kept, shipped
from tests.world import OPERATOR, World


def report(world: World, category: str = "data_breach", systems: Iterable[str] = ("Customer records",), *,
           title: str = "Someone reads our mails", key: str | None = None, occurred_at: datetime | None = None,
           system_ids: tuple[str, ...] = (), by: str = "gil") -> str:
    """Somebody reports an incident, which becomes the case of this world; systems by their names."""
    have_systems(world)
    with world.store.read() as conn:
        known = {system.name: system.id for system in register.in_use(conn)}
    ids = system_ids or tuple(known[name] for name in systems)
    with world.sim.write() as (tx, when):
        view, _ = incidents.report(tx, Report(title, "", category, (), occurred_at, key), ids, world.actor(by), when)
        world.case = view.case.id
    return world.case


def have_systems(world: World) -> None:
    """Two systems are in the register: one with data about customers, one that must not stand still."""
    drafts = (Draft("Customer records", world.ids["ben"], "medium", "medium", "low", frozenset({"personal"})),
              Draft("Web shop", world.ids["ben"], "low", "low", "high", frozenset({"internal"})))
    with world.store.write() as tx:
        known = {system.name for system in register.in_use(tx)}
        for draft in drafts:
            if draft.name not in known:
                systems_of.add(tx, draft, world.actor("maria"), world.when())


def do(world: World, command: Callable[..., Any], by: str, *what: Any) -> Any:
    """A command on this world's incident, by somebody of the cast."""
    with world.sim.write() as (tx, when):
        return command(tx, world.case, *what, world.actor(by), when)


def respond(world: World, by: str) -> None:
    """Triaged as it was assessed, and taken up."""
    view = world.view()
    assert view.incident is not None
    do(world, incidents.triage, by, None, view.incident.severity, "")
    do(world, incidents.respond, by, None)


def without_incidents(world: World) -> None:
    """The programme in force is one from before there were incidents."""
    texts = {name: text for name, text in shipped().items() if name != "incident.yaml"}
    with world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, world.when())


def incident(world: World) -> Any:
    """The incident of this world's case."""
    return world.view().incident
