"""Each component, by what it says. The cast is in cast.py."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from isms_workflow.domain import machines
from isms_workflow.domain.times import iso
from isms_workflow.portal import rendering as r
from isms_workflow.portal import views as v
from isms_workflow.portal.looks import LOOKS, UNKNOWN, look
from tests.portal.case_examples import ANSWER, SCOPE
from tests.portal.cast import ARON, CYCLE, NOW, RISK, YOU, ZONE, at, entry, frame
from tests.portal.work_examples import COMPLETE

DOCS = Path(__file__).parents[2] / "docs" / "components.md"


def show(call: str, **given: object) -> str:
    """What a component renders to, white space flattened: `show("ui.state('open')")`."""
    source = "{% import 'components.html' as ui with context %}{{ " + call + " }}"
    html = r.environment().from_string(source).render(frame=frame(), **given)
    return re.sub(r"\s+", " ", html).strip()


def text(html: str) -> str:
    """The words of it, tags dropped."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def test_a_state_is_a_word_and_a_shape_and_a_colour() -> None:
    """Never colour alone; identifiers read as words."""
    html = show("ui.state('set_aside')")
    assert text(html) == "set aside"
    assert 'href="#i-cross"' in html
    assert "is-danger" in html


def test_the_same_state_looks_the_same_however_it_is_written() -> None:
    """`carried_over` and `Carried over` are one state; a word nobody listed is a neutral ring."""
    assert look("carried_over") == look("Carried over") == LOOKS["carried over"]
    assert look("something new") == UNKNOWN


def test_every_state_of_every_machine_has_a_look() -> None:
    """Whoever adds a state is told that nobody can see it yet."""
    states = {state for machine in {**machines.ALL, **machines.PARTS}.values() for state in machine.states}
    assert {state for state in states if state.replace("_", " ") not in LOOKS} == set()


def test_every_shape_is_a_symbol() -> None:
    """A look without its symbol would be colour alone."""
    symbols = set(re.findall(r'id="i-(\w+)"', r.environment().get_template("icons.svg").render()))
    assert {each.shape for each in LOOKS.values()} | {UNKNOWN.shape} <= symbols


@pytest.mark.parametrize(
    ("days", "said", "meaning"),
    [
        (14, "Mon 23 Mar 09:12, in 13 days", ""),
        (1, "Tue 10 Mar 09:12, in 22 hours", "is-attention"),
        (-2, "Sat 7 Mar 09:12, 2 days late", "is-danger"),
    ],
    ids=["far off", "soon", "late"],
)
def test_what_is_due_says_when_and_how_far_off(days: int, said: str, meaning: str) -> None:
    """Absolute in the reader's zone, the relative beside it, UTC for machines; late in words."""
    html = show("ui.due(at)", at=at(days))
    assert text(html) == said
    assert meaning in html
    assert html.count(f'datetime="{r.machine_time(at(days))}"') == 2
    assert 'data-relative="due"' in html


def test_what_is_settled_is_not_late() -> None:
    """A step done after its due date isn't counted on for ever."""
    assert text(show("ui.due(at, true)", at=at(-9))) == "Sat 28 Feb 09:12"


def test_a_wait_says_four_things() -> None:
    """For whom, since when, until when, and what happens then."""
    wait = v.Wait("1 of 2 approvals: Dana Weber", at(0), at(3, 13, 0), "escalates to top management")
    assert text(show("ui.wait(it)", it=wait)) == (
        "Waits for 1 of 2 approvals: Dana Weber. Open since today 09:12, due Thu 12 Mar 2026 14:00 CET, in 3 days. "
        "After that: escalates to top management."
    )


def test_a_person_is_you_on_a_page_and_a_name_in_a_document() -> None:
    """A case that is printed and filed must not say "you"."""
    assert text(show("ui.person(who)", who=YOU)) == "you"
    assert text(show("ui.person(who, document=true)", who=YOU)) == "Ines Haddad"
    assert text(show("ui.person(none)")) == "nobody"


def test_a_reference_is_a_link_and_says_if_it_is_not_for_everybody() -> None:
    """The lock stands beside whatever isn't internal."""
    assert 'href="/cycles/PDCA-2026-0001"' in show("ui.reference(it)", it=CYCLE)
    assert text(show("ui.reference(it)", it=RISK)) == "RSK-2026-0017 confidential"


def test_evidence_shows_its_digest_and_whole_in_a_document() -> None:
    """Short enough to compare by eye on a page; all 64 digits where it is filed."""
    assert r.short_digest(SCOPE.digest) in text(show("ui.evidence(it)", it=SCOPE))
    assert SCOPE.digest in text(show("ui.evidence(it, document=true)", it=SCOPE))


