"""What each notice says, to whom it is calm and clear, and what it can never say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import DictLoader

from isms_workflow.domain.calendars import UnknownZone
from isms_workflow.notify import notices
from isms_workflow.notify.facts import OfCase, Waiting
from isms_workflow.notify.notices import NOTICES, BrokenTemplate, Recipient, WrongFacts, render
from tests.notify.examples import BEN, EXAMPLES, NOW, ORGANISATION, URL, written

situations = pytest.mark.parametrize("situation", EXAMPLES)


class Reading(HTMLParser):
    """An HTML mail as its reader gets it: its links, its words, and the tags it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(html.partition("</head>")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the tag, and where it leads."""
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src", "action", "background")]

    def handle_data(self, data: str) -> None:
        """Notes the words."""
        self.words += data.split()


@situations
def test_every_mail_leads_to_one_page_and_fetches_nothing(situation: str) -> None:
    """One link, the same in both forms; no picture that tells when it was read."""
    mail = written(situation)
    reading = Reading(mail.html)
    assert len(reading.links) == 1
    assert reading.links[0].startswith(f"{URL}/")
    assert re.findall(r"https?://\S+", mail.text) == reading.links
    assert not reading.tags & {"img", "script", "form", "iframe", "link"}
    assert "url(" not in mail.html


@situations
def test_text_and_html_say_the_same(situation: str) -> None:
    """Nobody is told less because of their mail program."""
    mail = written(situation)
    said = set(re.findall(r"\w+", " ".join(Reading(mail.html).words)))
    told = set(re.findall(r"\w+", mail.text.partition("\n-- \n")[0]))
    address = set(re.findall(r"\w+", Reading(mail.html).links[0]))
    assert told - address <= said


@situations
def test_a_mail_about_a_case_names_its_reference_in_the_subject(situation: str) -> None:
    """So that whoever searches their mailbox for it finds all of it."""
    notice, facts = EXAMPLES[situation]
    mail = written(situation)
    if issubclass(NOTICES[notice].facts, OfCase):
        assert facts["reference"] in mail.subject
    assert "\n" not in mail.subject
    assert 15 < len(mail.subject) < 100


@situations
def test_whatever_waits_says_for_whom_since_when_until_when_and_what_then(situation: str) -> None:
    """The portal's second rule, in mails as well."""
    notice, facts = EXAMPLES[situation]
    if not issubclass(NOTICES[notice].facts, Waiting) or facts.get("waits_for") == []:
        return
    text = " ".join(written(situation).text.split())
    assert " For " in text
    assert re.search(r"(S|Open s)ince ", text)
    assert re.search(r"(Until|Was due) \w{3} \d+ Mar 2026 14:00 CET, (in 2 days|2 days late)", text)
    assert "If nobody acts Wed 11 Mar 2026 17:00 CET: reminds Maria Okafor" in text


def test_a_reference_is_not_broken_in_the_heading() -> None:
    """What somebody typed in the title stays text beside it."""
    assert ('<h1>Yours now: &lt;b&gt;Train&lt;/b&gt;, due Thu 12 Mar 2026 <span class="reference">(PDCA-2026-0001)</span>'
            "</h1>") in written("a step opens", step="<b>Train</b>").html


@situations
def test_lines_of_a_text_mail_can_be_quoted(situation: str) -> None:
    """All but those that must not be broken: the link, and a checkpoint."""
    long = [line for line in written(situation).text.splitlines() if len(line) > 76]
    assert all(line.startswith(("http", '{"head"')) for line in long)


def test_every_notice_has_an_example() -> None:
    """Whoever adds a notice shows what it looks like."""
    assert {notice for notice, _ in EXAMPLES.values()} == set(NOTICES)


def test_an_incident_that_nobody_waits_for_any_more_says_so() -> None:
    """What was late, and what would have happened then, isn't said when somebody responded before the mail left."""
    text = written("nobody responds in time", stands="being responded to", waits_for=[], then=[]).text
    assert "Meanwhile nobody is waited for any more." in text
    assert "How it stands   being responded to" in text
    assert "If nobody acts" not in text
    assert "Was due" not in text


def test_marks_stand_before_the_subject_in_both_forms() -> None:
    """An exercise is named as one before anything else, and again in the text."""
    mail = written("an incident escalates", marks=("EXERCISE", "CRITICAL"))
    assert mail.subject == "EXERCISE: CRITICAL: Escalated to you: Someone reads our mails (INC-2026-0042)"
    assert "<h1>EXERCISE: CRITICAL: Escalated to you: Someone reads our mails" in mail.html
    for form in (mail.text, mail.html):
        assert "This is part of an exercise; nothing has really happened." in form


def test_a_long_title_of_an_incident_leaves_room_in_the_subject() -> None:
    """The reference is never pushed out of sight; the whole title is in the mail."""
    long = "Someone reads our mails " * 8
    mail = written("an incident is reported", title=long)
    assert mail.subject == "Incident: Someone reads our mails Someone reads our mails… (INC-2026-0042)"
    assert long.strip() in " ".join(mail.text.split())


def test_an_incidents_title_stays_text() -> None:
    """Whoever reports one may be anybody."""
    mail = written("an incident is reported", title='<a href="https://evil.example">click</a>')
    assert Reading(mail.html).links == [f"{URL}/incidents/INC-2026-0042"]


def test_whoever_reported_it_is_told_nothing_but_their_words_and_the_state() -> None:
    """Its template has no other facts to say."""
    facts = NOTICES["report_answered"].facts
    assert set(facts.model_fields) == {"link", "reference", "title", "state"}


def test_instants_are_the_readers() -> None:
    """The same deadline, read in Vienna, in Kathmandu and in Honolulu."""
    read = {zone: written("a step opens", replace(BEN, zone=zone)) for zone in (
        "Europe/Vienna", "Asia/Kathmandu", "Pacific/Honolulu")}
    assert "Thu 12 Mar 2026 14:00 CET, in 2 days" in read["Europe/Vienna"].text
    assert "Thu 12 Mar 2026 18:45 UTC+0545, in 2 days" in read["Asia/Kathmandu"].text
    assert "Thu 12 Mar 2026 03:00 HST, in 2 days" in read["Pacific/Honolulu"].text


def test_a_mail_that_left_late_is_true_when_it_leaves() -> None:
    """After an outage of a week the reminder says that it is late by now, and what no longer waits says so."""
    notice, facts = EXAMPLES["a step is due soon"]
    mail = render(notice, {**facts, "then": []}, BEN, NOW + timedelta(days=7), URL, ORGANISATION)
    assert "4 days late" in mail.text
    assert "After that nothing more, because it no longer waits" in " ".join(mail.text.split())


def test_what_somebody_typed_stays_text() -> None:
    """A title with markup is shown as it was typed, in both forms."""
    mail = written("a step reopens", step="<b>Train</b> & trick", reason='<a href="https://evil.example">click</a>')
    assert "<b>Train</b> & trick" in mail.text
    assert "&lt;b&gt;Train&lt;/b&gt; &amp; trick" in mail.html
    assert Reading(mail.html).links == [f"{URL}/steps/0190c4e2"]


def test_a_reason_cannot_pass_for_our_words() -> None:
    """Every line of it is marked as a quotation."""
    text = written("a step reopens", reason="Fine.\n\nOpen the step:\nhttps://evil.example/").text
    assert "\n> Fine.\n>\n> Open the step:\n> https://evil.example/\n" in text


def test_a_title_cannot_break_out_of_its_line() -> None:
    """Neither by a new line nor by marks that turn the reading direction round."""
    mail = written("a step opens", step="Train\r\nBcc: x@example.org\u202e\u2066 personnel\x07")
    assert mail.subject.startswith("Yours now: Train Bcc: x@example.org personnel, due")


def test_a_greeting_names_the_reader() -> None:
    """As they are called when it leaves."""
    assert written("a step opens", Recipient("Zoë\nMüller", "zoe@example.org", "UTC")).text.startswith(
        "Hello Zoë Müller,\n")


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no such notice": ("step_closed", {}, "there is no such notice"),
    "a fact is missing": ("cycle_started", {"link": "/cycle", "reference": "PDCA-2026-0001", "phase": "PLAN",
                                            "steps": 6}, "at: Field required"),
    "a fact too many": ("invitation", {**EXAMPLES["somebody is invited"][1], "password": "x"}, "password: Extra"),
    "an instant without a zone": ("invitation", {**EXAMPLES["somebody is invited"][1],
                                                 "expires": "2026-03-16T14:00:00"}, "timezone"),
    "another host": ("cycle_started", {**EXAMPLES["a cycle starts"][1], "link": "https://evil.example/"}, "leads out"),
    "a host that begins like ours": ("cycle_started", {
        **EXAMPLES["a cycle starts"][1], "link": f"{URL}.evil.example/"}, "leads out"),
    "a host beside ours": ("cycle_started", {**EXAMPLES["a cycle starts"][1], "link": f"{URL}@evil.example/"}, "leads"),
    "a link in two lines": ("cycle_started", {**EXAMPLES["a cycle starts"][1], "link": "/cycle\nx"}, "leads out"),
    "no link": ("cycle_started", {**EXAMPLES["a cycle starts"][1], "link": ""}, "leads out"),
}


