"""One application a process, over the parts of whichever test runs: to make one costs more than most tests do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from fastapi import FastAPI

from isms_workflow.portal.deps import Portal

Make = Callable[[Portal], FastAPI]
_made: dict[tuple[Make, str], tuple[FastAPI, Portal]] = {}


def over(parts: Portal, make: Make) -> FastAPI:
    """The application that `make` makes, over these parts; whoever was given it for earlier ones has these now, too."""
    key = (make, parts.settings.public_url)
    if key not in _made:
        held = replace(parts)
        _made[key] = make(held), held
    app, held = _made[key]
    for field in fields(parts):
        object.__setattr__(held, field.name, getattr(parts, field.name))
    return app
