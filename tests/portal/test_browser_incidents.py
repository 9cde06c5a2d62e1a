"""An incident in Chromium, from its report to its approved lessons, by people who only see the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.patience import eventually
from tests.portal.browser import PASSWORD, Person, Product, answers, invited, product

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(500)]

PEOPLE = """name,email,role,responsibilities
Maria Okafor,maria@example.org,user,isms_manager
Ben Ito,ben@example.org,user,incident_responder
Ravi Singh,ravi@example.org,user,incident_responder
Dana Weber,dana@example.org,user,top_management
Gil Moreau,gil@example.org,guest,"""
NAMES = ("maria", "ben", "ravi", "gil")
Office = Mapping[str, Person]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Product]:
    """`isms up` in an empty folder."""
    with product(tmp_path_factory.mktemp("incidents") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def office(running: Product, browser: Browser) -> Office:
    """Set up, everybody signed in, and one system in the register."""
    alex = Person.sits_down(browser, "alex", running.url)
    link = running.set_up_link()
    eventually("the portal answers", lambda: answers(alex, link))
    alex.fills(Name_of_the_organisation="Halden Instruments", Time_zone="Europe/Vienna", Your_name="Alex Kim",
               Your_mail_address="alex@example.org", Your_password=PASSWORD, People__one_a_line=PEOPLE)
    alex.presses("Set up the ISMS")
    people = {"alex": alex, **{name: invited(running, browser, name) for name in NAMES}}
    maria = people["maria"]
    maria.goes("Register")
    maria.page.get_by_text("Add a system", exact=True).first.click()
    maria.page.get_by_label("Name", exact=True).fill("Customer records")
    maria.page.locator("#add-owner").select_option(label="Ben Ito")
    for need in ("confidentiality", "integrity", "availability"):
        maria.page.locator(f"#add-{need}").select_option("medium")
    maria.page.get_by_label("personal", exact=False).first.check()
    maria.presses("Add a system")
    return people


def _looked_at(person: Person, name: str) -> None:
    """A picture of the page, wide, narrow and dark; it never scrolls sideways."""
    person.shot(f"incident-{name}")
    person.page.set_viewport_size({"width": 375, "height": 740})
    person.shot(f"incident-{name}-narrow")
    sideways = person.scrolls_sideways()
    person.page.emulate_media(color_scheme="dark")
    person.shot(f"incident-{name}-dark")
    person.page.emulate_media(color_scheme="light")
    person.page.set_viewport_size({"width": 1280, "height": 900})
    assert not sideways


def _reported(gil: Person) -> str:
    """A guest reports, in a minute; the incident's reference."""
    gil.goes("Incidents")
    _looked_at(gil, "none")
    gil.follows(gil.page.get_by_role("banner").get_by_role("link", name="Report an incident"))
    gil.fills(What_happened="A stranger reads the customers' files", What_else_you_know="I saw the names of files I never opened.")
    gil.page.get_by_label("What it looks like").select_option(label="Information that got to the wrong people")
    gil.page.get_by_label("Customer records").check()
    _looked_at(gil, "report")
    gil.presses("Report the incident")
    _looked_at(gil, "reported")
    return str(re.search(r"INC-\d{4}-\d{4}", gil.page.title()).group(0))  # type: ignore[union-attr]  # it fails here


def _does_the_steps(person: Person, folder: Path) -> int:
    """Opens each step they owe, adds a file, declares it complete; how many those were."""
    done = 0
    person.goes("My work")
    links = person.page.locator("section[aria-labelledby=owed] .what a[href*='/steps/']")
    for url in [link.get_attribute("href") or "" for link in links.all()]:
        person.opens(url)
        if not done:
            _looked_at(person, "step")
        note = folder / "what-was-done.txt"
        note.write_text(f"What was done for {url}.\n")
        person.page.get_by_label("File", exact=True).set_input_files(note)
        person.presses("Add the file")
        person.presses("Declare the step complete")
        done += 1
    return done


def _works_until(people: tuple[Person, ...], folder: Path, count: int) -> None:
    """They do what they owe until so many steps are done."""
    done = 0

    def enough() -> bool:
        nonlocal done
        done += sum(_does_the_steps(person, folder) for person in people)
        return done >= count

    eventually(f"{count} steps are done", enough)


def test_an_incident_goes_from_its_report_to_its_lessons(office: Office, tmp_path: Path) -> None:
    """Reported by a guest, acknowledged, triaged, answered, learned from, approved by the ISMS manager, closed."""
    ben, maria, gil = office["ben"], office["maria"], office["gil"]
    name = _reported(gil)
    ben.goes("My work")
    _looked_at(ben, "my-work")
    ben.follows(ben.page.get_by_role("link", name="Triage: A stranger reads").first)
    _looked_at(ben, "to-acknowledge")
    ben.presses("Acknowledge: I see to it")
    assert "Acknowledged by you" in ben.reads()
    _looked_at(ben, "to-triage")
    ben.page.get_by_label("And start responding now").check()
    ben.presses("Triage it")
    assert "answered in time" in ben.reads()
    _looked_at(ben, "responding")
    ravi = office["ravi"]
    _works_until((ben, ravi), tmp_path, 6)
    eventually("the gate is open", lambda: _decides(maria, name))

    def closed() -> bool:
        maria.opens(f"/incidents/{name}")
        return "closed it" in maria.reads()

    eventually("the incident is closed", closed)
    _looked_at(maria, "closed")
    maria.opens(f"/incidents/{name}/document")
    _looked_at(maria, "document")
    maria.goes("Incidents")
    _looked_at(maria, "list")
    gil.goes("My work")
    _looked_at(gil, "my-reports")
    gil.follows(gil.page.get_by_role("link", name=name).first)
    assert "It is dealt with, and closed." in gil.reads()


def _decides(person: Person, name: str) -> bool:
    person.goes("My work")
    link = person.page.locator("section[aria-labelledby=decisions] .what a[href*='/gates/']")
    if not link.count():
        return False
    person.follows(link.first)
    _looked_at(person, "gate")
    person.presses("Approve lessons learned")
    return name in person.page.title()


def test_other_roads(office: Office) -> None:
    """One that is paused, one that is a false positive: the pages read well, and the console has nothing to say."""
    ben = office["ben"]
    for title in ("The wireless network is slow", "The wireless network is slow again"):
        ben.opens("/incidents/report")
        ben.fills(What_happened=title)
        ben.page.get_by_label("What it looks like").select_option(label="Outage or malfunction")
        ben.page.get_by_label("Customer records").check()
        ben.page.get_by_label("This is an exercise").check()
        ben.presses("Report the incident")
        ben.follows(ben.page.get_by_role("link", name="See the incident"))
    assert "Perhaps the same" in ben.reads()
    ben.follows(ben.page.get_by_role("link", name="Merge this one into it"))
    _looked_at(ben, "to-merge")
    ben.presses("Merge it into another")
    _looked_at(ben, "merged")
    ben.goes("My work")
    ben.follows(ben.page.get_by_role("link", name="Triage: The wireless").first)
    ben.page.get_by_text("Pause its clocks", exact=True).first.click()
    ben.page.locator("#pause-until").fill("2020-01-01T10:00")
    ben.page.locator("#pause-reason").fill("It waits for the supplier.")
    ben.presses("Pause its clocks")
    assert "lies ahead" in ben.reads()
    _looked_at(ben, "refused")
    assert {name: person.complaints for name, person in office.items() if person.complaints} == {}
