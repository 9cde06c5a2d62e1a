"""A draft has a place for everything that a report contains, says what is missing, and takes nothing people wrote for Markdown."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from isms_workflow.domain.conditions import Answer, Event, Facts
from isms_workflow.domain.obligations import Standing, obligations_of, standing
from isms_workflow.domain.periods import wheres
from isms_workflow.domain.times import NaiveInstant
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Calendar
from isms_workflow.programme.obligations import Organisation
from isms_workflow.reports.drafts import Affected, Entry, Record, _environment, draft, escaped

PROGRAMME = parse(shipped()).model_copy(update={"calendar": Calendar(zone="Europe/Vienna", country="AT")})
EVERYTHING = Organisation(regimes=dict.fromkeys(PROGRAMME.obligations, True), facts=PROGRAMME.organisation.facts)
OBLIGATIONS = {each.id: each for each in obligations_of(PROGRAMME)}
AWARE = datetime(2026, 3, 10, 9, 20, tzinfo=UTC)
FACTS = Facts(AWARE - timedelta(hours=1), (Answer("gdpr.personal_data_breach", value=True, at=AWARE, by="x"),
                                           Answer("gdpr.risk_unlikely", value=False, at=AWARE, by="x")),
              (Event("aware", AWARE), Event("classified", AWARE + timedelta(hours=2))))
RECORD = Record(
    "INC-2026-0042", "Customers' addresses sent to a wrong list", "An export went out.\n\nIt holds 1,200 addresses.",
    "Information that got to the wrong people", "high", AWARE - timedelta(hours=1), None,
    (Affected("Customer records", ("personal", "internal")), Affected("Mail", ("personal",))),
    (Entry(AWARE - timedelta(hours=1), "Reported"),), (Entry(AWARE + timedelta(hours=1), "The list was told to delete it"),),
    "Example GmbH", "privacy@example.org")


def stands(name: str, at: datetime = AWARE) -> Standing:
    """How an obligation stands, were all regimes in force."""
    found = standing(OBLIGATIONS.values(), FACTS, wheres(PROGRAMME), EVERYTHING, max(at, FACTS.reported_at))
    return {each.obligation.id: each for each in found}[name]


def drafted(name: str, record: Record = RECORD, at: datetime = AWARE) -> str:
    """Its draft."""
    return draft(record, stands(name, at), FACTS, EVERYTHING, at)


@pytest.mark.parametrize("name", OBLIGATIONS)
def test_every_stage_has_a_draft_with_its_article_and_its_recipient(name: str) -> None:
    """One title, no two empty lines in a row, and nothing of Jinja left."""
    text, stage = drafted(name), OBLIGATIONS[name].stage
    lines = text.splitlines()
    assert lines[0] == f"# {stage.title}"
    assert f"{escaped(stage.article)}. To: {escaped(stage.recipient)}" in text
    assert [line for line in lines if line.startswith("# ")] == lines[:1]
    assert not any(mark in text for mark in ("{{", "{%", "None", "\n\n\n"))


def test_no_template_is_for_a_stage_that_is_not_there() -> None:
    """Whoever renames a stage renames its template."""
    own = {name.removesuffix(".md") for name in _environment().list_templates() if name.count(".") == 2}
    assert own - OBLIGATIONS.keys() == set()
    assert own


def test_a_stage_without_a_template_has_a_heading_for_all_that_it_contains() -> None:
    """So the file of a contract gets a draft as well."""
    text = drafted("cra.vulnerability_final")
    for each in OBLIGATIONS["cra.vulnerability_final"].stage.contents:
        assert f"## {each[0].upper()}{each[1:]}\n\n**to be written**\n" in text


def test_the_notification_to_the_authority_reads_so() -> None:
    """Whole, because people will send it."""
    assert drafted("gdpr.notification") == """\
# Notification of the personal data breach

GDPR, Art. 33(1). To: the competent supervisory authority (Art. 55, 56)

*Draft of 2026-03-10 10:20 CET (09:20 UTC) from the record of INC-2026-0042. Check every line, and fill in what is in bold.*

| | |
|---|---|
| From | Example GmbH |
| Contact | privacy@example.org |
| Incident | INC-2026-0042: Customers' addresses sent to a wrong list |
| Kind | Information that got to the wrong people, severity high |
| Occurred | **to be written** |
| Reported | 2026-03-10 09:20 CET (08:20 UTC) |
| Aware | 2026-03-10 10:20 CET (09:20 UTC) |
| Classified | 2026-03-10 12:20 CET (11:20 UTC) |
| Systems | Customer records, Mail |
| Data they hold | about people who can be identified; what is meant for the organisation only |
| Due | 2026-03-13 11:00 CET (10:00 UTC) |

## Nature of the breach

> An export went out.
>
> It holds 1,200 addresses.

- Kind of breach (confidentiality, integrity, availability): **to be written**
- Kinds of data that the affected systems hold: about people who can be identified; what is meant for the organisation only
- Categories of persons concerned: **to be written**
- Approximate number of persons concerned: **to be written**
- Categories and approximate number of records concerned: **to be written**

## Data protection officer, or another contact

privacy@example.org

## Likely consequences

**to be written**

## Measures taken or proposed, also against the effects

- 2026-03-10 11:20 CET (10:20 UTC): The list was told to delete it

## Communication to the persons concerned (Art. 34)

- Made, or planned for: **to be written**
- If not, why not: **to be written**

## What follows later (Art. 33(4))

**to be written**

## From the record: what happened when

- 2026-03-10 09:20 CET (08:20 UTC): Reported

## From the record: what was answered

