"""Incidents at the portal: who reports, who sees what, what is done and what is refused."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from isms_workflow.engine import programmes
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import kept, shipped
from isms_workflow.store.tables import cases
from tests.counting import counted
from tests.engine.incidents import do, have_systems, report, respond, without_incidents
from tests.portal.incidents import FIRST, act, label, main_of
from tests.portal.visitor import House
from tests.world import CAST, OPERATOR, unknown

SAID = {"title": "A strange mail", "category": "social_engineering", "description": "It asks for passwords."}


@pytest.mark.parametrize("who", CAST)
def test_everybody_reports_in_a_minute(house: House, who: str) -> None:
    """Whatever their role: it is the one thing that guests and auditors write; then they see how it stands."""
    visitor = house.visitor(who)
    assert 'href="/incidents/report"' in visitor.read("/people")
    answer = visitor.send("/incidents/report", "/incidents/report", **SAID)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{FIRST}/report")
    page = visitor.read(f"{FIRST}/report")
    assert "A strange mail" in page
    assert "Nobody has looked at it yet" in page
    assert f"{FIRST}/report" in main_of(visitor, "/")


def test_a_form_that_is_sent_again_leads_to_what_it_has_become(house: House) -> None:
    """As after *Back*, or by an impatient finger; a form that is opened anew is another report."""
    gil = house.visitor("gil")
    hidden = dict(gil.hidden("/incidents/report", "/incidents/report"))
    answers = [gil.client.post("/incidents/report", data={**hidden, **SAID}) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [f"{FIRST}/report"] * 2
    assert "You had sent this form already: it is INC-2026-0001." in gil.read(f"{FIRST}/report")
    assert gil.send("/incidents/report", "/incidents/report", **SAID).headers["location"] != f"{FIRST}/report"


def test_a_report_says_which_systems_and_when(house: House) -> None:
    """Systems of the register, and the local time at which it began."""
    have_systems(house.world)
    gil = house.visitor("gil")
    with house.world.store.write() as tx:
        tx.execute(update(cases).values(label="internal"))
    systems = re.findall(r'name="systems" value="([^"]+)"', gil.read("/incidents/report"))
    gil.send("/incidents/report", "/incidents/report", **SAID, systems=systems, occurred_at="2026-01-04T17:30", exercise="yes")
    page = gil.read(f"{FIRST}/report")
    assert all(said in page for said in ("Customer records, Web shop", "Sun 4 Jan 2026 17:30 UTC", "Exercise"))


REFUSED = {
    "without words": ({"title": " "}, "report-title"),
    "of no category": ({"category": ""}, "report-category"),
    "of tomorrow": ({"occurred_at": "2026-01-06T08:00"}, "report-occurred_at"),
    "of no time at all": ({"occurred_at": "noon"}, "report-occurred_at"),
    "of a system that nobody knows": ({"systems": "nowhere"}, ""),
}


@pytest.mark.parametrize(("typed", "field"), REFUSED.values(), ids=REFUSED)
def test_a_report_that_is_refused_comes_back_as_it_was_typed(house: House, typed: dict[str, str], field: str) -> None:
    """Nothing of it is lost, and the summary leads to what was wrong."""
    answer = house.visitor("gil").send("/incidents/report", "/incidents/report", **{**SAID, **typed})
    assert (answer.status_code, "It asks for passwords." in answer.text, 'role="alert"' in answer.text) == (422, True, True)
    assert f'href="#{field}"' in answer.text if field else True


@pytest.mark.parametrize("name", ["internal", "confidential", "restricted"])
def test_who_reported_sees_their_report_and_nothing_else(reported: House, name: str) -> None:
    """Whatever the label; the incident's own address and the search lead them there."""
    label(reported, name)
    do(reported.world, incidents.acknowledge, "ben", None)
    gil = reported.visitor("gil")
    page = main_of(gil, f"{FIRST}/report")
    assert "Someone reads our mails" in page
    assert not any(word in page for word in ("Ben Ito", "high", "History"))
    if name != "internal":
        assert gil.get(FIRST).headers["location"] == f"{FIRST}/report"
        assert gil.get("/search?q=inc-2026-0001").headers["location"] == FIRST
        assert gil.get(f"{FIRST}/document").status_code == (404 if name == "restricted" else 403)
    assert reported.visitor("olga").get(f"{FIRST}/report").status_code == 404


