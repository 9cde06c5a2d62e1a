"""Incidents from VERIS files, and back into them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from isms_workflow.connectors.veris import VerisRefused, schema
from isms_workflow.domain.records import AuditRecord, PersonRecord
from isms_workflow.domain.refusals import Missing, NotYours, ReasonNeeded, Wrong
from isms_workflow.engine import statistics
from isms_workflow.engine.commands import incidents, veris
from isms_workflow.store import audit
from isms_workflow.store.audit.erase import erase
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import cases, outbox
from isms_workflow.store.tables import incidents as table
from tests.counting import counted
from tests.engine.incidents import do, have_systems, report, respond, without_incidents
from tests.veris import NEWER, OLDER, SCHEMA, community, needs_veris, read, sample
from tests.world import World


def take(world: World, *documents: dict[str, Any], is_open: bool = False, by: str = "ben", lenient: bool = False) -> list[str]:
    """Somebody imports these; their references, the last one being the case of this world."""
    with world.sim.write() as (tx, when):
        done = veris.take(tx, read(*documents, lenient=lenient), is_open, world.actor(by), when)
        world.case = tx.execute(select(cases.c.id).where(cases.c.reference == done[-1].reference)).scalar_one()
    return [each.reference for each in done]


def exported(world: World) -> dict[str, Any]:
    """This world's incident as a document."""
    with world.store.read() as conn:
        return veris.export(conn, world.view())


def count(world: World, column: Any) -> int:
    """How many rows there are."""
    with world.store.read() as conn:
        return int(conn.execute(select(func.count(column))).scalar_one())


def test_an_imported_incident_is_history(both: World) -> None:
    """It stands in the register, closed; nobody is told, no clock runs, and it is exported as it came."""
    have_systems(both)
    assert take(both, sample()) == ["INC-2026-0001"]
    view = both.view()
    assert view.incident is not None
    assert (view.case.state, view.incident.category, view.case.label) == ("closed", "malware", "confidential")
    assert len(view.incident.systems) == 1, "the register knows the one that is named"
    assert both.armed(both.case) == []
    both.advance(days=30)
    with both.store.read() as conn:
        assert not conn.execute(select(outbox.c.id).where(outbox.c.channel == "mail", outbox.c.case_id == both.case)).first()
        kinds = [row.kind for row in conn.execute(select(records).order_by(records.c.seq))]
    assert kinds[-3:] == ["case.opened", "incident.reported", "incident.filed"]
    assert exported(both) == sample()


def test_an_imported_incident_is_reopened(both: World) -> None:
    """It wasn't over: its response begins, by whoever says so and with their reason, and goes the usual way to its end."""
    take(both, sample())
    with pytest.raises(ReasonNeeded):
        do(both, incidents.reopen, "ben", None, [], "")
    with pytest.raises(Wrong, match="name none"):
        do(both, incidents.reopen, "ben", None, [both.view().steps[0].id], "it is back")
    do(both, incidents.reopen, "ben", None, [], "it is back")
    view = both.view()
    assert (view.case.state, view.case.closed_at) == ("responding", None)
    assert {step.state for step in view.steps_of("responding")} & {"open"}
    assert both.mails("incident_reopened")
    with both.store.read() as conn:
        moved = conn.execute(select(records.c.body).where(records.c.kind == "case.moved")).scalars().all()
        assert statistics.read(conn) == [], "nobody here was asked to answer it in time"
    assert [json.loads(each)["data"]["event"] for each in moved] == ["reopen"]
    both.complete_phase("responding")
    assert both.view().case.state in ("resolved", "lessons_learned", "closed")
    with both.store.read() as conn:
        assert audit.verify(conn).ok
        assert statistics.read(conn) == []


def test_imported_again_it_stays_as_it_is(world: World) -> None:
    """Also within one import; a file can be imported as often as one likes."""
    names = take(world, sample(), sample(incident_id="their-18"), sample())
    assert names == ["INC-2026-0001", "INC-2026-0002", "INC-2026-0001"]
    assert take(world, sample()) == ["INC-2026-0001"]
    assert count(world, table.c.case_id) == 2


def test_what_differs_from_what_was_imported_before_is_said(world: World) -> None:
    """It isn't taken, within one import or later: the fields are named. Of one that is erased nobody knows."""
    take(world, sample())
    other = sample(summary="It was worse.", notes="See the second report.")
    with world.sim.write() as (tx, when):
        done = veris.take(tx, read(sample(), other, sample(incident_id="b"), {**other, "incident_id": "b"}), False, world.actor("ben"), when)
    assert [each.unlike for each in done] == [
        "", "it differs from what was imported before, and was not taken: notes, summary",
        "", "it differs from what was imported before, and was not taken: notes, summary"]
    assert exported(world) == sample()
    with world.sim.write() as (tx, when):
        many, = veris.take(tx, read({**sample(), "notes": None, **{f"x{n}": n for n in range(9)}}), False, world.actor("ben"), when)
    assert many.unlike.endswith("not taken: notes, x0, x1, x2, x3, x4, x5, x6, and 2 more")
    with world.sim.write() as (tx, when):
        erase(tx, world.ids["ben"], world.now)
        assert [each.unlike for each in veris.take(tx, read(other), False, world.actor("ben"), when)] == [""]