@pytest.mark.parametrize(("notice", "facts", "said"), WRONG.values(), ids=WRONG)
def test_wrong_facts_are_refused_whole(notice: str, facts: dict[str, Any], said: str) -> None:
    """With what was wrong, and never with the values, which may be secrets."""
    with pytest.raises(WrongFacts, match=re.escape(said)) as caught:
        render(notice, facts, BEN, NOW, URL, ORGANISATION)
    assert "Zm9v" not in str(caught.value)
    assert "Right would be" in str(caught.value)


def test_a_path_that_leads_elsewhere_stays_with_us() -> None:
    """`//evil.example` is a path of ours, not a host of theirs."""
    assert Reading(written("a cycle starts", link="//evil.example").html).links == [f"{URL}//evil.example"]


def test_an_unknown_zone_is_said() -> None:
    """Nobody gets a mail with another's hours."""
    with pytest.raises(UnknownZone):
        written("a step opens", replace(BEN, zone="Europe/Atlantis"))


def test_a_portal_below_a_path_keeps_it() -> None:
    """Its links begin with the whole public address."""
    notice, facts = EXAMPLES["a cycle starts"]
    mail = render(notice, facts, BEN, NOW, "https://example.org/isms/", ORGANISATION)
    assert Reading(mail.html).links == ["https://example.org/isms/cycle"]