def test_each_state_is_said_to_whoever_reported_it(reported: House) -> None:
    """In words that need no glossary."""
    gil, world = reported.visitor("gil"), reported.world
    do(world, incidents.triage, "ben", None, "high", "")
    assert "It waits for somebody to respond." in gil.read(f"{FIRST}/report")
    do(world, incidents.respond, "ben", None)
    assert "The response team is at it." in gil.read(f"{FIRST}/report")
    world.complete_phase("responding")
    assert "What can be learned" in gil.read(f"{FIRST}/report")


RIGHTS = {  # who: (the main action, whether it is theirs)
    "ben": ("Acknowledge: I see to it", True), "maria": ("Acknowledge: I see to it", True),
    "dana": ("Acknowledge: I see to it", True), "ines": ("Triage it", False), "alex": ("Triage it", False),
}


@pytest.mark.parametrize(("who", "main", "theirs"), [(who, *rest) for who, rest in RIGHTS.items()])
def test_what_can_be_done_comes_from_the_machine_and_the_rights(reported: House, who: str, main: str, theirs: bool) -> None:
    """Whoever may not is told what it takes, and their form is refused."""
    visitor = reported.visitor(who)
    page = main_of(visitor, FIRST)
    assert (f">{main}</button>" in page) is theirs
    assert ("It takes one of these responsibilities: ISMS manager, Incident responder" in page.replace(
        "Incident responder, ISMS manager", "ISMS manager, Incident responder")) is not theirs
    answer = visitor.send(f"/incidents/{reported.world.case}/triage", severity="high", version="1")
    assert answer.status_code == (303 if theirs and who != "dana" else 403)


@pytest.mark.parametrize("who", ["olga", "gil"])
def test_roles_that_only_look_have_no_form(reported: House, who: str) -> None:
    """And are refused by its address."""
    visitor = reported.visitor(who)
    assert f"/incidents/{reported.world.case}/" not in main_of(visitor, FIRST)
    assert visitor.send(f"/incidents/{reported.world.case}/acknowledge", version="1").status_code == 403


def test_it_is_acknowledged_triaged_and_answered(reported: House) -> None:
    """One main action a state; triage and response in one transaction where that is ticked."""
    ben = reported.visitor("ben")
    assert act(ben, "acknowledge") == 303
    page = main_of(ben, FIRST)
    assert "Acknowledged by" in page
    assert '<button class="main">Triage it</button>' in page
    assert act(ben, "triage", severity="high", respond="yes", reason="") == 303
    page = main_of(ben, FIRST)
    assert all(said in page for said in ("responding", "answered in time", "Contain the incident", "triaged it as high"))
    assert 'class="main"' not in page
    assert reported.world.view().case.state == "responding"


def test_triage_and_response_are_both_refused_if_one_is(reported: House) -> None:
    """Another severity without a reason: nothing of it is written, and the form comes back."""
    ben = reported.visitor("ben")
    answer = ben.send(f"/incidents/{reported.world.case}/triage", FIRST, severity="low", respond="yes", reason="")
    assert (answer.status_code, 'href="#triage-reason"' in answer.text) == (422, True)
    assert re.search(r'name="respond" value="yes" checked', answer.text)
    assert reported.world.view().case.state == "reported"


