"""Documents as PDF and as Markdown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import typst

from isms_workflow.reports.pdf import Block, Facts, Heading, Items, Paragraph, Table, markdown, pdf

MADE = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
BLOCKS: list[Block] = [
    Heading("What happened"), Paragraph("First line.\nSecond line."), Items(["one", "two"]),
    Facts([("Severity", "high")]), Table(("at", "what"), [("09:00", "reported")]), Table(("at",), [], "Nothing was told."),
]
MEANT_AS_MARKUP = ['#read("/etc/passwd")', "$x^2$", "*bold*", "@nobody", "<label>", "\\", "[", "]", "`", "//", "/*", "#panic()", "= head"]


def test_a_document_is_a_pdf_with_its_fonts_and_date() -> None:
    """It opens anywhere: fonts lie in it, and the date is the one it was given."""
    made = pdf("A report", BLOCKS, MADE, foot="Example Ltd")
    assert made.startswith(b"%PDF-")
    assert b"20260309083000" in made.replace(b":", b"") or b"2026-03-09T08:30:00" in made
    assert b"FontFile" in made


def test_the_same_document_is_the_same_file() -> None:
    """Whoever has both can compare their digests; another instant or value is another file."""
    made = pdf("A report", BLOCKS, MADE)
    assert made == pdf("A report", BLOCKS, MADE)
    assert made != pdf("A report", BLOCKS, MADE.replace(year=2027))
    assert made != pdf("A report", [*BLOCKS, Paragraph("more")], MADE)


@pytest.mark.parametrize("text", MEANT_AS_MARKUP)
def test_what_people_type_is_never_markup(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document that is set holds the value as it was typed, one piece of text."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(typst, "compile", lambda source, **told: asked.update(told, source=source) or b"%PDF-")
    pdf("x", [Paragraph(text)], MADE)
    found = json.loads(typst.query(asked["source"], "par", field="body", sys_inputs=asked["sys_inputs"]))
    assert found == [{"func": "text", "text": each} for each in ("x", text)]


@pytest.mark.parametrize("text", ["nul \x00 and bell \x07", "half a pair \ud800", "C:\\run\r\nnext", "日本 😀", ""])
def test_no_text_is_too_odd_for_it(text: str) -> None:
    """Signs that no font has are replaced; nothing is refused."""
    assert pdf(text or "x", [Paragraph(text), Heading(text), Items([text]), Facts([(text, text)]), Table([text], [[text]])],
               MADE).startswith(b"%PDF-")


LONG = {  # what stands in a document: and how it is set
    "a title without a blank": ("W" * 90, f"{'W' * 40}\u200b{'W' * 40}\u200b{'W' * 10}"),
    "a word of everyday length": ("W" * 40, "W" * 40),
    "a digest": ("ab" * 32, "ab" * 32),
    "an address": (f"https://example.org/{'a' * 60}", f"https://example.org/{'a' * 60}"),
}


@pytest.mark.parametrize(("text", "set_as"), LONG.values(), ids=LONG)
def test_a_word_that_is_longer_than_a_line_breaks(text: str, set_as: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It isn't cut off at the edge of the page; what is copied from it stays whole."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(typst, "compile", lambda source, **told: asked.update(told, source=source) or b"%PDF-")
    pdf(f"INC-1: {text}", [Paragraph(text)], MADE)
    document = json.loads(asked["sys_inputs"]["document"])
    assert (document["title"], document["blocks"][0]["text"]) == (f"INC-1: {set_as}", set_as)


def test_a_long_table_goes_on_over_pages() -> None:
    """Nothing is cut off at the foot of a page."""
    assert pdf("x", [Table(("number", "what"), [(str(n), "told") for n in range(200)])], MADE).count(b"/Type/Page/") > 3


def test_markdown_says_the_same() -> None:
    """To paste into a form that takes no file."""
    assert markdown("A_report", BLOCKS) == (
        "# A\\_report\n\n## What happened\n\nFirst line.\\\nSecond line.\n\n- one\n- two\n\n- **Severity**: high\n\n"
        "| at | what |\n| --- | --- |\n| 09:00 | reported |\n\n*Nothing was told.*\n")


def test_markdown_shields_what_isn_t_markup() -> None:
    """Also where a line would begin a list, and where a cell would end."""
    assert markdown("x", [Paragraph("1. *x*\n- y"), Table(("a",), [("b|c\nd",)])]) == (
        "# x\n\n1\\. \\*x\\*\\\n\\- y\n\n| a |\n| --- |\n| b\\|c d |\n")
