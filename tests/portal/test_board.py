"""Open incidents by state."""

from __future__ import annotations

from tests.engine.incidents import report, respond
from tests.portal.incidents import label
from tests.portal.visitor import House


def column(page: str, state: str) -> str:
    """What stands in one column."""
    return page.split(f'<section aria-labelledby="{state}">', 1)[1].split("</section>", 1)[0]


def test_an_incident_stands_in_the_column_of_its_state(house: House) -> None:
    """And moves with it; the gravest stands first."""
    ben = house.visitor("ben")
    assert "Nothing is open." in ben.read("/incidents/board")
    report(house.world)
    report(house.world, category="outage", systems=("Web shop",), title="The shop is down")
    page = ben.read("/incidents/board")
    assert column(page, "reported").index("The shop is down") < column(page, "reported").index("Someone reads our mails")
    assert "none" in column(page, "responding")
    respond(house.world, "ben")
    page = ben.read("/incidents/board")
    assert ("The shop is down" in column(page, "reported"), "The shop is down" in column(page, "responding")) == (False, True)
    assert 'href="/incidents/board"' in ben.read("/incidents")


def test_it_shows_what_its_reader_may_see(house: House) -> None:
    """Nothing of what is restricted."""
    report(house.world)
    label(house, "restricted")
    assert "Nothing is open." in house.visitor("alex").read("/incidents/board")
    assert "Someone reads our mails" in house.visitor("ben").read("/incidents/board")
