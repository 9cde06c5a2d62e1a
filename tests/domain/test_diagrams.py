"""The docs show the machines as they are."""

from __future__ import annotations

from pathlib import Path

from isms_workflow.domain import machines
from isms_workflow.domain.diagrams import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_docs_show_the_machines_as_they_are() -> None:
    """Whoever changes a machine makes the page anew."""
    assert (DOCS / "machines.md").read_text(encoding="utf-8") == page([*machines.ALL.values(), *machines.PARTS.values()])
