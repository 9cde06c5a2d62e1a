"""What changes from one version of the programme to another, in sentences. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel

from isms_workflow.programme.load import written_ladders
from isms_workflow.programme.model import Phase, Programme, Workflow
from isms_workflow.programme.obligations import Regime

_UNQUOTED = re.compile(r"^-?\w([\w@./+ -]|:(?! |$))*$")
"""Text that means itself in YAML, also between brackets."""


def diff(old: Programme, new: Programme) -> list[str]:
    """One sentence a change, in the order of the files; empty if both mean the same."""
    return [
        *_named("responsibility", old.responsibilities, new.responsibilities),
        *_named("ladder", written_ladders(old), written_ladders(new)),
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
        yield from _changes(where, _written(new, name), getattr(old, name), getattr(new, name))


def _changes(where: str, name: str, before: Any, after: Any) -> Iterator[str]:
    """What changes in one value: part by part where it has parts on both sides, else from what to what."""
    if before == after:
        return
    if isinstance(after, BaseModel) and type(before) is type(after) and not _is_spoken(after):
        yield from _fields(f"{where} {name}", before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _come_and_gone(f"{where} {name}", before, after)
        for key in (k for k in after if k in before):
            yield from _changes(f"{where} {name}", str(key), before[key], after[key])
    elif isinstance(before, tuple) and any(isinstance(each, BaseModel) for each in (*before, *after)):
        yield from (_by_id if hasattr((*before, *after)[0], "id") else _by_place)(f"{where} {name}", before, after)
    else:
        yield f"{where}: {name} changes from {_said(before)} to {_said(after)}."


def _by_id(where: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
    """Parts that have a name; where only their order is another one, that is said."""
    old, new = ({each.id: each for each in parts} for parts in (before, after))
    yield from _named(where, old, new)
    stayed, stay = [name for name in old if name in new], [name for name in new if name in old]
    if stayed != stay:
        yield f"{where}: the order changes from {_said(stayed)} to {_said(stay)}."


def _by_place(where: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
    """Parts that have none, by their place in the list, the first being no. 1."""
    old, new = ([_said(each) for each in parts] for parts in (before, after))
    for _, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        both = min(end - start, last - first)
        for nth in range(both):
            if before[start + nth] != after[first + nth]:
                yield from _fields(f"{where} no. {first + nth + 1}", before[start + nth], after[first + nth])
        yield from (f"{where} no. {nth + 1} is gone: {old[nth]}." for nth in range(start + both, end))
        yield from (f"{where} no. {nth + 1} is new: {new[nth]}." for nth in range(first + both, last))


def _said(value: Any) -> str:
    """A value in a sentence: what has parts is said as YAML on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return value if "\n" in value else repr(value)
    return _yaml(value)


def _yaml(value: Any) -> str:
    """As one would write it; of a model's fields those that somebody wrote."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "yes", False: "no"}[value]
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if isinstance(value, BaseModel) and not _is_spoken(value):
        value = {_written(value, name): getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(key)}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return str(value) if not isinstance(value, str) or _UNQUOTED.match(value) else json.dumps(value, ensure_ascii=False)


def _is_spoken(value: BaseModel) -> bool:
    """Whether it is written in words, as a span is."""
    return type(value).__str__ is not BaseModel.__str__


def _written(model: BaseModel, name: str) -> str:
    """What a field is called in the file."""
    return type(model).model_fields[name].alias or name
