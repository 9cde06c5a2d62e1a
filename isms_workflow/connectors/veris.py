"""VERIS: files of other organisations and registers, read with care (veriscommunity.net).

The format's schema is its community's, under CC BY-SA, and not part of this program. What is read here is checked
here; whoever names the schema in the settings has the rest of each file checked against it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from isms_workflow.domain.calendars import instant_of
from isms_workflow.domain.rules.incidents import LONGEST_TEXT, LONGEST_TITLE, Report
from isms_workflow.domain.times import FIRST_YEAR, LAST_YEAR
from isms_workflow.errors import IsmsError
from isms_workflow.programme.incidents import Veris, VerisAction, VerisRating

if TYPE_CHECKING:
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import ValidationError

Document = dict[str, Any]
LARGEST = 4 * 1024 * 1024
DEEPEST = 100
"""The format's own documents are seven deep; what is nested without an end can't be written again."""

MOST_SAID = 20
OLDEST = (1, 3, 6)
"""The first edition whose files satisfy the schema of 1.4.1; earlier ones name things that were renamed since."""

ACTIONS, RATINGS = get_args(VerisAction), get_args(VerisRating)
CONFIDENCE = ("Confirmed", "Suspected", "Near miss", "False positive")
FORGIVE = "add --lenient"
"""How the command line is asked to import what can be named all the same."""


class VerisRefused(IsmsError):
    """Files that can't be imported, each problem with its place and what would be right; nothing of any was taken."""

    status = 422

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        more = len(self.problems) - MOST_SAID
        said = " ".join(self.problems[:MOST_SAID])
        return f"Nothing was imported. {said}{f' And {more} more.' if more > 0 else ''}"


@dataclass(frozen=True, slots=True)
class Read:
    """One incident of a file; `notes` say what of it isn't as the format has it, where that was forgiven."""

    name: str
    document: Document
    notes: tuple[str, ...] = ()

    @property
    def incident_id(self) -> str:
        """What its own register calls it."""
        return str(self.document["incident_id"])


def schema(path: Path | None) -> Draft4Validator | None:
    """The merged schema to check against; None where no setting names one. Raises `VerisRefused` if it is none."""
    if path is None:
        return None
    from jsonschema import Draft4Validator  # only here: few installations name a schema, and every portal would load it
    from jsonschema.exceptions import SchemaError

    try:
        said = json.loads(path.read_bytes())
        Draft4Validator.check_schema(said)
    except (OSError, ValueError, SchemaError) as error:
        why = str(error).splitlines()[0]
        raise VerisRefused([f"The setting veris_schema names {path}, which is no JSON schema: {why}."]) from error
    return Draft4Validator(said)


def read(files: Sequence[tuple[str, bytes]], checked: Draft4Validator | None, lenient: bool = False, forgive: str = FORGIVE) -> list[Read]:
    """The incidents of these files, by name and content; a file holds one, or a list. Raises `VerisRefused`, naming
    every problem of all of them. Where `lenient`, what only an older or another edition explains is noted, not refused;
    `forgive` says how that is asked for.
    """
    found, wrong = list[Read](), list[str]()
    for name, raw in files:
        try:
            found += _documents(name, raw)
        except (ValueError, RecursionError) as error:
            wrong.append(f"{name}: {error}." if isinstance(error, ValueError) else f"{name}: it is nested too deeply.")
    looked = []
    for each in found:
        broken = [f"{each.name}: {problem}." for problem in _broken(each.document)]
        other = [f"{each.name}: {problem}." for problem in _other(each.document, checked)] if not broken else []
        wrong += broken if lenient else [*broken, *other, *_hint(each, other, forgive)]
        looked.append(replace(each, notes=tuple(other)))
    if wrong or not looked:
        raise VerisRefused(wrong or ["No file was given: choose one with an incident, or a list of them."])
    return looked


