"""The reports of an incident at the portal: asked, dated, submitted, decided, drafted, and the list of all that run."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import update

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.portal.app import create_app
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.rendering import machine_time
from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import people
from tests.engine.incidents import report, respond
from tests.engine.obligations import BREACH, answer, date, dated, nothing_to_report, submit
from tests.portal.incidents import FIRST, label, main_of
from tests.portal.visitor import House, Visitor
from tests.world import found

PAGE = f"{FIRST}/obligations"


@pytest.fixture
def house(sqlite_store: Store, settings: Settings) -> House:
    """The cast in office, under the programme as it is shipped; an incident is reported."""
    return under(sqlite_store, settings)


def under(store: Store, settings: Settings, *regimes: str) -> House:
    """The same, where more regimes hold."""
    files, name = dict(shipped()), "obligations/organisation.yaml"
    for each in regimes:
        files[name] = files[name].replace(f"{each}: no", f"{each}: yes")
    world, log = found(store, programme=parse(files)), AccessLog(store)
    app = create_app(Portal(store, settings, lambda: world.now, EvidenceFiles(settings.evidence_dir), log))
    made = House(world, app, log, settings.public_url)
    report(world)
    label(made, "internal")
    return made


def say(visitor: Visitor, what: str, **fields: object) -> int:
    """The form of that name is sent; what was answered."""
    return visitor.send(f"/incidents/{visitor.house.world.case}/obligations/{what}", PAGE, **fields).status_code


def runs(house: House) -> None:
    """A breach of personal data, known since its report."""
    answer(house.world, BREACH)
    date(house.world, "aware", house.world.now)


def test_it_asks_what_triage_has_to_say(house: House) -> None:
    """The questions in the act's words, until when, and what isn't known stays open."""
    said = main_of(house.visitor("ben"), PAGE)
    for words in ("Were personal data lost", "Record the answers", "never taken for a no", "questions due", "Not known yet"):
        assert words in said


def test_from_the_answers_to_the_submission(house: House) -> None:
    """Answered, dated, counting, submitted with its file: in time, and the file is there."""
    ben = house.visitor("ben")
    assert say(ben, "answer", **{name: "yes" if value else "no" for name, value in BREACH.items()}) == 303
    assert say(ben, "date", event="aware|", at="2026-01-05T07:00") == 303
    said = main_of(ben, PAGE)
    for words in ("Notification of the personal data breach", "Thu 8 Jan 2026 07:00 UTC", "Record it as submitted", "How it is counted"):
        assert words in said
    assert say(ben, "submit", obligation="gdpr.notification", at="2026-01-05T08:00",
               files={"file": ("notification.pdf", b"%PDF", "application/pdf")}) == 303
    said = main_of(ben, PAGE)
    for words in ("in time", "notification.pdf", ": Notification of the personal data breach"):
        assert words in said


def test_the_last_gate_says_what_the_end_waits_for(house: House) -> None:
    """Approving closes the incident only when nothing is left to be reported, or asked."""
    world = house.world
    respond(world, "ben")
    world.complete_phase("responding")
    world.complete_phase("lessons_learned")
    gate = f"/gates/{world.gate('lessons_learned').id}"
    assert "the incident closes once its obligations to report are settled." in main_of(house.visitor("maria"), gate)
    nothing_to_report(world)
    assert "the incident closes." in main_of(house.visitor("maria"), gate)


@pytest.mark.parametrize(("what", "fields", "says"), [
    ("answer", {}, "answer at least one question"),
    ("date", {"event": "aware|", "at": ""}, "give the date and the time"),
    ("date", {"event": "aware|", "at": "2027-01-05T07:00"}, "lies ahead"),
    ("date", {"event": "sighed|", "at": "2026-01-05T07:00"}, "one of"),
    ("waive", {"obligation": "gdpr.register", "reason": ""}, "takes a reason"),
])
def test_a_refused_form_comes_back_and_says_what_would_be_right(house: House, what: str, fields: dict[str, str], says: str) -> None:
    """With what was typed."""
    sent = house.visitor("ben").send(f"/incidents/{house.world.case}/obligations/{what}", PAGE, **fields)
    assert sent.status_code == 422
    assert says in sent.text


REPORTED = "Mon 5 Jan 2026 09:00 CET"


@pytest.mark.parametrize(("what", "fields", "says"), [
    ("date", {"event": "recovered|dora", "at": "2026-01-05T08:59"}, f"that is before the incident was reported, {REPORTED}"),
    ("date", {"event": "aware|", "at": "2026-01-05T08:30"}, f"it is recorded at {REPORTED}: correct that one"),
    ("submit", {"obligation": "gdpr.notification", "at": "2026-01-05T08:59", "files": {"file": ("report.pdf", b"%PDF", "application/pdf")}},
     f"what it reports had not begun: that was {REPORTED}"),
])
def test_a_refusal_names_instants_as_the_page_does(house: House, what: str, fields: dict[str, Any], says: str) -> None:
    """In the reader's zone and to the minute, what was typed among them as it was typed."""
    runs(house)
    with house.world.store.write() as tx:
        tx.execute(update(people).values(zone="Europe/Vienna"))
    ben = house.visitor("ben")
    page = PAGE if what == "date" else None
    sent = ben.send(f"/incidents/{house.world.case}/obligations/{what}", page, **fields)
    assert (sent.status_code, says in unescape(sent.text)) == (422, True)
    assert "00Z" not in re.sub(r'datetime="[^"]*"', "", sent.text)


