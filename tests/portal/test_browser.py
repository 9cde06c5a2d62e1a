"""A whole cycle in Chromium, from the printed link to the next cycle, by people who only see the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.patience import eventually
from tests.portal.browser import PASSWORD, Person, Product, answers, invited, product

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(500)]

PHASES = ("PLAN", "DO", "CHECK", "ACT")
PEOPLE = """name,email,role,responsibilities
Maria Okafor,maria@example.org,user,isms_manager
Ben Ito,ben@example.org,user,control_owner;process_owner;people_manager;compliance_officer
Ines Costa,ines@example.org,user,internal_auditor
Dana Weber,dana@example.org,user,top_management
Ravi Singh,ravi@example.org,user,risk_owner
Olga Petrova,olga@example.org,auditor,
Gil Moreau,gil@example.org,guest,"""
WORKERS = ("maria", "ben", "ines")
DECIDERS = ("dana", "ravi")

Office = Mapping[str, Person]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Product]:
    """`isms up` in an empty folder."""
    with product(tmp_path_factory.mktemp("newcomer") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def office(running: Product, browser: Browser) -> Office:
    """The organisation set up through the link, and everybody signed in through their invitations."""
    alex = Person.sits_down(browser, "alex", running.url)
    link = running.set_up_link()
    eventually("the portal answers", lambda: answers(alex, link))
    alex.shot("setup")
    alex.fills(Name_of_the_organisation="Halden Instruments", Time_zone="Europe/Vienna",
               Country_of_the_public_holidays="AT", Your_name="Alex Kim", Your_mail_address="alex@example.org",
               Your_password=PASSWORD, People__one_a_line="one line that says nothing")
    alex.presses("Set up the ISMS")
    assert "Some things aren’t right" in alex.reads() or "One thing isn’t right yet" in alex.reads()
    alex.shot("setup-refused")
    alex.fills(Your_password=PASSWORD, People__one_a_line=PEOPLE)
    alex.presses("Set up the ISMS")
    assert "Dana Weber" in alex.reads()
    return {"alex": alex, **{name: invited(running, browser, name) for name in (*WORKERS, *DECIDERS, "olga", "gil")}}


def _does_what_they_owe(person: Person, folder: Path) -> int:
    """Opens each step they owe, adds a file, declares it complete; how many those were."""
    done = 0
    person.goes("My work")
    links = person.page.locator("section[aria-labelledby=owed] .what a")
    for url in [link.get_attribute("href") or "" for link in links.all()]:
        person.opens(url)
        if "No evidence yet" in person.reads() and person.page.get_by_role("button", name="Add the file").count():
            note = folder / f"{_slug(person.page.title())}.txt"
            note.write_text(f"What was done for {url}.\n")
            person.page.get_by_label("File", exact=True).set_input_files(note)
            person.presses("Add the file")
        if person.page.get_by_role("button", name="Declare the step complete").count():
            person.presses("Declare the step complete")
            done += 1
    return done


def _slug(title: str) -> str:
    """A file's name after the step that it belongs to."""
    return title.split(" · ")[1].lower().replace(" ", "-")


def _works_through(office: Office, phase: str, folder: Path) -> int:
    """Everybody does what they owe until nobody owes anything."""
    eventually(f"{phase} is open", lambda: any(_owes(office[name]) for name in WORKERS))
    total = 0
    while done := sum(_does_what_they_owe(office[name], folder) for name in WORKERS):
        total += done
    return total


def _owes(person: Person) -> bool:
    person.goes("My work")
    return person.page.locator("section[aria-labelledby=owed] .what a").count() > 0


def _decides(person: Person, phase: str) -> None:
    person.goes("My work")
    person.follows(person.page.locator("section[aria-labelledby=decisions] .what a").first)
    person.shot(f"gate-{phase}-{person.name}")
    person.presses(f"Approve {phase}")


@pytest.fixture(scope="module")
def lived(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, int]:
    """A cycle from its start to its end; how many steps were done in each phase."""
    folder = tmp_path_factory.mktemp("evidence")
    maria = office["maria"]
    maria.goes("Cycle")
    maria.shot("no-cycle")
    maria.presses("Open and start a cycle")
    done = {}
    for phase in PHASES:
        done[phase] = _works_through(office, phase, folder)
        office["dana"].goes("My work")
        office["dana"].shot(f"my-work-{phase}")
        maria.goes("Cycle")
        maria.shot(f"cycle-{phase}")
        for name in DECIDERS:
            _decides(office[name], phase)
    return done


def test_a_cycle_is_led_from_its_start_to_the_next_one(office: Office, lived: Mapping[str, int]) -> None:
    """24 steps by three people, four gates by two others, the cycle closed, the next one opened by itself."""
    assert lived == {"PLAN": 6, "DO": 6, "CHECK": 6, "ACT": 6}
    maria = office["maria"]

    def closed() -> bool:
        maria.goes("Cases")
        return "closed" in maria.reads()

    eventually("the cycle is closed", closed)
    assert "-0002" in maria.reads(), "the next cycle was opened"


