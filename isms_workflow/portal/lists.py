"""Lists that people send and keep as CSV: read whole with the line of what is wrong, written safe for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from starlette.datastructures import UploadFile

from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.systems import NEEDS, Draft
from isms_workflow.engine.commands.systems import Line
from isms_workflow.portal.texts import KEEPABLE, storable
from isms_workflow.store.files import MIB

SYSTEMS = ("name", "owner", *NEEDS, "data", "description")
"""The columns of a list of systems; the description may be left out."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


def listed(upload: UploadFile) -> str:
    """The text of a CSV file. Raises `Wrong` for one that is too long to be a list, or isn't UTF-8."""
    return decoded(upload.file.read(MIB + 1), str(upload.filename))


def decoded(sent: bytes, name: str) -> str:
    """The text of a CSV file's bytes. Raises `Wrong` as `listed`."""
    if len(sent) > MIB:
        raise Wrong("file", name, "at most 1 MiB: send the list in parts")
    try:
        text = sent.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Wrong("file", name, "save the list as CSV in UTF-8") from None
    if not storable(text):
        raise Wrong("file", name, KEEPABLE)
    return text


def rows(text: str, heads: Sequence[str], field: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that isn't empty, with its number as an editor counts it; a first line with these heads is skipped.

    Raises `Wrong` about `field` if it is no CSV.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        for row in lines:
            cells = [cell.strip() for cell in row]
            if any(cells) and [c.lower() for c in cells[:len(heads)]] != list(heads):
                yield lines.line_num, cells
    except csv.Error as error:
        raise Wrong(field, f"line {lines.line_num}", f"it is no CSV ({error}): is a quote missing?") from None


def systems(text: str, field: str) -> tuple[Line, ...]:
    """Systems by CSV: name, owner's mail address, three needs, kinds of data separated by `;`, description.

    Raises `Wrong` about `field`, naming the line; what the register itself says of a line comes later.
    """
    found = []
    for number, cells in rows(text, SYSTEMS[:2], field):
        if not len(SYSTEMS) - 1 <= len(cells) <= len(SYSTEMS):
            raise Wrong(field, f"line {number}: {', '.join(cells)}", f"each line is {', '.join(SYSTEMS)}")
        name, owner, confidentiality, integrity, availability, data, description = (*cells, "")[:len(SYSTEMS)]
        kinds = frozenset(part.strip().lower() for part in data.split(";") if part.strip())
        draft = Draft(name, owner, confidentiality.lower(), integrity.lower(), availability.lower(), kinds, description)
        found.append(Line(number, draft))
    if not found:
        raise Wrong(field, "", f"a line for each system: {', '.join(SYSTEMS)}")
    return tuple(found)


def written(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A list as CSV, with a byte-order mark so that spreadsheets read it as UTF-8; no cell begins a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in line] for line in lines)
    return "\ufeff" + out.getvalue()