@pytest.mark.parametrize("began", [{"year": 2031, "month": 1, "day": 1}, {"year": 2031, "month": 1}, {"year": 2031}],
                         ids=["a day", "a month", "a year"])
def test_nothing_is_half_imported(world: World, began: dict[str, int]) -> None:
    """What began ahead of us can't be, however much of the day is named; the others aren't taken either."""
    with pytest.raises(VerisRefused, match=r"2.json: timeline.incident: '2031[-1]*' can't be; it lies ahead"):
        take(world, sample(), sample(incident_id="x", timeline={"incident": began}))
    assert count(world, table.c.case_id) == 0


def test_one_of_this_year_is_taken(world: World) -> None:
    """It is known no better, and began before now for all that anybody says."""
    assert take(world, sample(timeline={"incident": {"year": world.now.year}})) == ["INC-2026-0001"]


def test_whoever_has_no_part_in_incidents_imports_none(world: World) -> None:
    """It is the machine's rule, as for everything that ends one."""
    with pytest.raises(NotYours):
        take(world, sample(), by="gil")


def test_a_programme_that_doesn_t_say_how_reads_none(world: World) -> None:
    """And says what to copy."""
    without_incidents(world)
    with pytest.raises(Missing, match="section veris"):
        take(world, sample())


def test_one_that_isn_t_dealt_with_is_reported_now(world: World) -> None:
    """With its clocks and its people; what was done since is exported, and all else as it came."""
    take(world, sample(security_incident="Suspected"), is_open=True)
    assert world.view().case.state == "reported"
    assert [event for event, _ in world.armed(world.case)] == ["ladder", "response"]
    assert exported(world)["security_incident"] == "Suspected"
    respond(world, "ravi")
    said, came = exported(world), sample()
    assert said["security_incident"] == "Confirmed"
    assert said["plus"]["state"] == "responding"
    assert said["plus"]["their own"] == came["plus"]["their own"]
    assert {n: v for n, v in said.items() if n not in ("plus", "security_incident")} == {
        n: v for n, v in came.items() if n not in ("plus", "security_incident")}


def test_what_was_erased_is_not_exported(world: World) -> None:
    """The document goes with the words of whoever brought it."""
    take(world, sample(), is_open=True)
    with world.store.write() as tx:
        erased = erase(tx, world.ids["ben"], world.now)
        line = AuditRecord(PersonRecord.ERASED, world.ids["alex"], world.now, world.now, subject=world.ids["ben"])
        audit.append(tx, [line])
    assert erased.what["files that incidents were imported from"] == 1
    assert exported(world)["summary"] == "Erased."
    assert "actor" in exported(world)
    with world.store.read() as conn:
        assert audit.verify(conn).ok


@needs_veris
def test_the_community_s_files_come_and_go(both: World) -> None:
    """All of them import and round-trip, the older one where that is asked for."""
    checked = schema(SCHEMA)
    assert checked is not None
    for name in (*NEWER, OLDER):
        take(both, community(name), lenient=name == OLDER)
        assert exported(both) == community(name)
        assert checked.is_valid(exported(both)) is (name != OLDER)


@needs_veris
@pytest.mark.parametrize("category", ["malware", "social_engineering", "loss_or_theft", "outage", "data_breach", "staff", "other"])
def test_our_own_are_valid_in_the_community_s_schema(world: World, category: str) -> None:
    """Whatever their category and state."""
    report(world, category=category)
    checked = schema(SCHEMA)
    assert checked is not None
    assert list(checked.iter_errors(exported(world))) == []
    world.advance(minutes=1)
    do(world, incidents.dismiss, "ben", None, "a test")
    assert exported(world)["security_incident"] == "False positive"
    assert list(checked.iter_errors(exported(world))) == []


def test_our_own_comes_back_from_its_file(world: World) -> None:
    """Exported here and imported elsewhere, it names the same systems and category."""
    report(world, category="malware")
    said = exported(world)
    assert said["plus"]["systems"] == ["Customer records"]
    take(world, said)
    view = world.view()
    assert view.incident is not None
    assert (view.incident.category, len(view.incident.systems)) == ("malware", 1)


def test_an_import_asks_no_question_for_each_document(both: World) -> None:
    """All is decided, then written: a campaign keeps nobody waiting for longer than its writing."""
    def asked(*documents: dict[str, Any]) -> int:
        with counted(both.store) as said:
            take(both, *documents)
        return len(said)

    asked(sample())  # what a process reads once is read
    few, many = ([{**sample(), "incident_id": f"{prefix}-{n}"} for n in range(many)] for prefix, many in (("few", 2), ("many", 12)))
    assert asked(*few) == asked(*many)


def test_a_document_that_comes_twice_in_one_import_is_one_incident(both: World) -> None:
    """The second is the first already."""
    assert take(both, sample(), {**sample(), "summary": "Once more"}) == ["INC-2026-0001", "INC-2026-0001"]
    assert count(both, table.c.case_id) == 1
    assert exported(both)["summary"] == sample()["summary"], "and says what that said"
