"""Incidents in and out as files, at the portal and by the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from isms_workflow.engine import programmes, reading
from isms_workflow.portal import incident_paper
from isms_workflow.portal.incident_paper import Paper
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.tables import cases, evidence
from tests.engine.incidents import report, respond
from tests.engine.lessons import add, decline, learning, take_up
from tests.engine.obligations import BREACH, answer, date, submit
from tests.portal.incidents import FIRST, label
from tests.portal.visitor import House, Visitor
from tests.veris import sample
from tests.world import OPERATOR


def send(visitor: Visitor, *documents: dict[str, Any], **ticked: str) -> Any:
    """The form, with these as one file."""
    raw = json.dumps(list(documents) if len(documents) > 1 else documents[0]).encode()
    return visitor.send("/incidents/import", "/incidents/import", files={"file": ("their.json", raw)}, **ticked)


def test_a_file_becomes_history_and_comes_out_as_it_was(house: House) -> None:
    """It is said so, and the page leads to the download."""
    ben = house.visitor("ben")
    answer = send(ben, sample())
    assert (answer.status_code, answer.headers["location"]) == (303, FIRST)
    page = ben.read(FIRST)
    for said in ("It is imported.", "As the file said", "filed it: it was dealt with before", f'href="{FIRST}/veris.json"'):
        assert said in page, said
    sent = ben.get(f"{FIRST}/veris.json")
    assert sent.json() == sample()
    assert 'INC-2026-0001.veris.json' in sent.headers["content-disposition"]
    assert "1 of 2 were imported" in (send(ben, sample(), sample(incident_id="b")), ben.read("/incidents"))[1]
    send(ben, sample(summary="It was worse."))
    assert "their.json: it differs from what was imported before, and was not taken: summary." in ben.read(FIRST)
    send(ben, *(sample(summary=f"It was worse {n} times.") for n in range(40)))
    assert "incident 3: it differs from what was imported before, and was not taken: summary. So do 37 more." in ben.read("/incidents")


def test_an_imported_one_that_isn_t_over_is_reopened(house: House) -> None:
    """With a reason; no step is to be chosen, since none was done here."""
    ben = house.visitor("ben")
    send(ben, sample())
    page = ben.read(FIRST)
    assert ("Its response begins now" in page, 'name="steps"' in page) == (True, False)
    with house.world.store.read() as conn:
        case = conn.execute(select(cases.c.id)).scalar_one()
    assert ben.send(f"/incidents/{case}/reopen", FIRST, reason="").status_code == 422
    assert ben.send(f"/incidents/{case}/reopen", FIRST, reason="it is back").status_code == 303
    page = ben.read(FIRST)
    assert ("it is back" in page, "reopened it" in page, "Contain" in page) == (True, True, True)
    assert ("chosen" in page, "ended before a response" in page, "reopened, no response was timed" in page) == (False, False, True)
    assert "ended before a response" not in ben.read("/incidents")


def test_one_that_isn_t_dealt_with_is_reported(house: House) -> None:
    """With its clocks, if that is asked for."""
    ben = house.visitor("ben")
    send(ben, sample(), open="yes")
    assert "Acknowledge: I see to it" in ben.read(FIRST)


def test_a_wrong_file_is_refused_whole_with_its_place(house: House) -> None:
    """And what would be right; the boxes stay ticked, and nothing is there."""
    ben = house.visitor("ben")
    answer = send(ben, sample(), sample(incident_id="b", action={"hackin": {}}), lenient="yes")
    assert answer.status_code == 422
    assert "their.json, incident 2: action: &#34;hackin&#34; can&#39;t be; one of hacking" in answer.text
    assert 'name="lenient" value="yes" checked' in answer.text
    assert "No incidents." in ben.read("/incidents")
    assert "--lenient" not in send(ben, sample(schema_version="1.2")).text
    assert "tick “Take what can be named”" in send(ben, sample(schema_version="1.2")).text


def test_an_older_edition_is_taken_with_what_it_isn_t(house: House) -> None:
    """If that is asked for."""
    ben = house.visitor("ben")
    assert "older than 1.3.6" in send(ben, sample(schema_version="1.2")).text
    send(ben, sample(schema_version="1.2"), lenient="yes")
    assert "1 fields aren't as the schema has them" in ben.read(FIRST)


def test_a_form_without_a_file_says_so(house: House) -> None:
    """Choose one."""
    answer = house.visitor("ben").send("/incidents/import", "/incidents/import")
    assert (answer.status_code, "No file was given" in answer.text) == (422, True)


@pytest.mark.parametrize(("who", "status"), [("gil", 403), ("olga", 403), ("alex", 200), ("maria", 200)])
def test_who_imports(house: House, who: str, status: int) -> None:
    """Whoever may write sees the form; whoever answers incidents sends it."""
    visitor = house.visitor(who)
    assert visitor.get("/incidents/import").status_code == status
    assert ('href="/incidents/import"' in visitor.read("/incidents")) is (status == 200)
    if who != "maria":
        assert send_raw(visitor) == 403


def send_raw(visitor: Visitor) -> int:
    """The form as somebody sends it who has none."""
    files = {"file": ("a.json", json.dumps(sample()).encode())}
    return visitor.send("/incidents/import", files=files).status_code


def test_a_restricted_incident_is_exported_to_its_people_alone(house: House) -> None:
    """To others it reads like one that isn't there."""
    report(house.world)
    label(house, "restricted")
    assert house.visitor("ben").get(f"{FIRST}/veris.json").status_code == 200
    assert house.visitor("gil").get(f"{FIRST}/veris.json").status_code == 404