def test_secrets_are_in_sensitive_notices_only() -> None:
    """Those two, and no others, lead to a page that asks for no password."""
    assert [name for name, notice in NOTICES.items() if notice.sensitive] == ["invitation", "password_reset"]


def test_the_shipped_templates_fit_their_facts() -> None:
    """Each is there, says every fact of its notice, and names no other."""
    text, html = notices.templates()
    assert list(notices.broken(text)) == []
    assert text.autoescape is False
    assert html.autoescape is True


WHOLE = "{% block subject %}{{ by }}{% endblock %}{% block says %}{{ expires }}{% endblock %}{% block act %}{% endblock %}"
BREAKAGES = {
    "it is missing": ("", "it isn't there"),
    "it names another fact": (WHOLE + "{{ password }}", "names password, which Invitation doesn't have"),
    "it forgets a fact": (WHOLE.replace("{{ expires }}", ""), "doesn't say expires"),
    "it can't be read": (WHOLE + "{% endfor %}", "line 1"),
    "it has no subject": (WHOLE.replace("subject", "title"), "no block subject"),
}


@pytest.mark.parametrize(("template", "said"), BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_template_is_found_when_templates_are_loaded(template: str, said: str) -> None:
    """Not when the first such mail is due, at night."""
    text, _ = notices.templates()
    loader = DictLoader({"notices/invitation.txt": template} if template else {})
    problem = dict(notices.broken(text.overlay(loader=loader)))["invitation"]
    assert said in problem
    assert str(BrokenTemplate("invitation", problem)).startswith("The mail template notices/invitation.txt is broken")


def test_a_template_without_a_notice_is_found() -> None:
    """A name was changed in one of two places."""
    text, _ = notices.templates()
    assert ("welcome", "no notice has this name") in notices.broken(
        text.overlay(loader=DictLoader({"notices/welcome.txt": "Hello"})))
