"""A draft on paper: the blocks of a document out of the Markdown that drafts are written in.

It knows what our templates use: a title, headings, a table of facts, lists, quotes, paragraphs, emphasis. What people
wrote is escaped there and becomes plain text here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from isms_workflow.reports import pdf
from isms_workflow.reports.drafts import MISSING
from isms_workflow.reports.pdf import Block, Facts, Heading, Items, Paragraph

MARK = re.compile(r"\\([!-/:-@\[-`{-~])|\*")
CELL = re.compile(r"\\.|[^\\|]+|(\|)")
RULE = re.compile(r"\|[-| ]*\|")
SORTS = (("## ", "heading"), ("|", "facts"), ("- ", "items"), (">", "quote"))


def on_paper(draft: str, drafted_at: datetime, foot: str, author: str) -> bytes:
    """A draft as PDF, what has to be written in bold; the same draft of the same instant is the same file."""
    title, blocks = read(draft)
    return pdf.pdf(title, blocks, drafted_at, foot=foot, author=author, bold=MISSING)


def read(draft: str) -> tuple[str, list[Block]]:
    """Its title and blocks."""
    title, _, rest = draft.partition("\n")
    return plain(title.removeprefix("# ")), list(_blocks(rest.splitlines()))


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    for sort, some in groupby(lines, _sort):
        found = list(some)
        match sort:
            case "heading":
                yield from (Heading(plain(line.removeprefix("## "))) for line in found)
            case "facts":
                yield Facts([_pair(line) for line in found if not RULE.fullmatch(line)])
            case "items":
                yield Items([plain(line.removeprefix("- ")) for line in found])
            case "quote":
                yield Paragraph("\n".join(plain(line.removeprefix(">").strip()) for line in found))
            case "text":
                yield Paragraph(plain(" ".join(found)))


def _sort(line: str) -> str:
    if not line.strip():
        return ""
    return next((sort for begins, sort in SORTS if line.startswith(begins)), "text")


def _pair(line: str) -> tuple[str, str]:
    """The two cells of a row."""
    cells = [""]
    for found in CELL.finditer(line.strip().removeprefix("|").removesuffix("|")):
        if found[1]:
            cells.append("")
        else:
            cells[-1] += found[0]
    return plain(cells[0].strip()), plain(" ".join(cells[1:]).strip())


def plain(text: str) -> str:
    """Without emphasis and the backslashes before what would be Markdown."""
    return MARK.sub(lambda found: found[1] or "", text)