def test_a_submission_takes_the_report_itself(house: House) -> None:
    """A word that it was sent is no evidence."""
    runs(house)
    sent = house.visitor("ben").send(f"/incidents/{house.world.case}/obligations/submit", PAGE, obligation="gdpr.notification",
                                     at="2026-01-05T08:00")
    assert (sent.status_code, "attach the report" in sent.text) == (422, True)


def test_a_correction_and_a_decision_keep_their_reasons(house: House) -> None:
    """Each stands on the page, for whoever asks."""
    runs(house)
    maria = house.visitor("maria")
    assert say(maria, "waive", obligation="gdpr.register", reason="it is in the register already") == 303
    assert say(maria, "correct", question="gdpr.risk_unlikely", value="yes", reason="the data were encrypted") == 303
    said = main_of(maria, PAGE)
    assert [words for words in ("it is in the register already", "the data were encrypted", "Nothing is owed now") if words not in said] == []


def test_an_instant_is_corrected_under_the_incidents_reference_too(house: House) -> None:
    """As everything else on the page."""
    runs(house)
    sent = house.visitor("ben").send(f"{PAGE}/redate", replaces=dated(house.world, "aware"), at="2026-01-05T07:30", reason="by the log")
    assert sent.status_code == 303


def test_the_draft_of_what_was_late_states_the_reasons_that_were_given(house: House) -> None:
    """With the submission that counts; until then somebody is to write them."""
    runs(house)
    house.world.advance(days=4)
    assert "## Reasons for the delay\n\n**to be written**" in house.visitor("ben").get(f"{PAGE}/gdpr.notification/draft.md").text
    submit(house.world, "gdpr.notification", "maria", reason="the figures came late")
    assert "## Reasons for the delay\n\n> the figures came late\n" in house.visitor("ben").get(f"{PAGE}/gdpr.notification/draft.md").text


def happened(house: House, stage: str) -> str:
    """What a draft says of what happened when, an earlier round's lines marked by a star alone; without the instants."""
    text = house.visitor("maria").get(f"{PAGE}/{stage}/draft.md").text
    lines = text.split("what happened when\n\n")[1].split("\n\n")[0].splitlines()
    said = (re.sub(r"^- \S+ \S+ [^:]+: ", "", line).replace(", in an earlier round of this report", " *") for line in lines)
    return "\n".join(said).replace("\\", "")


def test_the_draft_of_a_report_that_began_anew_says_what_is_of_an_earlier_round(sqlite_store: Store, settings: Settings) -> None:
    """When the incident became known is of none; nor is what another act asks for, in whose draft nothing is marked."""
    house = under(sqlite_store, settings, "dora")
    world = house.world
    answer(world, {**BREACH, "dora.may_be_major": True, "dora.clients_affected": False})
    for what in ("aware", "classified"):
        date(world, what, world.now)
    world.advance(hours=2)
    submit(world, "gdpr.notification", "maria")
    submit(world, "dora.initial", "maria")
    assert "*" not in happened(house, "dora.initial")
    world.advance(hours=2)
    date(world, "reclassified", world.now)
    submit(world, "dora.reclassification", "maria")
    world.advance(hours=2)
    date(world, "classified", world.now)
    assert happened(house, "dora.initial").splitlines()[1:] == [
        "the organisation became aware",
        "it was classified as major *",
        "a report was submitted (gdpr.notification)",
        "a report was submitted (dora.initial) *",
        "it turned out not to be major after all *",
        "a report was submitted (dora.reclassification) *",
        "it was classified as major",
    ]
    assert happened(house, "dora.intermediate").count("*") == 4, "it follows the first"
    assert "*" not in happened(house, "gdpr.notification")