PAGES = {
    "my-work": ("maria", "/"), "cycle": ("maria", "/cycle"), "cases": ("maria", "/cases"),
    "evidence": ("maria", "/evidence"), "audit": ("olga", "/audit"), "accesses": ("olga", "/audit/access"),
    "people": ("alex", "/people"), "register": ("maria", "/systems"), "programme": ("maria", "/programme"), "system": ("alex", "/system"),
    "mail": ("alex", "/mail"), "not-found": ("maria", "/cases/PDCA-1999-0001"), "forbidden": ("gil", "/audit"),
    "search": ("maria", "/search?q=0001"), "login": ("nobody", "/login"), "reset": ("nobody", "/reset"),
    "guest": ("gil", "/"),
}


@pytest.fixture(scope="module")
def nobody(browser: Browser, running: Product) -> Person:
    """Somebody who isn't signed in."""
    return Person.sits_down(browser, "nobody", running.url)


@pytest.mark.parametrize(("who", "url"), PAGES.values(), ids=PAGES)
def test_a_page_reads_well_wide_and_narrow_light_and_dark(office: Office, lived: Mapping[str, int], nobody: Person,
                                                          request: pytest.FixtureRequest, who: str, url: str) -> None:
    """No page scrolls sideways at 375 pixels, complains in the console, or lacks its heading."""
    person = nobody if who == "nobody" else office[who]
    person.opens(url)
    _looked_at(person, request.node.callspec.id)


def test_what_belongs_to_a_case_reads_well_too(office: Office, lived: Mapping[str, int]) -> None:
    """The closed case as a document, one of its steps, its last gate, a person."""
    maria = office["maria"]
    maria.opens("/cases")
    maria.follows(maria.page.get_by_role("link", name="-0001").first)
    _looked_at(maria, "case")
    for kind in ("steps", "gates"):
        maria.opens("/cases")
        maria.follows(maria.page.get_by_role("link", name="-0001").first)
        maria.follows(maria.page.locator(f"main a[href*='/{kind}/']").first)
        _looked_at(maria, kind)
    alex = office["alex"]
    alex.opens("/people")
    alex.follows(alex.page.get_by_role("link", name="Dana Weber").first)
    _looked_at(alex, "person")


def test_the_register_is_filled_by_a_form_and_by_a_list(office: Office, tmp_path: Path) -> None:
    """Empty at first; a system with its owner, one that is refused and put right, two from a file, one retired."""
    maria = office["maria"]
    maria.goes("Programme", "Register")
    assert "The register lists what your organisation runs" in maria.reads()
    _looked_at(maria, "register-empty")
    maria.page.locator("summary", has_text="Add a system").click()
    maria.fills(Name="ERP", Description="Orders, invoices and payroll.")
    form = maria.page.locator("form#add")
    form.get_by_label("Owner").select_option(label="Ben Ito")
    for need in ("confidentiality", "integrity", "availability"):
        form.get_by_label(f"Need of {need}").select_option("high")
    maria.presses("Add a system")
    assert "say what it holds" in maria.reads()
    _looked_at(maria, "register-refused")
    maria.page.get_by_label("personal about people").check()
    maria.presses("Add a system")
    assert "put it in the register, for Ben Ito" in maria.reads()
    file = tmp_path / "systems.csv"
    file.write_text("Wiki,ines@example.org,low,low,low,internal\nMail,maria@example.org,medium,medium,high,personal\n")
    maria.goes("Programme", "Register")
    maria.page.locator("summary", has_text="Add many from a CSV file").click()
    maria.page.get_by_label("CSV file").set_input_files(file)
    maria.presses("Add many from a CSV file")
    assert "2 systems are in the register now." in maria.reads()
    maria.follows(maria.page.get_by_role("columnheader", name="Availability").get_by_role("link"))
    _looked_at(maria, "register")
    maria.follows(maria.page.get_by_role("link", name="ERP"))
    maria.page.locator("summary", has_text="Change what the register says").click()
    _looked_at(maria, "register-entry")
    assert maria.complaints == []


def _looked_at(person: Person, name: str) -> None:
    assert person.page.get_by_role("heading", level=1).count() == 1
    person.shot(f"page-{name}")
    person.page.set_viewport_size({"width": 375, "height": 740})
    person.shot(f"page-{name}-narrow")
    sideways = person.scrolls_sideways()
    person.page.emulate_media(color_scheme="dark")
    person.shot(f"page-{name}-dark")
    person.page.emulate_media(color_scheme="light")
    person.page.set_viewport_size({"width": 1280, "height": 900})
    assert not sideways


def test_nobody_can_be_misled_by_the_console(office: Office, lived: Mapping[str, int]) -> None:
    """Nothing that any page did was refused by its own content security policy, or failed."""
    assert {name: person.complaints for name, person in office.items() if person.complaints} == {}
