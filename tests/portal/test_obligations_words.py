"""What the page of an incident's reports calls things, and of which it says that nobody asks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from isms_workflow.engine.commands import incidents
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from tests.engine.incidents import do, report
from tests.engine.obligations import BREACH, answer, date, submit
from tests.engine.test_veris import take
from tests.portal.incidents import FIRST, main_of
from tests.portal.test_obligations_page import PAGE, runs, say, under
from tests.portal.visitor import House
from tests.veris import sample
from tests.world import World


@pytest.fixture
def house(sqlite_store: Store, settings: Settings) -> House:
    """The cast in office, under the programme as it is shipped; an incident is reported."""
    return under(sqlite_store, settings)


def options(said: str, form: str) -> list[str]:
    """What the first choice of a form offers."""
    return re.findall(r"<option[^>]*>([^<]*)</option>", said.split(f'id="{form}"', 1)[1].split("</select>", 1)[0])


def test_what_is_said_of_one_act_or_report_has_its_title(sqlite_store: Store, settings: Settings) -> None:
    """The incident as a whole first, then each act and its reports; so does what is corrected or withdrawn."""
    house = under(sqlite_store, settings, "nis2")
    ben, now = house.visitor("ben"), house.world.now
    aware = [each for each in options(main_of(ben, PAGE), "date") if "became aware" in each]
    assert aware[:3] == ["The organisation became aware (the incident as a whole)", "The organisation became aware (GDPR)",
                         "The organisation became aware (GDPR: Notification of the personal data breach)"]
    assert "The organisation became aware (NIS2: Early warning)" in aware
    answer(house.world, BREACH)
    date(house.world, "aware", now, of="nis2")
    date(house.world, "aware", now)
    submit(house.world, "gdpr.notification")
    assert [each.rpartition(",")[0] for each in options(main_of(ben, PAGE), "withdraw")] == [
        "The organisation became aware", "The organisation became aware (NIS2)", "Submitted (GDPR: Notification of the personal data breach)"]
    assert re.search(r"\((gdpr|nis2)\.?\w*\)", main_of(ben, PAGE)) is None


def test_what_was_submitted_is_submitted_again_under_words_of_its_own(house: House) -> None:
    """The main action offers what is still owed; an update changes nothing of whether it was in time."""
    runs(house)
    ben, again, notification = house.visitor("ben"), "Record that it was submitted again", "GDPR: Notification of the personal data breach"
    assert again not in main_of(ben, PAGE)
    submit(house.world, "gdpr.notification")
    assert options(main_of(ben, PAGE), "submit") == ["GDPR: Entry in the register of breaches"]
    assert options(main_of(ben, PAGE), "update") == [notification]
    house.world.advance(days=5)
    ben = house.visitor("ben")
    sent = {"obligation": "gdpr.notification", "files": {"file": ("update.pdf", b"%PDF", "application/pdf")}}
    assert say(ben, "update", at="2027-01-05T08:00", **sent) == 422
    assert say(ben, "update", at="2026-01-09T08:00", **sent) == 303
    said = main_of(ben, PAGE)
    assert ("update.pdf" in said, "in time: by" in said) == (True, True)
    submit(house.world, "gdpr.register")
    assert 'id="submit"' not in main_of(ben, PAGE)


def test_a_question_that_is_owed_is_not_called_optional(sqlite_store: Store, settings: Settings) -> None:
    """What is only offered is, and so is the reason."""
    said = main_of(under(sqlite_store, settings, "dora").visitor("ben"), PAGE)
    legends = dict(re.findall(r"<legend>([^<]*\?)( <small>optional</small>)?</legend>", said))
    assert [legends[f"{text}?"] == "" for text in (
        "Is it an ICT-related incident that may be major", "Is the organisation a credit institution")] == [True, False]


def merged(world: World) -> None:
    """Another is reported, which this one is part of."""
    ours = world.case
    report(world)
    into, world.case = world.view().case.reference, ours
    do(world, incidents.merge, "ben", None, into, "the same")


@pytest.mark.parametrize(("ends", "why"), [
    (lambda world: do(world, incidents.dismiss, "ben", None, "a test of the alarm"), "The incident was dismissed: nobody is asked"),
    (merged, "The incident was merged into another: which reports are owed is asked there."),
])
def test_of_an_incident_that_was_ended_nobody_is_asked(house: House, ends: Callable[[World], object], why: str) -> None:
    """And that is said, in the place of what is unanswered; on the incident's own page and document as well."""
    world, ben = house.world, house.visitor("ben")
    assert "unanswered" in main_of(ben, PAGE)
    ends(world)
    for path in (PAGE, FIRST, f"{FIRST}/document"):
        said = main_of(ben, path)
        assert ("unanswered" in said, "nobody is asked whether it is owed" in said, "ot asked" in said) == (False, True, True), path
    assert why in main_of(ben, PAGE)


def test_of_an_imported_incident_nobody_is_asked(house: House) -> None:
    """It was dealt with elsewhere."""
    take(house.world, sample())
    said = main_of(house.visitor("maria"), PAGE.replace("0001", "0002"))
    assert ("unanswered" in said, "If it is reopened, they are asked." in said) == (False, True)
