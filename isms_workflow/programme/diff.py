"""What changes from one version of the programme to another, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from isms_workflow.programme.model import Phase, Programme, Workflow
from isms_workflow.programme.obligations import Regime


def diff(old: Programme, new: Programme) -> list[str]:
    """One sentence a change, in the order of the files; empty if both mean the same."""
    return [
        *_named("responsibility", old.responsibilities, new.responsibilities),
        *_named("ladder", old.ladders, new.ladders),
        *_named("rotation", old.rotations, new.rotations),
        *_named("team", old.teams, new.teams),
        *_fields("calendar", old.calendar, new.calendar),
        *_fields("programme", old, new, ("checkpoint_file", "digest_hour", "heartbeat_url", "flood")),
        *_obligations(old, new),
        *_workflows(old.workflows, new.workflows),
    ]


def _obligations(old: Programme, new: Programme) -> Iterator[str]:
    """What the organisation says of itself, and each regime's stages and questions."""
    before, after = old.organisation.regimes, new.organisation.regimes
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"regime {name}: whether it holds changes from {answered(before.get(name))} to {answered(after.get(name))}."
    yield from _named("fact", *({fact.id: fact for fact in each.organisation.facts} for each in (old, new)))
    yield from _come_and_gone("regime", old.obligations, new.obligations)
    for name in (n for n in new.obligations if n in old.obligations):
        regimes = (old.obligations[name], new.obligations[name])
        yield from _fields(f"regime {name}", *regimes, [f for f in Regime.model_fields if f not in ("questions", "stages")])
        yield from _named(f"{name} question", *({each.id: each for each in regime.questions} for regime in regimes))
        yield from _named(f"{name} stage", *({each.id: each for each in regime.stages} for regime in regimes))


def answered(value: Any) -> str:
    """An answer about the organisation, in words."""
    return {True: "yes", False: "no", None: "open"}.get(value, f"yes from {value}")


def _workflows(old: Mapping[str, Workflow], new: Mapping[str, Workflow]) -> Iterator[str]:
    yield from _come_and_gone("workflow", old, new)
    for kind in sorted(old.keys() & new.keys()):
        scalars = [name for name in type(new[kind]).model_fields if name != "phases"]
        yield from _fields(kind, old[kind], new[kind], scalars)
        before, after = ({p.id: p for p in w.phases} for w in (old[kind], new[kind]))
        yield from _come_and_gone(f"{kind}: phase", before, after)
        for name in (p for p in after if p in before):
            yield from _phase(f"{kind}.{name}", before[name], after[name])


def _phase(where: str, old: Phase, new: Phase) -> Iterator[str]:
    scalars = [name for name in Phase.model_fields if name not in ("steps", "gate")]
    yield from _fields(where, old, new, scalars)
    yield from _named(where, *({"gate": p.gate} if p.gate else {} for p in (old, new)))
    yield from _named(f"{where} step", {s.id: s for s in old.steps}, {s.id: s for s in new.steps})


def _named(what: str, old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterator[str]:
    yield from _come_and_gone(what, old, new)
    for name in (n for n in new if n in old):
        yield from _fields(f"{what} {name}", old[name], new[name])


def _come_and_gone(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{what} {name} is new." for name in new if name not in old)
    yield from (f"{what} {name} is gone." for name in old if name not in new)


def _fields(where: str, old: BaseModel, new: BaseModel, names: Any = None) -> Iterator[str]:
    for name in names or type(new).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{where}: {name} changes from {_said(before)} to {_said(after)}."


def _said(value: Any) -> str:
    if isinstance(value, BaseModel):
        return str(value) if type(value).__str__ is not BaseModel.__str__ else repr(value.model_dump(mode="json"))
    if isinstance(value, tuple):
        return "[" + ", ".join(_said(each) for each in value) + "]"
    return repr(value) if isinstance(value, str) and "\n" not in value else str(value)