def paper(house: House, who: str) -> Paper:
    """The document as it is set for somebody who sees files of the label internal alone, or all."""
    world = house.world
    with world.store.read() as conn:
        return incident_paper.read(conn, world.view(), lambda label: who == "ben" or label == "internal", lambda _: who == "ben")


def test_the_document_holds_all_that_happened(house: House) -> None:
    """Facts, steps, files with their digests, and every record; the same incident is the same file."""
    report(house.world, title="Someone *reads* our mails #1")
    respond(house.world, "ravi")
    house.world.evidence("contain", "ravi")
    ben = house.visitor("ben")
    assert f'href="{FIRST}/document.pdf"' in ben.read(FIRST)
    sent = ben.get(f"{FIRST}/document.pdf")
    assert (sent.status_code, sent.headers["content-type"], sent.content[:5]) == (200, "application/pdf", b"%PDF-")
    house.world.sim.now += timedelta(hours=1)
    assert ben.get(f"{FIRST}/document.pdf").content == sent.content
    assert house.visitor("maria").get(f"{FIRST}/document.pdf").content == sent.content, "nobody is called you"
    said = repr(paper(house, "ben"))
    for each in ("Someone *reads* our mails #1", "Customer records", "Contain the incident", "Ravi Singh", "started responding",
                 "added evidence", "reported an incident, assessed as high"):
        assert each in said, each


def test_the_document_holds_the_reports_that_are_owed(house: House) -> None:
    """Each with its state and instants, who submitted it when, and the file that proves it; and the step of questions."""
    world = house.world
    with world.sim.write() as (tx, when):
        programmes.apply(tx, parse(shipped()), OPERATOR, when)
    report(world)
    world.advance(hours=1)
    answer(world, BREACH)
    date(world, "aware", world.now)
    submit(world, "gdpr.notification", "maria")
    said = repr(paper(house, "ben"))
    for each in ("Obligations to report", "Art. 33(1)", "submitted", "by Maria Okafor, gdpr.notification.pdf (", "Say which reports are owed", "running"):
        assert each in said, each
    with world.store.write() as tx:
        tx.execute(update(evidence).values(label="restricted"))
    assert "by Maria Okafor, one that isn’t shown" in repr(paper(house, "gil"))
    first = paper(house, "ben").pdf()
    with world.store.read() as conn:
        later = reading.view(conn, world.case, world.now + timedelta(days=40))
        assert incident_paper.read(conn, later, lambda _: True, lambda _: True).pdf() == first, "nothing happened"


def owing(house: House, *regimes: str) -> None:
    """An incident that is reported under the programme as it is shipped, where these regimes hold as well."""
    files = dict(shipped())
    name = "obligations/organisation.yaml"
    for each in regimes:
        files[name] = files[name].replace(f"{each}: no", f"{each}: yes")
    with house.world.sim.write() as (tx, when):
        programmes.apply(tx, parse(files), OPERATOR, when)
    report(house.world)


def test_the_document_says_by_how_much_a_report_was_late(house: House) -> None:
    """Beside that it was submitted."""
    owing(house)
    answer(house.world, BREACH)
    date(house.world, "aware", house.world.now)
    house.world.advance(days=4, hours=2)
    submit(house.world, "gdpr.notification", "maria", reason="the figures came late")
    assert "'submitted, 1 day late'" in repr(paper(house, "ben"))


