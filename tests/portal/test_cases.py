"""The list of cases, and the search that leads there."""

from __future__ import annotations

import pytest

from tests.engine.actions import open_action
from tests.engine.incidents import report
from tests.portal.incidents import label, main_of
from tests.portal.visitor import House


@pytest.fixture
def several(both_house: House) -> House:
    """A cycle, an incident and a corrective action."""
    world = both_house.world
    world.open_cycle()
    report(world, title="Someone reads our mails")
    open_action(world, title="Restores of mails were never tried")
    label(both_house, "internal")
    return both_house


SEARCHES = {
    "a word of several": ("MAILS", ("INC-2026-0001", "CAP-2026-0001")), "two words in any order": ("mails reads", ("INC-2026-0001",)),
    "part of a reference": ("pdca-2026", ("PDCA-2026-0001",)), "a word and a reference": ("cap tried", ("CAP-2026-0001",)),
    "a word that nothing says": ("printer", ()), "a sign that SQL would take for any letter": ("m_ils", ()), "a percent sign": ("%", ()),
}


@pytest.mark.parametrize(("text", "names"), SEARCHES.values(), ids=SEARCHES)
def test_cases_are_found_by_their_words_and_references(several: House, text: str, names: tuple[str, ...]) -> None:
    """From the field that stands on every page; what was typed stays. If nothing is found, that is what is said."""
    ben = several.visitor("ben")
    led = ben.client.get("/search", params={"q": text}).headers["location"]
    page = main_of(ben, led)
    assert {name for name in ("PDCA-2026-0001", "INC-2026-0001", "CAP-2026-0001") if f">{name}<" in page} == set(names)
    assert (f'value="{text}"' in page, "No case fits." in page, "The first opens" in page) == (True, not names, False)


def test_nothing_typed_shows_them_all(several: House) -> None:
    """It is no error."""
    assert several.visitor("ben").get("/search?q=+").headers["location"] == "/cases"


def test_words_find_nothing_that_is_hidden(several: House) -> None:
    """Nor whether there is such a thing."""
    label(several, "restricted")
    assert "No case fits." in main_of(several.visitor("alex"), "/cases?q=mails")


def test_an_empty_list_teaches_where_nothing_was_asked_for(house: House) -> None:
    """How the first case comes about; under a filter it only says that none fits."""
    ben = house.visitor("ben")
    assert "The first opens when a cycle is started" in main_of(ben, "/cases")
    assert "No case fits." in main_of(ben, "/cases?state=open")
