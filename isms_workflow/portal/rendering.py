"""From a view to HTML: the template environment, and how instants, sizes and digests read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from isms_workflow.domain.times import FarInstant, from_iso, utc
from isms_workflow.portal.looks import look
from isms_workflow.portal.views import Frame

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PHASES = ("plan", "do", "check", "act")
_ISO = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")  # as `times.iso` writes an instant, and nobody types it


def render(template: str, view: object, frame: Frame) -> str:
    """The page as HTML. The template sees only `view` and `frame`; a name that neither has is an error."""
    return environment().get_template(template).render(view=view, frame=frame)


@cache
def environment() -> Environment:
    """The portal's templates, escaping everything, refusing unknown names."""
    env = Environment(
        loader=PackageLoader("isms_workflow.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(
        instant=_instant, moment=_moment, day=_day, until=_until, ago=_ago, utc=machine_time, late=_late, soon=_soon, in_zone=_in_zone,
        file_size=file_size, short=short_digest, grouped=grouped, word=word,
    )  # fmt: skip
    env.globals.update(look=look, static=static_url, zone_name=zone_name)
    return env


@cache
def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so that it may be cached for ever."""
    content = files("isms_workflow.portal").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={sha256(content).hexdigest()[:12]}"


def zone_name(at: datetime, zone: str) -> str:
    """What the zone is called at that instant: `CET`, or `UTC+05` where it has no letters."""
    name = at.astimezone(ZoneInfo(zone)).tzname() or zone
    return f"UTC{name}" if name[0] in "+-" else name


def local_day(at: datetime, zone: str) -> str:
    """`Mon 9 Mar 2026`, in English whatever the process's locale."""
    there = utc(at).astimezone(ZoneInfo(zone))
    return f"{_DAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]} {there.year}"


def local_instant(at: datetime, zone: str) -> str:
    """`Mon 9 Mar 2026 14:00 CET`."""
    there = utc(at).astimezone(ZoneInfo(zone))
    return f"{local_day(at, zone)} {there:%H:%M} {zone_name(at, zone)}"


def with_local_instants(text: str, zone: str) -> str:
    """A sentence for programs and people alike, its instants as `local_instant` has them: for refusals, which say them in UTC."""
    def there(found: re.Match[str]) -> str:
        try:
            return local_instant(from_iso(found[0]), zone)
        except (ValueError, FarInstant):
            return found[0]  # no instant: somebody typed it

    return _ISO.sub(there, text)


def local_moment(at: datetime, zone: str, now: datetime) -> str:
    """For dense rows: `Mon 9 Mar 14:00`, `today 14:00`; the year only where it isn't this one."""
    there, here = utc(at).astimezone(ZoneInfo(zone)), utc(now).astimezone(ZoneInfo(zone))
    if there.date() == here.date():
        return f"today {there:%H:%M}"
    shown = local_day(at, zone) if there.year != here.year else local_day(at, zone)[:-5]
    return f"{shown} {there:%H:%M}"


def machine_time(at: datetime) -> str:
    """For `<time datetime>`: UTC to the second, `2026-03-09T13:00:00Z`."""
    return f"{utc(at):%Y-%m-%dT%H:%M:%SZ}"


def span(length: timedelta) -> str:
    """The whole days, or hours, or minutes of it, rounded down: `3 days`, `1 hour`, `moments`.

    Rounded down, so that nobody is told of more time than there is; static/isms.js counts the same way.
    """
    minutes = int(length.total_seconds()) // 60
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if count := minutes // size:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "moments"


def until_text(at: datetime, now: datetime) -> str:
    """How far off something due is: `in 3 days`, `due now`, `2 days late`."""
    if at > now:
        return f"in {span(at - now)}"
    return "due now" if now - at < timedelta(minutes=1) else f"{span(now - at)} late"


def ago_text(at: datetime, now: datetime) -> str:
    """How long ago something was: `3 days ago`, `just now`."""
    return "just now" if now - at < timedelta(minutes=1) else f"{span(now - at)} ago"


def file_size(size: int) -> str:
    """Bytes in binary units with at most one decimal: `640 B`, `1.4 MiB`, `25 MiB`."""
    amount, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}" if amount < 10 else f"{amount:.0f} {unit}"


def short_digest(digest: str) -> str:
    """`7f3a…c2`: enough to compare by eye; the whole stands in the tooltip."""
    return f"{digest[:4]}…{digest[-2:]}" if len(digest) > 8 else digest


def grouped(number: int) -> str:
    """`1,204`."""
    return f"{number:,}"


def word(identifier: str) -> str:
    """A state or kind as a person reads it: `set_aside` is `set aside`, and phases are in capitals."""
    return identifier.upper() if identifier in _PHASES else identifier.replace("_", " ")


def _frame(context: Context) -> Frame:
    frame = context["frame"]
    assert isinstance(frame, Frame)  # a template rendered without one is a programming error
    return frame


@pass_context
def _instant(context: Context, at: datetime) -> str:
    return local_instant(at, _frame(context).zone)


@pass_context
def _in_zone(context: Context, text: str) -> str:
    return with_local_instants(text, _frame(context).zone)


@pass_context
def _moment(context: Context, at: datetime) -> str:
    return local_moment(at, _frame(context).zone, _frame(context).now)


@pass_context
def _day(context: Context, at: datetime) -> str:
    return local_day(at, _frame(context).zone)


@pass_context
def _until(context: Context, at: datetime) -> str:
    return until_text(at, _frame(context).now)


@pass_context
def _ago(context: Context, at: datetime) -> str:
    return ago_text(at, _frame(context).now)


@pass_context
def _late(context: Context, at: datetime) -> bool:
    return at <= _frame(context).now


@pass_context
def _soon(context: Context, at: datetime) -> bool:
    return at - _frame(context).now < timedelta(days=2)