def test_every_action_by_hand(reported: House) -> None:
    """Escalated, paused and resumed, reassessed, dismissed and taken back."""
    ben, world = reported.visitor("ben"), reported.world
    assert act(ben, "escalate", reason="the manager has to know") == 303
    assert act(ben, "pause", until="2026-01-05T12:30", reason="waits for the vendor") == 303
    page = main_of(ben, FIRST)
    assert all(said in page for said in ("Paused by", "Mon 5 Jan 2026 12:30 UTC", "waits for the vendor", "its clocks stand still"))
    assert act(ben, "resume") == 303
    assert act(ben, "triage", severity="high") == 303
    assert act(ben, "reassess", severity="medium", reason="only the intranet") == 303
    assert "Changed by you: only the intranet" in main_of(ben, FIRST)
    assert act(ben, "dismiss", reason="a test of the scanner") == 303
    assert "Take it back" in main_of(ben, FIRST)
    assert act(ben, "take-back", reason="it was none") == 303
    assert world.view().case.state == "triaged"
    assert ben.send(f"/incidents/{world.case}/explode").status_code == 404


FORMS = {
    "a pause without an end": ("pause", {"until": "", "reason": "so"}, "pause-until"),
    "a pause in the past": ("pause", {"until": "2026-01-01T08:00", "reason": "so"}, "pause-until"),
    "a pause until some day": ("pause", {"until": "2026-01-07", "reason": "so"}, "pause-until"),
    "a merger with itself": ("merge", {"into": "INC-2026-0001"}, "merge-into"),
    "a merger with nothing": ("merge", {"into": "INC-2026-0099"}, "merge-into"),
    "a dismissal without a reason": ("dismiss", {"reason": " "}, "dismiss-reason"),
}


@pytest.mark.parametrize(("event", "typed", "field"), FORMS.values(), ids=FORMS)
def test_a_form_that_is_refused_comes_back(reported: House, event: str, typed: dict[str, str], field: str) -> None:
    """On the incident's page, with a summary that leads to the field."""
    answer = reported.visitor("ben").send(f"/incidents/{reported.world.case}/{event}", FIRST, **typed)
    assert (answer.status_code, f'href="#{field}"' in answer.text, "What happened" in answer.text) == (422, True, True)


def test_a_stale_form_shows_both(reported: House) -> None:
    """Ravi was quicker: Ben's words stand beside what is there now; also where the address has the reference."""
    ben, path = reported.visitor("ben"), f"/incidents/{reported.world.case}/triage"
    hidden = dict(ben.hidden(FIRST, path))
    do(reported.world, incidents.triage, "ravi", None, "critical", "customers are affected")
    for address in (path, f"{FIRST}/triage"):
        answer = ben.client.post(address, data={**hidden, "severity": "medium", "reason": "only one mail"})
        assert answer.status_code == 409
        for yours, now in (("medium", "critical"), ("only one mail", "customers are affected"), ("nothing", "triaged")):
            assert f'data-label="Yours">{yours}</td><td data-label="Now">{now}' in answer.text


def test_a_storm_of_the_same_makes_no_page_slow(reported: House) -> None:
    """However many are alike, or were merged into it, is asked at once; of very many the first are proposed."""
    world = reported.world
    label(reported, "confidential")  # as those are that are merged into it
    report(world)

    def asked(path: str) -> tuple[int, int]:
        with counted(world.store) as statements:
            page = reported.visitor("ben").read(path)
        return len(statements), page.count('#merge"')

    few, proposed = asked(FIRST)
    others = [report(world) for _ in range(25)]
    many, most = asked(FIRST)
    assert (proposed, most) == (1, 20)
    for world.case in others[:12]:
        do(world, incidents.merge, "ben", None, "INC-2026-0001", "the same")
    merged, rest = asked(FIRST)
    assert rest == 14
    assert max(many, merged) <= few + 10, (few, many, merged)