- Were personal data lost, destroyed, changed, disclosed or seen without right, or may they have been? Yes.
- Is a risk to the rights and freedoms of natural persons unlikely? No.
- Is a high risk to the rights and freedoms of natural persons likely? Open.
- Were the data unintelligible to others, or is the high risk no longer likely by what was done since? Open.
"""


def test_a_letter_to_the_persons_concerned_says_nothing_of_the_record() -> None:
    """Neither reference nor severity nor systems, beyond the line that says what the draft is made from."""
    text = drafted("gdpr.communication")
    assert text.count("INC-2026-0042") == 1
    assert not any(each in text for each in ("severity", "Customer records", "From the record"))


def test_what_is_late_has_to_say_why() -> None:
    """Art. 33(1), second sentence; not an instant earlier."""
    latest = stands("gdpr.notification").latest_lawful
    assert latest is not None
    assert "Reasons for the delay" not in drafted("gdpr.notification", at=latest)
    assert "## Reasons for the delay\n\n**to be written**" in drafted("gdpr.notification", at=latest + timedelta(seconds=1))


def test_the_reasons_that_were_given_are_stated() -> None:
    """Quoted, since people wrote them."""
    latest = stands("gdpr.notification").latest_lawful
    assert latest is not None
    text = drafted("gdpr.notification", replace(RECORD, late_because="The figures\ncame late."), latest + timedelta(days=1))
    assert "## Reasons for the delay\n\n> The figures\n> came late.\n" in text


HOUR = timedelta(hours=1)
ANEW = (Event("aware", AWARE), Event("classified", AWARE + HOUR), Event("submitted", AWARE + 2 * HOUR, "dora.initial"),
        Event("reclassified", AWARE + 3 * HOUR), Event("classified", AWARE + 5 * HOUR))
ASKED_TWICE = (Event("aware", AWARE), Event("requested", AWARE + HOUR), Event("submitted", AWARE + 2 * HOUR, "nis2.intermediate"),
               Event("requested", AWARE + 5 * HOUR))
ROUNDS = {
    "classified as major again": ("dora.initial", "dora.may_be_major", ANEW, "Classified as major: 2026-03-10 15:20 CET"),
    "and what follows it": ("dora.intermediate", "dora.may_be_major", ANEW, "| Classified | 2026-03-10 15:20 CET"),
    "asked for again": ("nis2.intermediate", "nis2.significant", ASKED_TWICE, "| Requested | 2026-03-10 15:20 CET"),
}


@pytest.mark.parametrize(("name", "question", "events", "said"), ROUNDS.values(), ids=ROUNDS)
def test_a_stage_that_began_anew_states_the_instant_that_counts(name: str, question: str, events: tuple[Event, ...], said: str) -> None:
    """Nothing of an earlier round; when the incident became known is of none."""
    at = AWARE + 6 * HOUR
    facts = Facts(AWARE, (Answer(question, value=True, at=AWARE, by="x"),), events)
    found, = standing(OBLIGATIONS.values(), facts, wheres(PROGRAMME), EVERYTHING, at, (name,))
    text = draft(RECORD, found, facts, EVERYTHING, at)
    assert said in text
    assert "| Aware | 2026-03-10 10:20 CET" in text
    assert "| 2026-03-10 11:20 CET" not in text, "of an earlier round"
    assert "| Reclassified |" not in text


def test_what_the_record_does_not_know_is_said_in_bold() -> None:
    """An incident of which nothing is known but that it is."""
    bare = Record("INC-2026-0001", "x", "", "Something else", "low", AWARE)
    text = drafted("gdpr.notification", bare)
    for line in ("| From | **to be written** |", "| Systems | **to be written** |", "## Nature of the breach\n\n**to be written**",
                 "## From the record: what happened when\n\n**to be written**"):
        assert line in text


WRITTEN = some.text(some.sampled_from("ab 1.)\n\r\t#*_-+=>|`~[]()!<&;\\\u2028"), min_size=1, max_size=30).filter(lambda text: bool(text.split()))


def parts(text: str) -> Counter[str]:
    """Of what a text consists, as a parser of Markdown sees it; words, lines and paragraphs aside."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    return Counter(part.type for token in tokens for part in (token, *(token.children or ()))
                   if part.type not in ("text", "text_special", "softbreak", "paragraph_open", "paragraph_close", "inline"))


@settings(max_examples=40)
@given(WRITTEN)
def test_nothing_people_wrote_means_anything_to_markdown(text: str) -> None:
    """No heading, list, table, link, image, HTML or code comes of it: the draft has just the parts that plain words give."""
    def with_text(what: str) -> str:
        entry = (Entry(AWARE, what),)
        return drafted("nis2.final", replace(RECORD, title=what, description=what, category=what, timeline=entry,
                                             measures=entry, sender=what, contact=what))

    assert parts(with_text(text)) == parts(with_text("words"))


ESCAPED: dict[str, tuple[Any, str]] = {
    "a heading": ("# Title", r"\# Title"), "a list": ("- item", r"\- item"), "a number": ("1. item", r"1\. item"),
    "a link": ("[x](http://y)", r"\[x\](http://y)"), "HTML": ("<b>", r"\<b\>"), "two lines": ("a\n# b", r"a \# b"),
    "a table": ("a | b", r"a \| b"), "a hyphen within": ("well-known", "well-known"), "a figure": ("1.5 hours", r"1\.5 hours"),
    "a number, which is no text": (7, "7"),
}


@pytest.mark.parametrize(("value", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_a_character_that_would_mean_something_is_escaped(value: Any, expected: str) -> None:
    """And only where it would."""
    assert str(escaped(value)) == expected


def test_a_draft_is_dated_by_an_instant() -> None:
    """A naive one is refused."""
    with pytest.raises(NaiveInstant):
        draft(RECORD, stands("gdpr.register"), FACTS, EVERYTHING, datetime(2026, 3, 10))  # noqa: DTZ001 - that is the point