def test_the_draft_of_a_report_that_was_asked_for_again_marks_the_first_request(sqlite_store: Store, settings: Settings) -> None:
    """And what answered it."""
    house = under(sqlite_store, settings, "nis2")
    world = house.world
    answer(world, {"nis2.significant": True})
    date(world, "aware", world.now)
    date(world, "requested", world.now, of="nis2.intermediate", until=world.now + timedelta(days=2))
    world.advance(hours=2)
    submit(world, "nis2.intermediate", "maria")
    assert "*" not in happened(house, "nis2.intermediate")
    world.advance(hours=2)
    date(world, "requested", world.now, of="nis2.intermediate", until=world.now + timedelta(days=2))
    assert happened(house, "nis2.intermediate").splitlines()[1:] == [
        "the organisation became aware",
        "the authority asked for a report (nis2.intermediate) *",
        "a report was submitted (nis2.intermediate) *",
        "the authority asked for a report (nis2.intermediate)",
    ]


def test_the_draft_is_shown_and_sent_as_a_file(house: House) -> None:
    """From the incident's record, to whoever may see that."""
    runs(house)
    ben = house.visitor("ben")
    assert "Someone reads our mails" in main_of(ben, f"{PAGE}/gdpr.notification/draft")
    sent = ben.get(f"{PAGE}/gdpr.notification/draft.md")
    assert sent.headers["content-type"].startswith("text/markdown")
    assert "INC-2026-0001-gdpr.notification.md" in sent.headers["content-disposition"]
    assert f'href="{PAGE}/gdpr.notification/draft.pdf"' in ben.read(f"{PAGE}/gdpr.notification/draft")
    paper = ben.get(f"{PAGE}/gdpr.notification/draft.pdf")
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert "INC-2026-0001-gdpr.notification.pdf" in paper.headers["content-disposition"]
    for form in ("", ".md", ".pdf"):
        assert ben.get(f"{PAGE}/gdpr.nothing/draft{form}").status_code == 404
    label(house, "confidential")
    ines = house.visitor("ines")
    assert [ines.get(f"{PAGE}/gdpr.notification/draft{form}").status_code for form in ("", ".md", ".pdf")] == [403, 403, 403]


def test_the_list_of_all_that_run(house: House) -> None:
    """Empty it says what would stand there; then each report with its instants, and a way to it."""
    ben = house.visitor("ben")
    assert "No report runs." in ben.read("/obligations")
    runs(house)
    said = main_of(ben, "/obligations")
    for words in ("INC-2026-0001", "Notification of the personal data breach", "GDPR, Art. 33(1)", f'{PAGE}#gdpr.register'):
        assert words in said


def test_the_list_is_kept_as_a_file(house: House) -> None:
    """What the list shows, an empty instant where the act names none; the link stands there once there are rows."""
    ben = house.visitor("ben")
    assert "Download as CSV" not in ben.read("/obligations")
    runs(house)
    assert 'href="/obligations.csv"' in ben.read("/obligations")
    sent = ben.get("/obligations.csv")
    assert "obligations.csv" in sent.headers["content-disposition"]
    heads, *rows = csv.reader(sent.text.removeprefix("\ufeff").splitlines())
    assert heads == ["Incident", "Report", "After", "To", "Act by", "Latest lawful"]
    assert [row[1:3] for row in rows] == [
        ["Notification of the personal data breach", "GDPR, Art. 33(1)"], ["Entry in the register of breaches", "GDPR, Art. 33(5)"]]
    known = house.world.view().duties
    assert known is not None
    lawful = known.standing("gdpr.notification").latest_lawful
    assert lawful is not None
    assert rows[0][5] == machine_time(lawful)
    label(house, "restricted")
    assert len(house.visitor("ines").get("/obligations.csv").text.splitlines()) == 1


def test_what_is_unanswered_is_counted_as_it_is_asked(house: House) -> None:
    """A question stands in the form of answers; an instant under what is recorded: neither is counted as the other."""
    ben = house.visitor("ben")
    answer(house.world, {"gdpr.personal_data_breach": True})
    said = main_of(ben, PAGE)
    asked = re.search(r"(\d+) questions are unanswered, and it isn't recorded when the organisation became aware\.", said)
    assert asked is not None
    assert int(asked[1]) == len(set(re.findall(r'name="([a-z_]+\.[a-z_]+)"', said)))
    assert asked[0] in main_of(ben, FIRST)
    answer(house.world, {name: value for name, value in BREACH.items() if name != "gdpr.personal_data_breach"})
    assert "It isn't recorded when the organisation became aware." in main_of(ben, PAGE)
    date(house.world, "aware", house.world.now)
    assert "recorded when" not in main_of(ben, PAGE)


