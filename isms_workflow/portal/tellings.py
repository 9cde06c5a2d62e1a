"""Messages to people as lines of a table."""

from __future__ import annotations

from collections.abc import Iterable

from isms_workflow.domain.telling import Telling
from isms_workflow.portal import views as v
from isms_workflow.portal.names import Names

FEW = 10
"""As many stand on the incident's own page."""


def lines(found: Iterable[Telling], names: Names) -> tuple[v.TellingLine, ...]:
    """Each message, whom it told, and what became of it."""
    return tuple(v.TellingLine(each.decided, names.who(each.person), each.what, each.channel, "not sent" if each.state == "unsent" else each.state,
                               each.settled or (each.due if each.held else None), each.says()) for each in found)
