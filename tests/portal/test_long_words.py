"""A title of 200 letters without a blank, as a mail's subject can be: it breaks where the line ends, and no page by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import isms_workflow.portal as portal
from isms_workflow.portal.rendering import render
from tests.portal.browser import SHOTS
from tests.portal.examples import PAGES

CSS = (Path(portal.__file__).parent / "static" / "isms.css").read_text()
UNBROKEN = "Wasserstandsanzeiger" * 10
TYPED = {"title", "text", "reason", "description", "about", "why", "whom"}
"""The fields of a page's view that hold what somebody typed."""

LINES = {"incidents", "board", "incident", "incident, answered", "on call"}
"""Pages in which not even a table scrolls in its frame."""


def unbroken(view: Any, name: str = "") -> Any:
    """The view with a title of 200 letters wherever somebody could have typed one."""
    if isinstance(view, str):
        return UNBROKEN if name in TYPED and " " in view else view
    if isinstance(view, tuple):
        return tuple(unbroken(each, name) for each in view)
    if is_dataclass(view) and not isinstance(view, type):
        return replace(view, **{each.name: unbroken(getattr(view, each.name), each.name) for each in fields(view) if each.init})
    return view


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that shows pages without a server."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_title_without_a_blank_makes_no_page_wider(tab: Page, name: str, width: int) -> None:
    """Neither wide nor narrow; the lists of incidents don't even scroll in their frames."""
    template, view, frame = PAGES[name]
    tab.set_viewport_size({"width": width, "height": 900})
    tab.set_content(render(template, unbroken(view), frame))
    tab.add_style_tag(content=CSS)
    if SHOTS:
        tab.screenshot(path=f"{SHOTS}/unbroken-{name}-{width}.png", full_page=True)
    assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth")
    if name in LINES:
        assert not tab.evaluate("[...document.querySelectorAll('.scroll')].some(each => each.scrollWidth > each.clientWidth)")
