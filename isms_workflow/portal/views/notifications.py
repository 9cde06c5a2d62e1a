"""How the reader wants to be told."""

from __future__ import annotations

from dataclasses import dataclass

from isms_workflow.portal.views.forms import Action, Problem


@dataclass(frozen=True)
class RuleLine:
    """One rule."""

    by: str  # "mail", or a way of the settings
    after: str  # "at once", "after 10 minutes"
    what: str  # "everything"
    remove: Action | None = None


@dataclass(frozen=True)
class Notifications:
    """notifications.html: the reader's rules and quiet hours."""

    rules: tuple[RuleLine, ...]  # none: by mail at once
    quiet: str  # "22:00 to 07:00, Europe/Vienna"; empty: none
    add: Action | None
    hours: Action | None
    ways: tuple[str, ...] = ()  # beside mail
    problems: tuple[Problem, ...] = ()
    title: str = "How you are told"