def classified_again(house: House) -> None:
    """As major, after it turned out not to be."""
    world = house.world
    owing(house, "dora")
    answer(world, {"dora.may_be_major": True})
    date(world, "aware", world.now)
    date(world, "classified", world.now, of="dora")
    world.advance(hours=1)
    submit(world, "dora.initial", "maria")
    world.advance(hours=1)
    date(world, "reclassified", world.now, of="dora")
    submit(world, "dora.reclassification", "maria")
    world.advance(hours=1)
    date(world, "classified", world.now, of="dora")


def asked_again(house: House) -> None:
    """By the authority, for what it had."""
    world = house.world
    owing(house, "nis2")
    answer(world, {"nis2.significant": True})
    date(world, "requested", world.now, of="nis2.intermediate", until=world.now + timedelta(days=2))
    world.advance(hours=1)
    submit(world, "nis2.intermediate", "maria")
    world.advance(hours=1)
    date(world, "requested", world.now, of="nis2.intermediate", until=world.now + timedelta(days=2))


@pytest.mark.parametrize(("happens", "stage"), [(classified_again, "dora.initial"), (asked_again, "nis2.intermediate")],
                         ids=["classified again", "asked again"])
def test_the_document_says_which_submissions_were_of_an_earlier_round(house: House, happens: Any, stage: str) -> None:
    """They are no answer to what is owed now; what is submitted now is."""
    happens(house)
    anew = f", before it began anew by Maria Okafor, {stage}.pdf ("
    assert repr(paper(house, "ben")).count(anew) == 1
    house.world.advance(hours=1)
    submit(house.world, stage, "maria")
    said = repr(paper(house, "ben"))
    assert (said.count(anew), said.count(f" by Maria Okafor, {stage}.pdf (")) == (1, 2)



def test_the_document_says_who_is_told_when(house: House) -> None:
    """What happened of the ladder and what is ahead of it; nothing more once somebody responds."""
    world = house.world
    report(world)
    world.advance(hours=3)
    said = repr(paper(house, "ben"))
    for each in ("Who is told when, while nobody is at it", "had level 1 of ladder", "the response is recorded as missed, unless somebody acts"):
        assert each in said, each
    respond(world, "ben")
    assert "unless somebody acts" not in repr(paper(house, "ben"))


def test_the_document_holds_what_was_learned(house: House) -> None:
    """Each entry with its author, the root cause as such, and what became of what is to change."""
    world = house.world
    learning(world)
    why = add(world, "cause", "Nobody watches the log")
    add(world, "cause", "It is nobody's duty", parent=why)
    add(world, "event", "The vendor called", at=world.now)
    add(world, "well", "The phones worked")
    add(world, "improve", "Alerts came late")
    take_up(world, add(world, "item", "Make it a duty"))
    decline(world, add(world, "item", "Buy another tool"))
    add(world, "item", "Count keys")
    said = repr(paper(house, "ben"))
    for each in ("Added to the timeline", ": The vendor called (Ben Ito", "What went well", "The phones worked (Ben Ito", "Alerts came late (",
                 "↳ It is nobody's duty (root cause; Ben Ito", "Make it a duty (corrective action CAP-2026-0001, correcting; Ben Ito",
                 "Buy another tool (declined: “It costs more than it saves”; Ben Ito", "Count keys (undecided; Ben Ito"):
        assert each in said, each
    hidden = repr(paper(house, "gil"))
    assert ("corrective action one that isn’t shown" in hidden, "CAP-2026-0001, correcting" in hidden) == (True, False)


def test_the_document_tells_nothing_of_a_file_that_is_hidden(house: House) -> None:
    """Neither its name nor that it was added."""
    report(house.world)
    respond(house.world, "ravi")
    house.world.evidence("contain", "ravi")
    with house.world.store.write() as tx:
        tx.execute(update(evidence).values(label="restricted"))
    assert "added evidence" in repr(paper(house, "ben"))
    assert "added evidence" not in repr(paper(house, "gil"))
    assert "No file that may be shown here." in repr(paper(house, "gil"))


def test_a_restricted_incident_is_on_paper_for_its_people_alone(house: House) -> None:
    """To others it reads like one that isn't there."""
    report(house.world)
    label(house, "restricted")
    assert house.visitor("gil").get(f"{FIRST}/document.pdf").status_code == 404


@pytest.mark.parametrize("file", ["veris.json", "document.pdf"])
def test_what_is_no_incident_has_no_such_file(planning: House, file: str) -> None:
    """The cycle's reference at an incident's address."""
    assert planning.visitor("maria").client.get(f"/incidents/PDCA-2026-0001/{file}").status_code == 404
