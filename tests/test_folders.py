"""Whatever is made first in a new data folder closes the whole of it."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isms_workflow import services
from isms_workflow.engine.prefect import local
from isms_workflow.folders import private
from isms_workflow.notify.files import FileChannel
from isms_workflow.settings import Settings
from isms_workflow.store import audit
from isms_workflow.store.files import MIB
from isms_workflow.supervisor import alone, supervise
from tests.notify.examples import BEN, written


@pytest.fixture(autouse=True)
def _generous() -> Iterator[None]:
    """An account that shares all it makes with everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(folder: Path) -> int:
    """Who may do what there."""
    return stat.S_IMODE(folder.stat().st_mode)


def locked(settings: Settings) -> None:
    """`isms up` begins."""
    with alone(settings.data / "up.lock"):
        pass


def supervised(settings: Settings) -> None:
    """Children's logs have a place."""
    stop = threading.Event()
    stop.set()
    supervise((), settings.data / "logs", lambda _: None, stop)


FIRST: dict[str, Callable[[Settings], object]] = {
    "the database": services.upgrade,
    "the supervisor's lock": locked,
    "logs": supervised,
    "a key": lambda s: audit.make_key(s.keys_dir),
    "Prefect's secret": local.secret,
    "evidence": lambda s: services.files(s).store([b"scope"], MIB),
    "a letter": lambda s: FileChannel(s).send("a:1", BEN, written("a step opens"), sensitive=False),
    "a letter with a link": lambda s: FileChannel(s).send("a:1", BEN, written("somebody is invited"), sensitive=True),
}


@pytest.mark.parametrize("make", FIRST.values(), ids=FIRST)
def test_the_data_folder_is_its_owners_alone(settings: Settings, make: Callable[[Settings], object]) -> None:
    """And every folder that is made in it at once."""
    make(settings)
    assert {mode(folder) for folder in (settings.data, *settings.data.iterdir()) if folder.is_dir()} == {0o700}


@pytest.mark.parametrize("make", FIRST.values(), ids=FIRST)
def test_a_data_folder_that_is_there_keeps_its_mode(settings: Settings, make: Callable[[Settings], object]) -> None:
    """A group may have been let in on purpose."""
    settings.data.mkdir()
    settings.data.chmod(0o750)
    make(settings)
    assert mode(settings.data) == 0o750


def test_a_file_in_the_place_of_a_folder_is_not_taken_for_one(tmp_path: Path) -> None:
    """Whoever would write into it is told."""
    (tmp_path / "data").write_text("mine")
    with pytest.raises(FileExistsError):
        private(tmp_path / "data")
