"""One running installation for all tests of flows; it ends with them, for it is never quite idle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.stack import Stack
from tests.notify.post_office import PostOffice


@pytest.fixture(scope="package")
def office() -> Iterator[PostOffice]:
    """The organisation's SMTP server."""
    with PostOffice() as opened:
        yield opened


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, office: PostOffice) -> Iterator[Stack]:
    """Server, worker, clock and deliverer, and people to act."""
    stack = Stack.begin(tmp_path_factory.mktemp("installation") / "data", office.port)
    yield stack
    stack.end()


@pytest.fixture
def stack(running: Stack) -> Stack:
    """The same, with a cycle of this test's own whose run is suspended in PLAN."""
    running.fresh_cycle()
    return running
