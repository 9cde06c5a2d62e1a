"""Whichever process dies when: every deadline fires once, every effect is delivered, the history verifies."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from isms_workflow.engine.seams import Seam
from isms_workflow.store import schema
from isms_workflow.store.database import open_store
from tests.databases import STATES
from tests.engine.crash.process import deliver, tick
from tests.engine.crash.scene import HELD, LATER, NOW, Scene, prepare

pytestmark = pytest.mark.timeout(600)

OF_THE_CLOCK = (Seam.CLAIMED, Seam.WRITTEN, Seam.COMMITTED)
OF_THE_DELIVERER = (Seam.TAKEN, Seam.SENT, Seam.SETTLED)
ROUNDS = 200


@pytest.fixture(scope="module")
def undisturbed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What becomes of the scene when nobody dies."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "isms.db").write_bytes(sqlite_template.read_bytes())
    scene = prepare(f"sqlite:///{folder / 'isms.db'}", folder / "delivered")
    with closing(scene.store):
        for now in (NOW, LATER):
            tick(scene.store, now)
            deliver(scene.store, now + HELD, scene.file)
        scene.check_chain()
        scene.check_delivered(may_repeat=False)
        return scene.outcome()


Another = Callable[[str], Scene]
"""Makes a fresh scene on SQLite or PostgreSQL; its database is its own, because one of its indexes is dropped."""


@pytest.fixture
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Another]:
    """As `Another` says; all of them are gone after the test."""
    made: list[Scene] = []

    def make(database: str) -> Scene:
        new: Callable[[], str] = request.getfixturevalue("new_sqlite") if database == "sqlite" else (
            request.getfixturevalue("postgres").create)
        url = new()
        if database == "postgresql":
            with closing(open_store(url)) as store:
                schema.upgrade(store, STATES)
        made.append(prepare(url, tmp_path / f"delivered-{len(made)}"))
        return made[-1]

    yield make
    for scene in made:
        gone(scene, request)


def gone(scene: Scene, request: pytest.FixtureRequest) -> None:
    """Its connections, and on PostgreSQL its database."""
    scene.store.close()
    if not scene.store.is_sqlite:
        request.getfixturevalue("postgres").drop(scene.url)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, another: Another) -> Scene:
    """A fresh scene on each database."""
    return another(request.param)


def check(scene: Scene, undisturbed: Mapping[str, Any], may_repeat: bool) -> None:
    """Nothing differs from a run in which nobody died, but that an effect may have been repeated."""
    scene.finish()
    assert scene.outcome() == undisturbed
    assert set(scene.outcome()["fired"]) == {1}
    scene.check_chain()
    scene.check_delivered(may_repeat)


@pytest.mark.parametrize("seam", OF_THE_CLOCK)
def test_each_deadline_fires_once_wherever_its_clock_dies(scene: Scene, undisturbed: Mapping[str, Any], seam: Seam) -> None:
    """A second clock finishes what the killed one began, and repeats nothing it had finished."""
    assert scene.start("clock", seam=f"{seam}:3").wait(60) == -signal.SIGKILL
    check(scene, undisturbed, may_repeat=False)


@pytest.mark.parametrize("seam", OF_THE_DELIVERER)
def test_each_effect_is_delivered_wherever_its_deliverer_dies(scene: Scene, undisturbed: Mapping[str, Any],
                                                               seam: Seam) -> None:
    """Repeated, under the same key, only if it died between the deed and the note of it."""
    assert scene.start("clock").wait(60) == 0
    assert scene.start("deliver", seam=f"{seam}:2").wait(60) == -signal.SIGKILL
    check(scene, undisturbed, may_repeat=seam is Seam.SENT)


def kill_at_random(scene: Scene, dice: random.Random) -> None:
    """Two clocks and two deliverers at once; each dies at an instant of its own, unless it was quicker."""
    processes = [scene.start(what) for what in ("clock", "deliver", "clock", "deliver")]
    for process in dice.sample(processes, len(processes)):
        time.sleep(dice.uniform(0.0, 0.5))
        process.kill()
    for process in processes:
        process.wait(60)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_clocks_and_two_deliverers_may_die_at_any_instant(another: Another, database: str,
                                                               undisturbed: Mapping[str, Any]) -> None:
    """A few rounds at random instants; `make soak` plays two hundred."""
    for number in range(3):
        made = another(database)
        kill_at_random(made, random.Random(number))
        check(made, undisturbed, may_repeat=True)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_hundred_rounds(request: pytest.FixtureRequest, another: Another, database: str,
                            undisturbed: Mapping[str, Any]) -> None:
    """The same, two hundred times, seams and random instants mixed."""
    seams = [*OF_THE_CLOCK, *OF_THE_DELIVERER]
    for number in range(ROUNDS):
        dice, made = random.Random(1000 + number), another(database)
        if number % 2:
            kill_at_random(made, dice)
        else:
            seam = dice.choice(seams)
            what = "clock" if seam in OF_THE_CLOCK else "deliver"
            processes = [made.start("clock"), made.start(what, seam=f"{seam}:{dice.randint(1, 6)}"), made.start("deliver")]
            for process in processes:
                process.wait(60)
        check(made, undisturbed, may_repeat=True)
        gone(made, request)