def test_erased_evidence_is_named_without_a_link() -> None:
    """What can't be fetched doesn't look as if it could."""
    assert "<a " not in show("ui.evidence(it, brief=true)", it=replace(SCOPE, url=""))


def test_history_says_when_it_was_carried_out_and_where_it_stands_in_the_chain() -> None:
    """Both instants where they differ, and the record's number and digest."""
    late = entry(1398, at(-5), ARON, "completed the step", noticed=at(-4), reason="Was ill.")
    said = text(show("ui.history(entries)", entries=(late,)))
    assert "Wed 4 Mar 09:12 carried out Thu 5 Mar 09:12" in said.replace("09:12carried", "09:12 carried")
    assert "#1,398" in said
    assert r.short_digest(late.digest) in said
    assert "Was ill." in said


def test_a_meter_says_its_number() -> None:
    """The segments are decoration; the words carry it."""
    html = show("ui.meter(it)", it=v.Meter(3, 6, late=1))
    assert text(html) == "3 of 6 steps done, 1 late"
    assert [html.count(f'class="{each}"') for each in ("done", "late", "left")] == [3, 1, 2]


def test_an_empty_list_teaches() -> None:
    """What it would hold, and how something gets there."""
    nothing = v.Empty("No incidents.", "Report one, or connect a mailbox.", v.Link("Report one", "/new"))
    assert text(show("ui.empty(it)", it=nothing)) == "No incidents. Report one, or connect a mailbox. Report one"


def test_a_field_ties_label_hint_and_error_to_its_input() -> None:
    """Read aloud, the input has its name, what would be right, and what was wrong."""
    due = v.Field("due", "New due date", "date", "Up to Thu 30 Apr.", value="2026-06-01", error="Too late.")
    html = show("ui.field('extend', it)", it=due)
    assert '<label for="extend-due">New due date' in html
    assert 'aria-describedby="extend-due-hint extend-due-error"' in html
    assert 'value="2026-06-01"' in html
    assert 'aria-invalid="true"' in html


def test_what_was_typed_is_kept_escaped_and_passwords_are_not() -> None:
    """Nothing typed is lost, nothing typed becomes markup, no secret is sent back."""
    form = replace(COMPLETE, typed={"note": "<b>“done”</b>"})
    assert "&lt;b&gt;“done”&lt;/b&gt;</textarea>" in show("ui.form(it)", it=form)
    assert "hunter2" not in show("ui.field('x', it)", it=v.Field("password", "Password", "password", value="hunter2"))


def test_an_action_that_needs_a_reason_asks_for_it_last() -> None:
    """Posted as `reason`, required, and kept like any other field."""
    action = v.Action(
        "waive", "Waive the step", "/waive", COMPLETE.fields, reason_required=True, typed={"reason": "why"}
    )
    assert [each.name for each in action.inputs] == ["note", "reason"]
    assert action.inputs[-1].value == "why"
    assert action.inputs[-1].required


def test_a_form_carries_the_session_s_token_and_the_version_of_what_it_shows() -> None:
    """So that a forged form and a stale one are both refused."""
    html = show("ui.form(it)", it=COMPLETE)
    assert '<input type="hidden" name="csrf" value="csrf-of-this-session">' in html
    assert '<input type="hidden" name="version" value="7">' in html


def test_what_is_not_possible_says_why_and_has_no_button() -> None:
    """A rule of the machine or a missing right: present with its reason."""
    refused = replace(COMPLETE, why_not="It waits for: deploy controls.")
    html = show("ui.main_action(it)", it=refused)
    assert "<button" not in html
    assert text(html) == "Declare the step complete: not possible now. It waits for: deploy controls."


def test_an_action_opens_when_it_has_fields_and_stays_open_when_refused() -> None:
    """One click for what needs nothing more; a refused form is in sight."""
    assert "<details" not in show("ui.action(it)", it=v.Action("again", "Send again", "/again"))
    assert '<details class="action"><summary>' in show("ui.action(it)", it=COMPLETE)
    assert '<details class="action" open>' in show("ui.action(it)", it=replace(COMPLETE, errors={"note": "Too long."}))


def test_the_error_summary_leads_to_the_fields() -> None:
    """One line a problem, in the order of the forms."""
    refused = replace(COMPLETE, errors={"": "The step has moved on.", "note": "Too long."})
    assert v.problems(None, refused) == (
        v.Problem("The step has moved on."),
        v.Problem("Too long.", "complete-note"),
    )
    assert '<a href="#complete-note">Too long.</a>' in show("ui.error_summary(it)", it=v.problems(refused))