def test_who_may_not_see_the_incident_sees_none_of_its_reports(house: House) -> None:
    """Neither its page, nor its rows in the list; nor may a guest say anything."""
    runs(house)
    label(house, "restricted")
    ines = house.visitor("ines")
    assert ines.get(PAGE).status_code == 404
    assert "No report runs." in ines.read("/obligations")
    waive = f"/incidents/{house.world.case}/obligations/waive"
    assert ines.send(waive, obligation="gdpr.register", reason="no").status_code == 404
    label(house, "internal")
    assert house.visitor("gil").send(waive, obligation="gdpr.register", reason="no").status_code == 403


def test_my_work_leads_to_it(house: House) -> None:
    """The question step to whoever owns it; what runs to whoever decides on it."""
    assert PAGE in house.visitor("ben").read("/")
    runs(house)
    said = house.visitor("maria").read("/")
    assert "Submit: Notification of the personal data breach" in said


def test_an_incident_that_waits_for_its_reports_says_so(house: House) -> None:
    """For what, until when, and what happens then."""
    runs(house)
    respond(house.world, "ben")
    house.world.complete_phase("responding")
    house.world.complete_phase("lessons_learned")
    house.world.answer("lessons_learned", "maria")
    said = main_of(house.visitor("ben"), FIRST)
    for words in ("report gdpr.notification", "everybody concerned is told that it should be out"):
        assert words in said


def test_the_step_leads_to_it_and_is_not_done_by_hand(house: House) -> None:
    """Its page has no button for what follows the answers."""
    said = main_of(house.visitor("ben"), f"/steps/{house.world.step('obligation_questions').id}")
    assert f'href="{PAGE}"' in said
    for words in ("Declare the step complete", "Waive the step", "Extend the due date"):
        assert words not in said


def test_the_incidents_page_and_its_document_have_them(house: House) -> None:
    """How many run, and until when; the document whole."""
    runs(house)
    assert PAGE in main_of(house.visitor("ben"), FIRST)
    assert "Notification of the personal data breach" in main_of(house.visitor("ben"), FIRST)
    assert "Notification of the personal data breach" in main_of(house.visitor("olga"), f"{FIRST}/document")


def test_what_a_relief_depends_on_is_offered_beside_what_is_owed(sqlite_store: Store, settings: Settings) -> None:
    """In the form of answers, under words of its own; it counts among nothing that is unanswered, and isn't what comes next."""
    house = under(sqlite_store, settings, "dora")
    ben, why = house.visitor("ben"), "A later limit may depend on these"
    assert "Is the organisation a credit institution?" in main_of(ben, PAGE).split(why)[1]
    answer(house.world, BREACH | {"dora.may_be_major": True, "dora.clients_affected": False})
    date(house.world, "aware", house.world.now)
    said = main_of(ben, PAGE)
    assert ("unanswered" in said.split("What comes next")[0], why in said.split("To be submitted")[0], why in said) == (False, False, True)
    assert say(ben, "answer", **{"organisation.credit_institution": "yes"}) == 303
    assert why not in main_of(ben, PAGE)


def test_a_report_is_put_off_by_whoever_decides(sqlite_store: Store, settings: Settings) -> None:
    """From the form to the page: until when, by which article, and in the history; a refusal says what the act allows."""
    house = under(sqlite_store, settings, "sec")
    world, maria = house.world, house.visitor("maria")
    assert "Record that a report is put off" not in maria.read(PAGE)
    answer(world, {"sec.may_be_material": True})
    date(world, "determined", world.now)
    world.advance(hours=1)
    said = main_of(maria, PAGE)
    assert 'value="delay_allowed|sec.item_1_05"' in said
    assert said.count('value="held_back|sec.item_1_05"') == 1, "not among what everybody may date"
    asked = {"event": "delay_allowed|sec.item_1_05", "at": "2026-01-05T09:00", "reason": "the letter of 5 January"}
    sent = maria.send(f"/incidents/{world.case}/obligations/delay", PAGE, until="2026-03-01T12:00", **asked)
    assert (sent.status_code, "Item 1.05(c) allows at most 30 days" in sent.text) == (422, True)
    assert 'value="2026-03-01T12:00"' in sent.text, "nothing typed is lost"
    assert say(maria, "delay", until="2026-02-01T12:00", **asked) == 303
    said = main_of(maria, PAGE)
    for words in ("put off until 2026-02-01 07:00 EST (12:00 UTC)", "A delay of the report was allowed, or asked for, in writing (SEC Form 8-K, Item 1.05: Form 8-K, Item 1.05)",
                  "Mon 5 Jan 2026 09:00 UTC, until Sun 1 Feb 2026 12:00 UTC", "the letter of 5 January",
                  "recorded that a delay of the report was allowed, or asked for, in writing: Mon 5 Jan 2026 09:00 UTC, of"):
        assert words in said
    assert "It takes one of these responsibilities" in main_of(house.visitor("ravi"), PAGE)
