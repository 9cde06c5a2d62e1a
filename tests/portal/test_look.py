"""Every page as a whole: what it must and must not contain, how it looks, and what the script adds in a browser."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Browser, Page, expect

import isms_workflow.portal as portal
from isms_workflow.portal.rendering import ago_text, environment, render, until_text
from tests.portal.cast import NOW
from tests.portal.examples import PAGES

HERE = Path(portal.__file__).parent
CSS = (HERE / "static" / "isms.css").read_text()
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; connect-src 'self'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FORM_CONTROLS = ("input", "select", "textarea")
every_page = pytest.mark.parametrize("name", PAGES)


class Outline(HTMLParser):
    """A page's tags in their order, with their attributes, and the words inside each button and link."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[tuple[str, str]] = []
        self._open: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag; start collecting words if it is pressed or followed."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("button", "a"):
            self._open.append([])

    def handle_endtag(self, tag: str) -> None:
        """Close what was collected."""
        if tag in ("button", "a"):
            self.words.append((tag, "".join(self._open.pop()).strip()))

    def handle_data(self, data: str) -> None:
        """Words belong to every button or link that is open."""
        for each in self._open:
            each.append(data)

    def all(self, *wanted: str) -> list[dict[str, str]]:
        """The attributes of all tags of these names."""
        return [attrs for tag, attrs in self.tags if tag in wanted]


def page(name: str) -> Outline:
    """The example page's outline."""
    return Outline(render(*PAGES[name]))


def test_every_template_has_an_example() -> None:
    """A page that no test renders is a page that breaks first in front of a person."""
    pages = {name for name in environment().list_templates(["html"]) if name not in ("base.html", "components.html", "report_lines.html")}
    assert {template for template, _, _ in PAGES.values()} == pages


@every_page
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(name: str) -> None:
    """The content security policy forbids it: no style, no script, no handler, no foreign address."""
    outline = page(name)
    attributes = {attribute for _, attrs in outline.tags for attribute in attrs}
    assert not {each for each in attributes if each == "style" or each.startswith("on")}
    assert not outline.all("style", "iframe", "object", "embed")
    assert all(each.get("src", "").startswith("/static/") for each in outline.all("script"))
    assert all(each["href"].startswith("/static/") for each in outline.all("link"))


@every_page
def test_every_input_has_a_label_and_every_button_words(name: str) -> None:
    """Whoever can't see the page is told what each control is."""
    outline = page(name)
    labels = {attrs["for"] for attrs in outline.all("label")}
    controls = [attrs for attrs in outline.all(*FORM_CONTROLS) if attrs.get("type") != "hidden"]
    assert [attrs for attrs in controls if attrs["id"] not in labels] == []
    assert [tag for tag, words in outline.words if not words] == []


@every_page
def test_a_button_says_what_will_happen(name: str) -> None:
    """Never "Submit" or "OK"."""
    assert not {words.lower() for tag, words in page(name).words if tag == "button"} & {"submit", "ok", "send", "save"}


@every_page
def test_a_page_has_one_main_action_at_most(name: str) -> None:
    """Filled with the accent; whatever else can be done is quieter."""
    main = [attrs for attrs in page(name).all("button", "a") if "main" in attrs.get("class", "").split()]
    assert len(main) <= 1


@every_page
def test_every_post_carries_the_token(name: str) -> None:
    """One hidden `csrf` for each form that posts; nothing else posts."""
    outline = page(name)
    posts = [attrs for attrs in outline.all("form") if attrs.get("method") == "post"]
    tokens = [attrs for attrs in outline.all("input") if attrs.get("name") == "csrf"]
    assert len(tokens) == len(posts)
    assert all(attrs["value"] == PAGES[name][2].csrf for attrs in tokens)


@every_page
def test_ids_are_unique_and_anchors_lead_somewhere(name: str) -> None:
    """Labels, error summaries and phases point at exactly one thing."""
    outline = page(name)
    ids = Counter(attrs["id"] for _, attrs in outline.tags if "id" in attrs)
    targets = {attrs["href"][1:] for attrs in outline.all("a", "use") if attrs.get("href", "").startswith("#")}
    assert [each for each, count in ids.items() if count > 1] == []
    assert targets <= set(ids)


@every_page
def test_times_are_given_in_utc(name: str) -> None:
    """Machines read UTC, whatever zone the reader has."""
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", attrs["datetime"]) for attrs in page(name).all("time"))