def test_fields_of_one_group_share_a_fieldset() -> None:
    """Long forms are read in parts."""
    fields = (v.Field("a", "A", group="First"), v.Field("b", "B", group="First"), v.Field("c", "C"))
    action = v.Action("x", "Do it", "/x", fields)
    assert [(legend, len(group)) for legend, group in action.groups] == [("First", 2), ("", 1)]
    assert show("ui.form(it)", it=action).count("<fieldset") == 1


def test_a_choice_is_kept_by_value() -> None:
    """Checkboxes keep several, selects one."""
    assert [ANSWER.reopen.chosen("1"), replace(ANSWER.reopen, value=("1", "3")).chosen("3")] == [False, True]
    assert v.Field("zone", "Zone", "select", value="a").chosen("a")


def test_a_name_that_a_view_does_not_have_is_an_error() -> None:
    """A template with a typing error fails in tests, not silently in front of an auditor."""
    with pytest.raises(UndefinedError):
        show("ui.wait(it)", it=CYCLE)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(days=3, hours=23), "3 days"), (timedelta(hours=24), "1 day"), (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(minutes=61), "1 hour"), (timedelta(seconds=119), "1 minute"), (timedelta(seconds=59), "moments"),
    ],
)  # fmt: skip
def test_lengths_are_rounded_down(length: timedelta, said: str) -> None:
    """Nobody is told of more time than there is."""
    assert r.span(length) == said


def test_instants_are_read_in_the_reader_s_zone() -> None:
    """With the zone's letters at that instant, or its offset where it has none; the year only where it differs."""
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert r.local_instant(summer, ZONE) == "Wed 1 Jul 2026 14:00 CEST"
    assert r.local_instant(summer, "Asia/Tashkent") == "Wed 1 Jul 2026 17:00 UTC+05"
    assert r.local_moment(NOW, ZONE, NOW) == "today 10:30"
    assert r.local_moment(summer, ZONE, NOW) == "Wed 1 Jul 14:00"
    assert r.local_moment(at(-112), ZONE, NOW) == "Mon 17 Nov 2025 09:12"


def test_a_refusal_s_instants_are_read_in_the_reader_s_zone() -> None:
    """In whatever sentence, to the minute as everywhere; what only looks like one, or was typed, stays as it is."""
    told = f"from {iso(NOW)} to {iso(datetime(2026, 7, 1, 12, 0, 59, 999_999, tzinfo=UTC))}: '2026-07-01 14:00', 2026-07-01T12:00:00Z"
    assert r.with_local_instants(told, ZONE) == (
        "from Mon 9 Mar 2026 10:30 CET to Wed 1 Jul 2026 14:00 CEST: '2026-07-01 14:00', 2026-07-01T12:00:00Z")
    assert r.with_local_instants("9999-99-99T99:99:99.000000Z", ZONE) == "9999-99-99T99:99:99.000000Z"


def test_wherever_a_page_shows_a_refusal_its_instants_are_the_reader_s() -> None:
    """In a form's summary, at its field, beside what isn't possible, and on the page of an error."""
    told, there = f"ends: that is before {iso(NOW)}.", "that is before Mon 9 Mar 2026 10:30 CET."
    field = v.Field("ends", "Ends", error=told)
    shown = [show("ui.field('cover', it)", it=field), show("ui.error_summary(it)", it=(v.Problem(told), v.Problem(told, "ends"))),
             show("ui.why_not(it)", it=v.Action("cover", "Cover", "/", why_not=told)),
             r.render("error.html", v.Fault("Not possible now", told, "POST /", "Go back.", 409, "1f"), frame())]
    assert [(there in each, "T09:30" in each.replace('datetime="2026-03-09T09:30', "")) for each in shown] == [(True, False)] * 4


def test_today_is_the_reader_s_day() -> None:
    """23:30 UTC on Sunday is already Monday in Berlin."""
    assert r.local_moment(datetime(2026, 3, 8, 23, 30, tzinfo=UTC), ZONE, NOW) == "today 00:30"


def test_sizes_are_in_binary_units() -> None:
    """As upload limits are given: 25 MiB."""
    sizes = (640, 1024, 1_482_004, 25 * 2**20, 5 * 2**30)
    assert [r.file_size(each) for each in sizes] == ["640 B", "1 KiB", "1.4 MiB", "25 MiB", "5 GiB"]


def test_every_component_is_described_in_the_docs_and_nothing_else_is() -> None:
    """The docs' headings are the macros' names."""
    source = r.environment().loader.get_source(r.environment(), "components.html")[0]  # type: ignore[union-attr]
    macros = set(re.findall(r"{% macro ([a-z]\w*)\(", source))
    assert set(re.findall(r"^## `(\w+)\(", DOCS.read_text(), re.MULTILINE)) == macros