def _documents(name: str, raw: bytes) -> Iterator[Read]:
    if len(raw) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1024 ** 2} MiB: split it")
    try:
        said = json.loads(raw, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ValueError("it isn't written in UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON, line {error.lineno}: {error.msg}") from error
    if not isinstance(said, list):
        yield Read(name, said)
        return
    if not said:
        raise ValueError("the list is empty: give at least one incident, or leave the file out")
    for number, each in enumerate(said, start=1):
        yield Read(f"{name}, incident {number}", each)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _broken(document: Any) -> Iterator[str]:
    """What nobody could import: fields that we read, and that hold something else."""
    if not isinstance(document, dict):
        yield "an incident is an object with fields such as incident_id"
        return
    if any(depth > DEEPEST for _, depth in _inside(document)):
        yield f"it is nested more than {DEEPEST} deep: no incident is"
    if not all(_storable(each) for each, _ in _inside(document)):
        yield "it has characters that no text has (U+0000, halves of a pair), or a number without an end: leave them out"
    for field, most in (("incident_id", LONGEST_TITLE), ("summary", LONGEST_TEXT)):
        value = document.get(field)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= most:
            yield f"{field}: {_short(value)} can't be; give a text of 1 to {most:,} characters"
    yield from _one_of("security_incident", document.get("security_incident"), CONFIDENCE)
    yield from _done(document)
    yield from _day(document.get("timeline"))


def _done(document: Document) -> Iterator[str]:
    """What was done, and how bad it was."""
    actions = document.get("action")
    if not isinstance(actions, dict) or not actions:
        yield f"action: {_short(actions)} can't be; name at least one of {', '.join(ACTIONS)}"
    for action in actions if isinstance(actions, dict) else ():
        yield from _one_of("action", action, ACTIONS)
    impact = document.get("impact", {})
    if not isinstance(impact, dict):
        yield f"impact: {_short(impact)} can't be; give an object with overall_rating"
    elif "overall_rating" in impact:
        yield from _one_of("impact.overall_rating", impact["overall_rating"], RATINGS)


def _inside(document: Document) -> Iterator[tuple[Any, int]]:
    """Everything that a document holds, names too, with how deep it stands."""
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        if isinstance(value, dict):
            waiting += ((each, depth + 1) for pair in value.items() for each in pair)
        elif isinstance(value, list):
            waiting += ((each, depth + 1) for each in value)


def _storable(value: Any) -> bool:
    """Whether both databases can hold it, and JSON can say it: 1e999 is read as infinity."""
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, str) or ("\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value))


def _one_of(field: str, value: Any, right: Sequence[Any]) -> Iterator[str]:
    if value not in right:
        near = get_close_matches(value, [each for each in right if isinstance(each, str)], 3) if isinstance(value, str) else []
        shown = near or list(right)[:12]
        more = f", and {len(right) - len(shown)} more" if len(right) > len(shown) else ""
        yield f"{field}: {_short(value)} can't be; one of {', '.join(str(each) for each in shown)}{more}"


def _day(timeline: Any) -> Iterator[str]:
    began = timeline.get("incident") if isinstance(timeline, dict) else None
    if not isinstance(began, dict) or not isinstance(began.get("year"), int):
        yield "timeline.incident.year: it is missing; give the year in which the incident began"
        return
    parts = [began.get(name, least) for name, least in (("year", 0), ("month", 1), ("day", 1))]
    try:
        is_day = not any(isinstance(part, bool) for part in parts) and FIRST_YEAR < date(*parts).year < LAST_YEAR
    except (ValueError, TypeError, OverflowError):
        is_day = False
    if not is_day:
        yield f"timeline.incident: {_short(began)} can't be; give a day that there is, or the year alone"


def _other(document: Document, checked: Draft4Validator | None) -> Iterator[str]:
    """What isn't as the format has it today, but hinders nobody who reads what we read."""
    edition = document.get("schema_version")
    numbers = tuple(int(part) for part in str(edition).split(".") if part.isdecimal() and len(part) < 9)
    if len(numbers) < len(OLDEST) or numbers < OLDEST:
        yield (f"schema_version: it is of the edition {_short(edition)}, older than {'.'.join(map(str, OLDEST))}; "
               "bring it to a newer one")
    if checked is not None:
        for error in sorted(checked.iter_errors(document), key=lambda e: [str(part) for part in e.absolute_path]):
            yield from _violation(error)


def _violation(error: ValidationError) -> Iterator[str]:
    """A violation of the schema in a sentence: where, what, and what would be right."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    match error.validator:
        case "enum":
            yield from _one_of(place, error.instance, error.validator_value)
        case "required" if isinstance(error.instance, dict):
            gone = [name for name in error.validator_value if name not in error.instance]
            yield f"{place or 'the incident'}: without {', '.join(gone)}; give it"
        case "type":
            yield f"{place}: {_short(error.instance)} can't be; it takes {_kind(error.validator_value)}"
        case _:
            yield f"{place or 'the incident'}: {error.message[:200]}"


def _kind(kind: Any) -> str:
    words = {"array": "a list", "object": "an object with fields", "string": "a text", "integer": "a whole number"}
    return words.get(str(kind), f"a {kind}")


def _hint(each: Read, other: Sequence[str], forgive: str) -> list[str]:
    said = "is of another edition of the format, or holds a mistake; correct it, or, to import what can be named all the same"
    return [f"{each.name} {said}, {forgive}."] if other else []


def _short(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=True, default=str)
    return said if len(said) <= 60 else f"{said[:57]}…"


def report(document: Document, said: Veris, zone: str) -> Report:
    """What a document says, in our words. When it began is known only if the day is; systems are named by the caller."""
    category = next((name for action, name in said.actions.items() if action in document["action"]), None)
    summary = " ".join(document["summary"].split())
    is_cut = len(summary) > LONGEST_TITLE
    notes = document.get("notes")
    description = document["summary"].strip() if is_cut else notes if isinstance(notes, str) else ""
    return Report(
        f"{summary[:LONGEST_TITLE - 1]}…" if is_cut else summary, description[:LONGEST_TEXT],
        category or said.actions.get("unknown") or next(reversed(said.actions.values())),
        occurred_at=_began(document["timeline"]["incident"], zone),
        severity=said.impact.get(document.get("impact", {}).get("overall_rating")))


def _began(said: Mapping[str, Any], zone: str) -> datetime | None:
    if "month" not in said or "day" not in said:
        return None
    return instant_of(date(said["year"], said["month"], said["day"]), time(), zone)


def earliest(document: Document, zone: str) -> datetime:
    """The first instant at which it can have begun, by as much of the day as is known."""
    began = document["timeline"]["incident"]
    return instant_of(date(began["year"], began.get("month", 1), began.get("day", 1)), time(), zone)


def systems(document: Document) -> tuple[str, ...]:
    """The names of systems that the document gives in the place that the format leaves to its users."""
    plus = document.get("plus")
    found = plus.get("systems") if isinstance(plus, dict) else None
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()
