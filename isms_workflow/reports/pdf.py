"""Documents: a title and blocks become a PDF, or Markdown to paste elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import typst


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a part; level 1 is the highest below the title."""

    text: str
    level: int = 1
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose; a line break in it is one on paper."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Items:
    """A list with bullets."""

    items: Sequence[str]
    kind: Literal["items"] = "items"


@dataclass(frozen=True, slots=True)
class Facts:
    """What something is: names beside values."""

    pairs: Sequence[tuple[str, str]]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head that each page repeats; `empty` stands in its place while there are none."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = "None."
    kind: Literal["table"] = "table"


Block = Heading | Paragraph | Items | Facts | Table
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""No font has a letter for these, and half a surrogate pair is no text at all."""
UNBROKEN = re.compile(r"(?<!\S)(?!https?://|[0-9a-f]{64}(?!\S))\S{41,}")
"""What has no blank for so long may break, so that no line runs out of the page; addresses and digests stay as they are copied."""


def pdf(title: str, blocks: Iterable[Block], made_at: datetime, *, foot: str = "", author: str = "",
        bold: str = "") -> bytes:
    """The document as PDF, its fonts embedded; `foot` stands below every page beside its number. The words `bold` are so
    wherever they stand.

    Values are data, never markup. The same arguments give the same bytes: `made_at`, aware, is the date that the file
    bears. Letters that the shipped fonts don't have are taken from the system's.
    """
    import typst  # 40 MB, for whoever asks for a PDF alone

    document = {"title": title, "author": author, "foot": foot, "bold": bold, "blocks": [asdict(block) for block in blocks]}
    made = typst.compile(_template(), font_paths=_fonts(), timestamp=int(made_at.timestamp()),
                         sys_inputs={"document": json.dumps(_printable(document), ensure_ascii=False)})
    assert isinstance(made, bytes)  # it asked for no file
    return made


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        said = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", "\n".join(value.splitlines()))
        return UNBROKEN.sub(_breakable, said)
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list | tuple) else value


def _breakable(found: re.Match[str]) -> str:
    """A long word with a place to break after every 40 letters, which nobody sees."""
    return "\N{ZERO WIDTH SPACE}".join(found[0][at:at + 40] for at in range(0, len(found[0]), 40))


@cache
def _template() -> bytes:
    return files("isms_workflow.reports").joinpath("document.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Looked for once a process: that reads every font of the system."""
    import typst

    return typst.Fonts()


def markdown(title: str, blocks: Iterable[Block]) -> str:
    """The same document as Markdown (CommonMark, with the usual tables); what isn't meant as markup is escaped."""
    return "\n\n".join((f"# {_escaped(title)}", *(_marked(block) for block in blocks))) + "\n"


def _marked(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * (block.level + 1)} {_escaped(block.text)}"
        case Paragraph():
            return "\\\n".join(_escaped(line) for line in block.text.splitlines())
        case Items():
            return "\n".join(f"- {_cell(item)}" for item in block.items)
        case Facts():
            return "\n".join(f"- **{_cell(name)}**: {_cell(value)}" for name, value in block.pairs)
        case Table():
            if not block.rows:
                return f"*{_escaped(block.empty)}*"
            return "\n".join((_row(block.head), _row(["---"] * len(block.head), raw=True), *map(_row, block.rows)))


def _row(cells: Sequence[str], raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else _cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(_escaped(line) for line in text.splitlines())


def _escaped(text: str) -> str:
    """Every sign that Markdown could take for its own is shielded, also a number or dash that would begin a list."""
    shielded = re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", text.strip())
    return re.sub(r"^(\d+)([.)])(?=\s|$)|^([-+=])", lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", shielded)
