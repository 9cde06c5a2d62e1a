"""What is said to come of an incident if nobody acts is what then comes: in mails, and on pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from isms_workflow.engine.commands import incidents
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.showing import rungs, waiting
from tests.engine.incidents import do, report, respond
from tests.world import World

ON_CALL = "who is on call (First line)"
SAID: dict[str, tuple[Callable[[World], object], list[tuple[float, str]]]] = {
    # what happens meanwhile: hours after the report, and what comes then
    "nothing": (lambda w: None, [
        (2, f"escalates to {ON_CALL} and ISMS manager"), (4, "escalates to top management, then every 4 hours"),
        (4, "the response is recorded as missed")]),
    "a critical severity, whose last level comes again every hour": (
        lambda w: do(w, incidents.reassess, "ben", None, "critical", "customers are affected"), [
            (0.5, "escalates to incident responder and ISMS manager"),
            (1, "escalates to ISMS manager and top management, then every hour"), (1, "the response is recorded as missed")]),
    "somebody's word": (lambda w: do(w, incidents.acknowledge, "ben", None), [
        (1, "asks Ben Ito whether their word still holds"), (1.5, "asks Ben Ito whether their word still holds"),
        (2, "the word of Ben Ito lapses, and the escalation goes on"), (4, "the response is recorded as missed")]),
    "a word that has been asked after": (lambda w: (do(w, incidents.acknowledge, "ben", None), w.advance(hours=1)), [
        (1.5, "asks Ben Ito whether their word still holds"),
        (2, "the word of Ben Ito lapses, and the escalation goes on"), (4, "the response is recorded as missed")]),
    "a pause": (lambda w: do(w, incidents.pause, "ben", None, w.now + timedelta(hours=3), "waits for the vendor"), [
        (3, "the pause ends by itself, and its clocks go on")]),
    "a pause that is over": (lambda w: (
        do(w, incidents.pause, "ben", None, w.now + timedelta(hours=3), "waits for the vendor"), w.advance(hours=3)), [
            (5, f"escalates to {ON_CALL} and ISMS manager"), (7, "escalates to top management, then every 4 hours"),
            (7, "the response is recorded as missed")]),
    "a response": (lambda w: respond(w, "ben"), []),
}


@pytest.mark.parametrize(("meanwhile", "said"), SAID.values(), ids=SAID)
def test_it_says_what_comes(world: World, meanwhile: Callable[[World], object], said: list[tuple[float, str]]) -> None:
    """Each of its clocks, later by the time that it stood still, and none that stands still now."""
    report(world)
    start = world.now
    meanwhile(world)
    with world.store.read() as conn:
        look = Look(conn, world.now)
        found = look.coming(look.view(world.case), world.case)
    assert [((each.at - start) / timedelta(hours=1), each.says) for each in found] == said


@pytest.mark.parametrize("meanwhile", [meanwhile for meanwhile, _ in SAID.values()], ids=SAID)
def test_pages_say_the_same_instants(world: World, meanwhile: Callable[[World], object]) -> None:
    """A page and a mail never tell of different ones; a page names the first repetition too."""
    report(world)
    meanwhile(world)
    with world.store.read() as conn:
        look = Look(conn, world.now)
        view = look.view(world.case)
        mails, page = look.coming(view, world.case), rungs(conn, view, world.case)
    again = {each.at for each in page if " again, then every " in each.says}
    assert {each.at for each in mails} == {each.at for each in page} - again
    own = {each.says for each in mails if not each.says.startswith("escalates")}
    assert own <= {each.says for each in page}


THEN: dict[str, tuple[Callable[[World], object], str]] = {
    "nobody responds": (lambda w: None, "escalates to Top management; the response is recorded as missed"),
    "it is paused": (lambda w: do(w, incidents.pause, "ben", None, w.now + timedelta(hours=3), "waits for the vendor"),
                     "the pause ends by itself, and its clocks go on"),
    "nobody responded": (lambda w: w.advance(hours=5), "escalates to Top management again, then every 4 hours"),
}


@pytest.mark.parametrize(("meanwhile", "said"), THEN.values(), ids=THEN)
def test_a_page_says_what_comes_when_the_response_is_due(
        world: World, meanwhile: Callable[[World], object], said: str) -> None:
    """All that happens at that instant; else what happens next."""
    report(world)
    meanwhile(world)
    with world.store.read() as conn:
        wait = waiting(conn, Look(conn, world.now).view(world.case))
    assert wait is not None
    assert wait.then == said


def test_what_was_said_comes(world: World) -> None:
    """Whoever gave their word in a pause's wake is told the very instants at which things then happen."""
    report(world)
    do(world, incidents.pause, "ben", None, world.now + timedelta(hours=3), "waits for the vendor")
    world.advance(hours=3, minutes=30)
    do(world, incidents.acknowledge, "ben", None)
    with world.store.read() as conn:
        look = Look(conn, world.now)
        lapses = next(each.at for each in look.coming(look.view(world.case), world.case) if "lapses" in each.says)
    world.sim.pass_time(seconds=(lapses - world.now).total_seconds() - 1)
    assert not world.mails("word_lapsed")
    world.advance(seconds=1)
    assert world.mails("word_lapsed")