def test_a_second_report_of_the_same_is_proposed_and_merged(reported: House) -> None:
    """The form stands filled in; afterwards each names the other; one that is restricted isn't proposed to whoever may not see it."""
    first = reported.world.case
    report(reported.world)
    second, ben = reported.world.case, reported.visitor("ben")
    page = main_of(ben, "/incidents/INC-2026-0002")
    assert 'href="?into=INC-2026-0001#merge"' in page
    assert 'value="INC-2026-0001"' in ben.read("/incidents/INC-2026-0002?into=INC-2026-0001")
    with reported.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.id == second).values(label="internal"))
        tx.execute(update(cases).where(cases.c.id == first).values(label="restricted"))
    assert "INC-2026-0001" not in main_of(reported.visitor("ines"), "/incidents/INC-2026-0002")
    assert ben.send(f"/incidents/{second}/merge", "/incidents/INC-2026-0002", into="inc-2026-0001").status_code == 303
    assert "Merged into" in main_of(ben, "/incidents/INC-2026-0002")
    page = main_of(reported.visitor("ines"), "/incidents/INC-2026-0002")
    assert ("INC-2026-0001" in page, "isn’t shown to you" in page) == (False, True)
    page = main_of(ben, FIRST)
    assert all(said in page for said in ("It happened again once", "Merged from", "INC-2026-0002"))


def test_a_closed_one_is_read_and_reopened(reported: House) -> None:
    """Steps, lessons and gate are linked; the gate's page speaks of incidents; the document names its decisions."""
    world, maria = reported.world, reported.visitor("maria")
    respond(world, "ben")
    world.complete_phase("responding")
    world.complete_phase("lessons_learned")
    gate = maria.read(f"/gates/{world.gate('lessons_learned').id}")
    assert ">Approve lessons learned</button>" in gate
    assert 'href="/incidents" aria-current="page"' in gate
    assert "cycle goes on" not in gate
    assert "Approve lessons learned" in main_of(maria, "/")
    world.answer("lessons_learned", "maria")
    step = maria.read(f"/steps/{world.step('contain').id}")
    assert 'href="/incidents" aria-current="page"' in step
    assert "closed" in main_of(maria, FIRST)
    assert "Gate: approve lessons learned" in main_of(maria, f"{FIRST}/document")
    answer = maria.send(f"/incidents/{world.case}/reopen", FIRST, steps=world.step("recover").id, reason="it is back")
    assert answer.status_code == 303
    assert "reopened it" in main_of(maria, FIRST)


def test_the_address_of_a_case_and_the_search_lead_to_the_incident(reported: House) -> None:
    """Whatever somebody typed or kept."""
    ben = reported.visitor("ben")
    assert ben.get("/cases/INC-2026-0001").headers["location"] == FIRST
    assert ben.get("/search?q=inc-2026-0001").headers["location"] == FIRST
    assert reported.visitor("ben").get(f"/incidents/{unknown()}").status_code == 404


def test_the_isms_manager_puts_it_under_another_programme(reported: House) -> None:
    """Only where another is in force, and only they."""
    maria, ben, world = reported.visitor("maria"), reported.visitor("ben"), reported.world
    assert "Re-plan it" not in main_of(maria, FIRST)
    texts = {**shipped(), "incident.yaml": shipped()["incident.yaml"].replace("response: 4 hours", "response: 5 hours")}
    with world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, world.when())
    assert "Re-plan it" not in main_of(ben, FIRST)
    assert act(maria, "re-plan", reason="the new clocks are better") == 303
    page = main_of(maria, FIRST)
    assert "put it under programme" in page
    assert "Rule 4 of the programme" in page, "as it was when it was reported"
    assert "Re-plan it" not in page


def test_without_a_section_on_incidents_the_form_says_so(house: House) -> None:
    """An organisation that was set up before they were there isn't led into a dead end."""
    without_incidents(house.world)
    assert "says nothing of incidents" in house.visitor("gil").read("/incidents/report")
    assert "No incidents." in house.visitor("gil").read("/incidents")


def test_people_are_told_what_a_responder_does(house: House) -> None:
    """Beside the steps that it owns."""
    assert "answers incidents" in house.visitor("gil").read("/people")
