"""What the daily digest says of reports: to whoever decides that they were submitted, and to whoever answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from isms_workflow.domain.times import iso
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_day import facts
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.engine.obligations import BREACH, answer, date, submit
from tests.world import START, World, found

QUESTIONS = "Say which reports are owed"
SUBMIT = "Submit: Notification of the personal data breach"


@pytest.fixture
def world(store: Store) -> World:
    """An incident is reported under the programme as it is shipped; Maria decides on reports, Ben answers."""
    made = found(store, programme=parse(shipped()))
    report(made)
    return made


def lines(world: World, who: str) -> dict[str, dict[str, dict[str, object]]]:
    """The lines of somebody's digest by section and title."""
    with world.store.read() as conn:
        told = facts(Look(conn, world.now), world.ids[who], world.now - timedelta(days=1), "")
    return {section: {each["title"]: each for each in told[section]["lines"]} for section in ("decide", "owe", "late")}


def called(world: World, who: str) -> str:
    """Somebody's name, as mails say it."""
    with world.store.read() as conn:
        return Look(conn, world.now).name(world.ids[who])


def runs(world: World) -> None:
    """A breach of personal data, known since its report."""
    answer(world, BREACH)
    date(world, "aware", START)


def test_what_is_unanswered_is_said_to_who_answers_and_who_decides(world: World) -> None:
    """How many questions, which instant, and for whom it waits; others hear nothing of it."""
    answer(world, {"gdpr.personal_data_breach": True})
    step = next(each for each in world.view().steps if each.phase == "obligations")
    said = "2 questions are unanswered, and it isn't recorded when the organisation became aware"
    owner = world.name_of(step.owner)
    assert lines(world, owner)["owe"][QUESTIONS]["note"] == said
    assert lines(world, "maria")["owe"][QUESTIONS]["note"] == f"{said}; waits for {called(world, owner)}"
    assert QUESTIONS not in lines(world, "ines")["owe"]
    world.advance(days=3)
    assert lines(world, "maria")["late"][QUESTIONS]["due"] == iso(step.due_at)


def test_a_report_that_runs_is_said_to_who_decides(world: World) -> None:
    """By its safe instant; once that or the lawful one has passed it says so, and once it was submitted nothing."""
    runs(world)
    article = "GDPR, Art. 33(1)"
    line = lines(world, "maria")["owe"][SUBMIT]
    assert (line["due"], line["note"]) == (iso(START + timedelta(hours=72)), article)
    assert SUBMIT not in lines(world, "ines")["owe"]
    world.advance(hours=72, minutes=30)
    assert lines(world, "maria")["owe"][SUBMIT]["note"] == f"{article}; the safe time has passed, the lawful one has not"
    world.advance(days=2)
    assert lines(world, "maria")["owe"][SUBMIT]["note"] == f"{article}; it is no longer in time"
    submit(world, "gdpr.notification", by="maria", reason="nobody saw it")
    assert SUBMIT not in lines(world, "maria")["owe"]
