"""What templates may say: instants in the reader's zone, lists of names, paragraphs as text and as HTML."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from isms_workflow.notify import wording

WIDTH = 72
"""Columns of a text mail, so that it can be quoted within 80."""

LABEL = 16

_REFERENCE = re.compile(r"\([A-Z]+-\d{4}-\d+\)")
_BLANK = re.compile(r"\n\s*\n")


def paragraphs(text: str) -> str:
    """Prose in paragraphs: wrapped in a text mail, as `<p>` in an HTML one."""
    found = [" ".join(part.split()) for part in _BLANK.split(text) if part.strip()]
    if isinstance(text, Markup):
        return Markup("\n").join(Markup("<p>{}</p>").format(Markup(part)) for part in found)  # noqa: S704 - was markup
    return "\n\n".join(_wrapped(part) for part in found)


def heading(subject: Markup) -> Markup:
    """A subject as HTML, in which a case's reference isn't broken at its hyphens."""
    whole = r'<span class="reference">\g<0></span>'
    return Markup(_REFERENCE.sub(whole, str(subject)))  # noqa: S704 - was markup, and digits and letters are put back


def row(value: str, label: str) -> str:
    """One line of a text mail's table, hanging under its label."""
    return _wrapped(value, f"{label:<{LABEL}}", " " * LABEL)


def bullet(value: str) -> str:
    """One line of a list in a text mail."""
    return _wrapped(value, "- ", "  ")


def tight(text: str) -> str:
    """The text without its blank lines."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def quoted(text: str) -> str:
    """What somebody wrote, in a text mail: every line marked, so that it can't pass for ours."""
    return "\n".join(_wrapped(line, "> ", "> ") if line else ">" for line in text.splitlines())


def _wrapped(text: str, first: str = "", then: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False,
                         break_on_hyphens=False)


@pass_context
def _day(context: Context, at: datetime) -> str:
    return wording.day(at, context["zone"])


@pass_context
def _instant(context: Context, at: datetime) -> str:
    return wording.instant(at, context["zone"])


@pass_context
def _until(context: Context, at: datetime) -> str:
    return f"{wording.instant(at, context['zone'])}, {wording.until(at, context['now'])}"


@pass_context
def _since(context: Context, at: datetime) -> str:
    return f"{wording.instant(at, context['zone'])}, {wording.ago(at, context['now'])}"


@pass_context
def _relative(context: Context, at: datetime) -> str:
    return wording.until(at, context["now"])


def _counted(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


FILTERS: Mapping[str, Callable[..., str]] = {
    "day": _day, "instant": _instant, "until": _until, "since": _since, "relative": _relative,
    "listed": wording.listed, "counted": _counted,
    "paragraphs": paragraphs, "heading": heading, "row": row, "bullet": bullet, "quoted": quoted, "tight": tight,
}  # fmt: skip