@every_page
def test_a_page_without_a_reader_has_no_menu(name: str) -> None:
    """Before one is signed in there is nothing to go to."""
    reader = PAGES[name][2].reader
    assert bool([attrs for attrs in page(name).all("nav") if attrs.get("aria-label") == "Menu"]) == bool(reader)


def test_a_confidential_value_never_appears_twice() -> None:
    """The secret typed at sign-in isn't in the page that refuses it."""
    assert "hunter2" not in render(*PAGES["login, refused"])


def test_the_stylesheet_is_small_and_layered() -> None:
    """Under 20 KiB, one file, six layers, in this order."""
    assert len(CSS.encode()) < 20 * 1024
    assert "@layer reset, tokens, base, layout, components, print;" in CSS


# The pairs of tokens that stand on each other, and what WCAG 2.2 asks of them (1.4.3 text, 1.4.11 borders).
TEXT = ("text", "muted", "accent", "accent-strong", "good", "attention", "danger", "information")
PAIRS = [
    *((ink, paper, 4.5) for ink, paper in product(TEXT, ("ground", "surface"))),
    *((ink, "sunken", 4.5) for ink in ("text", "muted", "accent", "accent-strong")),
    *((meaning, f"{meaning}-soft", 4.5) for meaning in ("good", "attention", "danger", "information")),
    *((ink, f"{soft}-soft", 4.5) for ink, soft in product(("text", "muted", "accent"), ("good", "attention", "danger", "information"))),
    *((state, "attention-soft", 4.5) for state in ("good", "danger", "information")),  # rows that changed
    ("on-accent", "accent", 4.5), ("on-accent", "accent-strong", 4.5),
    ("border", "ground", 3.0), ("border", "surface", 3.0),
]  # fmt: skip


def tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme, by name."""
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")[0], CSS.split("prefers-color-scheme: dark")[1]
    block = light if scheme == "light" else dark.split("@layer base")[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_can_be_read(scheme: str) -> None:
    """Text at 4.5:1 on whatever it stands on, borders of inputs at 3:1, by light and by night."""
    colours = tokens(scheme)
    weak = {
        (a, b): round(contrast(colours[a], colours[b]), 2)
        for a, b, least in PAIRS
        if contrast(colours[a], colours[b]) < least
    }
    assert weak == {}


def test_both_schemes_have_the_same_colours() -> None:
    """A colour that only one scheme knows is unreadable in the other."""
    assert tokens("light").keys() == tokens("dark").keys()


def test_colours_are_named_once() -> None:
    """Pages and components use the tokens: no colour is written anywhere else but for the printer."""
    rest = CSS.split("@layer base {")[1].split("@layer print {")[0]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rest) == []


class Pages(BaseHTTPRequestHandler):
    """The example pages and the static files, under the portal's content security policy."""

    def do_GET(self) -> None:
        """`/page/NAME` or `/static/FILE`; anything else isn't there."""
        path = unquote(self.path.split("?")[0])
        if path.startswith("/static/"):
            self._answer((HERE / path[1:]).read_bytes(), TYPES[Path(path).suffix])
        elif path.startswith("/page/"):
            self._answer(render(*PAGES[path.removeprefix("/page/")]).encode(), "text/html; charset=utf-8")
        elif path == "/events":
            self._answer(b"data: step\n\n", "text/event-stream")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Says which form arrived."""
        self._answer(f"<p>posted to {self.path}</p>".encode(), "text/html")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Tests speak through their assertions."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the example pages are served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A fresh tab of the usual size."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def visit(tab: Page, address: str, name: str) -> None:
    """Open an example page."""
    tab.goto(f"{address}/page/{quote(name)}")


def test_no_page_is_wider_than_a_telephone_and_none_breaks_the_policy(tab: Page, address: str) -> None:
    """At 375 px nothing scrolls sideways but a table in its frame, and the browser has nothing to complain of."""
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.set_viewport_size({"width": 375, "height": 800})
    wide = []
    for name in PAGES:
        visit(tab, address, name)
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    assert (wide, said) == ([], [])


@pytest.mark.parametrize("width", [1280, 1024, 1009])
def test_the_menu_is_one_line_of_an_ordinary_window(tab: Page, address: str, width: int) -> None:
    """With as many sections as any role sees, whatever organisation and reader are called; its entries stand on a section's pages.

    A window of 1024 px has 15 less where its scroll bar takes room.
    """
    tab.set_viewport_size({"width": width, "height": 800})
    visit(tab, address, "long names")
    assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert tab.evaluate("document.querySelector('.reader').getBoundingClientRect().right <= innerWidth - 24")
    menu, entries = tab.get_by_role("navigation", name="Menu"), tab.get_by_role("navigation", name="In this section")
    assert tab.evaluate("document.querySelector('.top').clientHeight == document.querySelector('.brand').offsetHeight")
    expect(menu.locator("[aria-current]")).to_have_text("Incidents")
    expect(entries.get_by_role("link")).to_have_text(["Incidents", "Obligations", "Actions", "On call"])
    expect(entries.locator("[aria-current]")).to_have_text("Obligations")


def test_the_script_counts_as_the_server_does(tab: Page, address: str) -> None:
    """A countdown that ticks over must not change its wording."""
    visit(tab, address, "my work")
    seconds = (1, 59, 60, 119, 3599, 3600, 7199, 86399, 86400, 172799, 172800, 9_000_000)
    instants = [NOW + timedelta(seconds=sign * each) for each in seconds for sign in (1, -1)]
    script = """async ([address, now, ats]) => {
        const {relative} = await import(address);
        return ats.map((at) => [relative(at, now, "due"), relative(Math.min(at, now), now, "past")]);
    }"""
    module = tab.locator("script[type=module]").get_attribute("src")
    now = NOW.timestamp() * 1000
    counted = tab.evaluate(script, [module, now, [each.timestamp() * 1000 for each in instants]])
    assert counted == [[until_text(each, NOW), ago_text(min(each, NOW), NOW)] for each in instants]


def test_a_countdown_starts_from_the_page_s_own_instant(tab: Page, address: str) -> None:
    """The server's clock counts, not the reader's computer's."""
    visit(tab, address, "step")
    expect(tab.locator(".standing")).to_contain_text("in 6 hours")


