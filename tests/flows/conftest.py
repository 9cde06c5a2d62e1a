"""One running installation for all tests of flows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.stack import Stack


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Server, worker, clock and deliverer, and people to act."""
    stack = Stack.begin(tmp_path_factory.mktemp("installation") / "data")
    yield stack
    stack.end()


@pytest.fixture
def stack(running: Stack) -> Stack:
    """The same, with a cycle of this test's own whose run is suspended in PLAN."""
    running.fresh_cycle()
    return running
