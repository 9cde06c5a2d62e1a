"""A draft on paper says what the draft says: the same words in the same order, as text and never as markup."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from isms_workflow.reports.paper import on_paper, read
from isms_workflow.reports.pdf import Block, Facts, Heading, Items, Paragraph, pdf
from tests.reports.test_drafts import AWARE, OBLIGATIONS, RECORD, drafted

ODD = "*not bold* | `code` [a](b) <i> \\ 1. # ## & ~~x~~ -- > _y_ !["


def words(draft: str) -> list[str]:
    """What somebody reads who sees the Markdown set, by a parser of everybody's."""
    found = [inside.content for token in MarkdownIt().enable("table").parse(draft) if token.type == "inline"
             for inside in token.children or () if inside.type in ("text", "text_special", "softbreak", "code_inline")]
    return " ".join(found).split()


def on_page(title: str, blocks: list[Block]) -> list[str]:
    """What stands on the paper."""
    def texts(part: Any) -> list[str]:
        return [part] if isinstance(part, str) else [text for each in part for text in texts(each)]

    return " ".join([title, *(text for block in blocks for text in texts(astuple(block)[:1]))]).split()


@pytest.mark.parametrize("name", OBLIGATIONS)
def test_every_draft_is_on_paper_word_for_word(name: str) -> None:
    """Of each shipped stage: title, headings, facts, lists, quotes and prose, with whatever people typed."""
    draft = drafted(name, replace(RECORD, title=ODD, description=f"{ODD}\n\n{ODD}", sender=ODD))
    title, blocks = read(draft)
    assert "".join(on_page(title, blocks)) == "".join(words(draft))
    assert title == OBLIGATIONS[name].stage.title
    assert any(isinstance(each, Heading) for each in blocks)


@settings(max_examples=100)
@given(some.text(some.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60))
@example(ODD)
@example("\\|")
def test_whatever_people_typed_is_as_they_typed_it(typed: str) -> None:
    """In the table of facts, and in the text that is quoted."""
    line = " ".join(typed.split())
    _, blocks = read(drafted("gdpr.notification", replace(RECORD, title=typed, description=typed)))
    facts = dict(next(each for each in blocks if isinstance(each, Facts)).pairs)
    assert facts["Incident"] == f"INC-2026-0042: {line}".strip()
    if line:
        assert line in [each.text for each in blocks if isinstance(each, Paragraph)]


def test_its_shape_is_the_draft_s() -> None:
    """The quote keeps its lines; what is missing stands where it has to be written."""
    title, blocks = read("# A_b\\*\n\nTo: x\n\n| | |\n|---|---|\n| From | a \\| b |\n\n## Head\n\n> one\n>\n> two\n\n- c: **to be written**\n- d\n")
    assert (title, blocks) == ("A_b*", [
        Paragraph("To: x"), Facts([("From", "a | b")]), Heading("Head"), Paragraph("one\n\ntwo"), Items(["c: to be written", "d"])])


def test_it_is_a_pdf_and_the_same_one_again() -> None:
    """Of the same draft at the same instant."""
    draft = drafted("gdpr.notification")
    made = on_paper(draft, AWARE, "Example GmbH · INC-2026-0042 · draft", "Example GmbH")
    assert made.startswith(b"%PDF-")
    assert made == on_paper(draft, AWARE, "Example GmbH · INC-2026-0042 · draft", "Example GmbH")
    title, blocks = read(draft)
    plain = pdf(title, blocks, AWARE, foot="Example GmbH · INC-2026-0042 · draft", author="Example GmbH")
    assert plain != made, "what has to be written is in bold"
    assert plain == pdf(title, blocks, AWARE, foot="Example GmbH · INC-2026-0042 · draft", author="Example GmbH", bold="nowhere in it")