def test_a_table_filters_as_one_types_and_esc_clears(tab: Page, address: str) -> None:
    """`/` goes to the filter; what doesn't match is hidden; Esc shows all again."""
    visit(tab, address, "people")
    tab.keyboard.press("/")
    tab.keyboard.type("WEBER")
    rows = tab.locator("#people tbody tr:visible")
    expect(rows).to_have_count(1)
    tab.keyboard.press("Escape")
    expect(rows).to_have_count(3)


def test_slash_searches_and_the_question_mark_shows_the_keys(tab: Page, address: str) -> None:
    """And neither does anything while one types."""
    visit(tab, address, "my work")
    tab.keyboard.press("/")
    expect(tab.locator("#search")).to_be_focused()
    tab.keyboard.type("?")
    expect(tab.locator("#keys")).to_be_hidden()
    tab.keyboard.press("Escape")
    tab.keyboard.press("?")
    expect(tab.locator("#keys")).to_be_visible()


def test_news_is_offered_not_forced(tab: Page, address: str) -> None:
    """Something new shows a line with a link; the page under one's hands stays as it is."""
    visit(tab, address, "my work")
    expect(tab.locator("[data-news]")).to_be_visible()


def test_enter_in_the_gate_s_form_decides_nothing(tab: Page, address: str) -> None:
    """A decision is a click on the button that names it, never the default of a form."""
    visit(tab, address, "gate, reason missing")
    tab.locator("#answer input[type=checkbox]").first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    assert "/page/" in tab.url
    tab.get_by_role("button", name="Return for rework").click()
    expect(tab.locator("p")).to_have_text("posted to /gates/1/return")


def test_without_script_a_page_is_whole(browser: Browser, address: str) -> None:
    """The countdown stands, the filter is a form, nothing waits for a script to appear."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    visit(tab, address, "cases")
    expect(tab.get_by_role("button", name="Filter")).to_be_visible()
    expect(tab.locator("main")).to_contain_text("2 days late")
    context.close()


def test_a_case_prints_as_a_document(tab: Page, address: str) -> None:
    """No menu, no forms, full dates, names instead of "you"."""
    visit(tab, address, "case")
    tab.emulate_media(media="print")
    expect(tab.locator("nav[aria-label=Menu]")).to_be_hidden()
    said = tab.locator("main").inner_text()
    assert "today" not in said
    assert " you" not in said
    assert "Ines Haddad" in said
