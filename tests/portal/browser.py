"""The product as a newcomer meets it: `isms up` in an empty folder, and people at their browsers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.notify.post_office import PostOffice
from tests.patience import eventually, free_port

ROOT = Path(__file__).parents[2]
SHOTS = os.environ.get("ISMS_SCREENSHOTS")
"""A folder for screenshots, for who wants to look at the pages."""

BROWSERS = ("chromium-headless-shell", "chromium")
"""Debian's, the first that is on the path: the same engine without a desktop's parts takes under half the processor time."""

CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync")

LINK = re.compile(r"http://\S+/(?:setup|invitation)/\S+")
PASSWORD = "seven quiet hills at dawn"


@dataclass
class Product:
    """`isms up`, running; what it printed is in `output`."""

    data: Path
    url: str
    output: Path
    process: subprocess.Popen[bytes]
    office: PostOffice | None = None

    def set_up_link(self) -> str:
        """The one-time link that it prints."""
        return str(eventually("the set-up link is printed", lambda: _first(LINK, self.output.read_text())))

    def invitation(self, address: str) -> str:
        """The link in somebody's mail, which lies as a file unless the product has an SMTP server."""
        return str(eventually(f"an invitation for {address}", lambda: self._mailed(address)))

    def _mailed(self, address: str) -> str | None:
        files = sorted((self.data / "mail" / "sealed").glob("*.eml"))
        as_files = (message_from_bytes(file.read_bytes(), policy=default) for file in files)
        for mail in list(self.office.inbox) if self.office else as_files:
            if address in str(mail["To"]):
                body = mail.get_body(("plain",))
                return _first(LINK, body.get_content() if body else "")
        return None


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found.group(0) if found else None


@contextmanager
def product(data: Path, command: str = "up", office: PostOffice | None = None) -> Iterator[Product]:
    """Everything that `make run` starts; one Ctrl-C ends it. Mails become files, or go to an office of the test's."""
    port, prefect = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    given = {"ISMS_DATA": str(data), "ISMS_PORT": str(port), "ISMS_PREFECT_PORT": str(prefect), "ISMS_PUBLIC_URL": url,
             "PYTHONUNBUFFERED": "1"}
    if office:
        given |= {"ISMS_SMTP_HOST": "127.0.0.1", "ISMS_SMTP_PORT": str(office.port), "ISMS_SMTP_TLS": "none"}
    output = data.parent / "output.txt"
    with output.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "isms_workflow.cli", command], cwd=ROOT, stdout=out,
                                   stderr=subprocess.STDOUT, env={**os.environ, **given})
    try:
        yield Product(data, url, output, process, office)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@dataclass
class Person:
    """Somebody at a browser of their own; whatever the page complains about is kept."""

    name: str
    url: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def sits_down(cls, browser: Browser, name: str, url: str, **options: Any) -> Person:
        """A fresh browser window, nobody signed in."""
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        person = cls(name, url, context, context.new_page())
        person.page.set_default_timeout(60_000)
        person.page.on("console", person._listens)
        person.page.on("pageerror", lambda error: person.complaints.append(f"{person.page.url}: {error}"))
        return person

    def _listens(self, message: Any) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def opens(self, place: str) -> None:
        """A page by its address."""
        self.page.goto(place if place.startswith("http") else f"{self.url}{place}")

    def goes(self, section: str, entry: str = "") -> None:
        """A section of the menu, and an entry of it."""
        self.follows(self.page.get_by_role("navigation", name="Menu").get_by_role("link", name=section))
        if entry:
            self.follows(self.page.get_by_role("navigation", name="In this section").get_by_role("link", name=entry))

    def follows(self, link: Locator) -> None:
        """A link or a button; the page that follows is waited for, since the one that was may still stand there."""
        with self.page.expect_navigation():
            link.click()

    def fills(self, **fields: str) -> None:
        """Fields by the beginning of their labels: a blank as one underscore, a comma and a blank as two."""
        for label, value in fields.items():
            words = label.replace("__", ", ").replace("_", " ")
            self.page.get_by_label(re.compile(f"^{words}")).first.fill(value)

    def presses(self, words: str) -> None:
        """A button by its words."""
        self.follows(self.page.get_by_role("button", name=words, exact=True))

    def reads(self) -> str:
        """All that the page says."""
        return self.page.locator("main").inner_text()

    def signs_in(self, email: str, password: str) -> None:
        """At the sign-in page."""
        self.opens("/login")
        self.fills(Mail_address=email, Password=password)
        self.presses("Sign in")

    def shot(self, name: str) -> None:
        """A picture of the whole page, for who asked for pictures."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def answers(person: Person, url: str) -> bool:
    """Whether the page can be opened already."""
    try:
        person.opens(url)
    except Exception:  # noqa: BLE001  # not yet: Playwright's own error type is private
        return False
    return True


def invited(running: Product, browser: Browser, name: str) -> Person:
    """Somebody signs in for the first time, by the invitation that was mailed to them."""
    person = Person.sits_down(browser, name, running.url)
    person.opens(running.invitation(f"{name}@example.org"))
    if name == "maria":
        person.shot("invitation")
    person.fills(New_password=PASSWORD)
    person.presses("Set the password and sign in")
    return person
