"""What pages say of something that waits: for whom, since when, until when, and what happens then."""

from __future__ import annotations

import re
from datetime import datetime

from tests.portal.visitor import House, Visitor


def since(visitor: Visitor, path: str) -> datetime:
    """Since when a page says that the first thing on it that waits is open."""
    found = re.search(r'Open since\s*<time datetime="([^"]+)"', visitor.read(path))
    assert found is not None
    return datetime.fromisoformat(found[1])


def test_a_step_is_open_since_it_was_reopened(at_gate: House) -> None:
    """Where it is done, where it is owed, and on its case's page; when it first opened stays known."""
    world = at_gate.world
    opened_at = world.step("scope").opened_at
    world.advance(days=2)
    world.answer("plan", "dana", "return", "the scope forgets the depot", named=["scope"])
    reopened_at = world.now
    world.advance(days=1)
    step = world.step("scope")
    maria, pages = at_gate.visitor("maria"), ("/", f"/steps/{step.id}", "/cycle", f"/cases/{world.view().case.reference}")
    assert {path: since(maria, path) for path in pages} == dict.fromkeys(pages, reopened_at)
    assert step.opened_at == opened_at != reopened_at
