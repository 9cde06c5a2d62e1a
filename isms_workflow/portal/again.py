"""A form that was refused comes back on its page, with what was typed into it and what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from typing import Any, TypeVar

from isms_workflow.domain.refusals import ReasonNeeded, Wrong
from isms_workflow.errors import IsmsError
from isms_workflow.portal.views.forms import Action, Typed, problems
from isms_workflow.portal.visit import Posted, Visit

View = TypeVar("View")

ROOMS = {"steps": "steps", "gates": "gates", "people": "people", "systems": "systems", "cases": "pdca", "cycle": "pdca",
         "incidents": "incident", "actions": "corrective_action", "on-call": "on_call", "notifications": "notifications"}
"""By an address's first part: the module of the page that holds its forms; loaded late, for pages know of errors."""

CALLED = {"date": "due", "comment": "text", "delegate": "to", "person": "owner", "responsibility": "responsibilities"}
"""Fields that a command calls otherwise than the form does."""


def page(visit: Visit, path: str, form: Posted, error: IsmsError) -> tuple[str, Any, str] | None:
    """Template, view and menu entry of the page with the form that posts to this path; None if no page has it now."""
    room, *rest = path.strip("/").split("/")
    if room not in ROOMS:
        return None
    with visit.portal.store.read() as conn:
        template, view, current = import_module(f"isms_workflow.portal.pages.{ROOMS[room]}").again(conn, visit, rest)
    shown = refused(view, path, form.typed(), error)
    return None if shown is view else (template, shown, current)


def refused(view: View, path: str, typed: Mapping[str, Typed], error: IsmsError) -> View:
    """The same view, its form that posts to `path` with what was typed and what was wrong; itself if it has none."""
    found: list[Action] = []

    def changed(part: Any) -> Any:
        if isinstance(part, Action):
            if part.url == path and not part.why_not:
                found.append(replace(part, typed=typed, errors=_errors(part, error)))
                return found[-1]
        elif isinstance(part, tuple) and not hasattr(part, "_fields"):
            return tuple(changed(each) for each in part)
        elif is_dataclass(part) and not isinstance(part, type):
            parts = {each.name: changed(getattr(part, each.name)) for each in fields(part)}
            return replace(part, **{name: new for name, new in parts.items() if new is not getattr(part, name)})
        return part

    whole = changed(view)
    return replace(whole, problems=problems(*found)) if found else view


def _errors(action: Action, error: IsmsError) -> dict[str, str]:
    """What was wrong, at its field, under the name that the form gives it."""
    name = _field(action, error)
    label = next((each.label.rstrip("?") for each in action.inputs if each.name == name), "")
    return {name: f"{label}: {error.value!r} can't be; {error.right}." if label and isinstance(error, Wrong) else str(error)}


def _field(action: Action, error: IsmsError) -> str:
    """The field that an error is about; "" for the form as a whole."""
    name = "reason" if isinstance(error, ReasonNeeded) else error.field if isinstance(error, Wrong) else ""
    names = {each.name for each in action.inputs}
    return next((each for each in (name, CALLED.get(name, "")) if each in names), "")
