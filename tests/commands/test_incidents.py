"""`isms incidents`: what the operator sees and reports, and how the clocks are explained."""

from __future__ import annotations

from datetime import timedelta

import pytest

from isms_workflow.commands import incidents as commands
from isms_workflow.engine.commands import incidents
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from tests.engine.incidents import do, have_systems, report, respond
from tests.shell import Shell
from tests.world import World, found

HOUR = timedelta(hours=1)


@pytest.fixture
def world(store: Store, settings: Settings, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> World:
    """The cast in office on the database that the shell speaks to, which looks at the same clock."""
    world = found(store)
    monkeypatch.setattr(commands, "utc_now", lambda: world.now)
    return world


def test_the_operator_reports_and_sees_what_was_reported(world: World, shell: Shell) -> None:
    """Beside the database, as the operator; a system is named as the register names it, whatever its capitals."""
    assert "Nothing was reported yet" in shell.ok("incidents list")
    have_systems(world)
    said = shell.ok("incidents report", "The shop is down", "--category", "outage", "--system", "web SHOP", "--exercise",
                    "--description", "since noon", "--key", "mon-1")
    assert "is reported, severity critical: somebody has to be at it by" in said
    name = said.split()[0]
    assert "The shop is down" in shell.ok("incidents list")
    said = shell.ok(f"incidents show {name}")
    for each in ("severity critical", "Web shop", "The operator", "mon-1", "waits for its triage", "Contain the incident"):
        assert each in said
    assert "counts another occurrence" in shell.ok(
        "incidents report", "The shop is down", "--category", "outage", "--key", "mon-1")


def test_what_a_stranger_wrote_gives_the_terminal_no_orders(world: World, shell: Shell) -> None:
    """Escape sequences in a title are shown as what they are."""
    report(world, title="Fire\x1b[2J\nalarm")
    for line in ("incidents list", f"incidents show {world.view().case.reference}"):
        said = shell.ok(line)
        assert "\x1b" not in said
        assert "Fire\ufffd[2J alarm" in said


def explained(world: World, shell: Shell) -> str:
    """What is said of this world's incident now."""
    return shell.ok(f"incidents explain {world.view().case.reference}")


def test_before_anything_happened_it_says_who_will_be_told(world: World, shell: Shell) -> None:
    """Each clock's rule and instant, each level with whoever is in office now."""
    report(world)
    said = explained(world, shell)
    assert "Response: 4 hours from 2026-01-05 08:00:01 UTC: 2026-01-05 12:00:01 UTC" in said
    assert "Level 1, who is on call (First line) and ISMS manager: 2 hours from 2026-01-05 08:00:01 UTC: 2026-01-05 10:00:01 UTC" in said
    assert "2026-01-05 08:00:01 UTC  was reported by Gil Moreau, severity high: the response team was told" in said
    assert "Ben Ito" in said
    ahead = said.partition("if nobody acts:")[2]
    assert "2026-01-05 10:00:01 UTC  level 1: who is on call (First line) and ISMS manager (Ravi Singh, Maria Okafor)" in ahead
    assert "2026-01-05 12:00:01 UTC  level 2: top management (Dana Weber), then every 4 hours" in ahead


def test_a_stop_is_named_with_what_it_moved(world: World, shell: Shell) -> None:
    """By whom, from when to when, and the instant that came of it; a word doesn't move the response."""
    report(world)
    world.advance(hours=1)
    do(world, incidents.pause, "ben", None, world.now + HOUR, "waits for the vendor")
    assert "if what stops it ends by itself at 2026-01-05 10:00:01 UTC:\n  2026-01-05 11:00:01 UTC  level 1" in explained(world, shell)
    world.advance(hours=1)
    do(world, incidents.acknowledge, "ravi", None)
    said = explained(world, shell)
    assert "Ravi Singh gave their word, which holds until 2026-01-05 11:00:01 UTC" in said
    response, level, *_ = said.split("\nLevel ")
    assert "stood still for a pause by Ben Ito, 2026-01-05 09:00:01 UTC to 2026-01-05 10:00:01 UTC" in response
    assert "so it is 2026-01-05 13:00:01 UTC" in response
    assert "the word of Ravi Singh" not in response
    assert "and still does" in level
    # asked after an hour and twice half an hour later, it lapses at noon; an hour of the level's two is left
    assert "ends by itself at 2026-01-05 12:00:01 UTC:\n  2026-01-05 13:00:01 UTC  level 1" in said


def test_what_is_foretold_is_what_happens(world: World, shell: Shell) -> None:
    """The levels are told at the instants that were said before, and are said so afterwards."""
    report(world)
    world.advance(minutes=30)
    do(world, incidents.acknowledge, "ravi", None)
    foretold = [line.split("  level")[0].strip() for line in explained(world, shell).splitlines() if "UTC  level" in line]
    world.advance(days=1)
    told = [line.split("  level")[0].strip() for line in explained(world, shell).partition("Who was told")[0].splitlines()
            if "UTC  level" in line]
    assert len(foretold) == 2
    assert told[:2] == foretold


def test_after_the_fact_it_says_the_same(world: World, shell: Shell) -> None:
    """Who was told when, by whom it came, and that nobody will be."""
    report(world)
    do(world, incidents.escalate, "ben", None, "she has to know")
    world.advance(hours=5)
    do(world, incidents.reassess, "ben", None, "critical", "customers")
    respond(world, "ravi")
    world.complete_phase("responding")
    said = explained(world, shell)
    for each in ("2026-01-05 08:00:01 UTC  level 1 of incident_high was told: who is on call (First line) and ISMS manager, by Ben Ito",
                 "2026-01-05 12:00:01 UTC  level 2 of incident_high was told: top management (1 person)",
                 "2026-01-05 12:00:01 UTC  nobody was at it by 2026-01-05 12:00:01 UTC",
                 "Ben Ito changed the severity from high to critical",
                 "Ravi Singh started responding", "nobody: its escalation has ended"):
        assert each in said, said


def test_one_that_was_taken_back_says_how_long_its_clocks_stood(world: World, shell: Shell) -> None:
    """Dismissed and taken back."""
    report(world)
    do(world, incidents.dismiss, "ben", None, "the scanner")
    assert "nobody: its escalation has ended" in explained(world, shell)
    world.advance(hours=3)
    do(world, incidents.take_back, "ben", None, "it was none")
    assert "stood still for an end by Ben Ito, 2026-01-05 08:00:01 UTC to 2026-01-05 11:00:01 UTC" in explained(world, shell)


def test_states_and_what_happened_are_said_as_the_portal_says_them(world: World, shell: Shell) -> None:
    """A dismissal, and a merge, which counts as once more but was reported by nobody."""
    report(world)
    do(world, incidents.dismiss, "ben", None, "the scanner")
    said = explained(world, shell)
    assert "Ben Ito dismissed it as a false positive" in said
    assert "INC-2026-0001 is false positive, severity high" in said
    into, gone = report(world), report(world)
    with world.sim.write() as (tx, when):
        incidents.merge(tx, gone, None, "INC-2026-0002", "", world.actor("ben"), when)
    world.case = into
    said = explained(world, shell)
    assert "Ben Ito merged INC-2026-0003 into it, which counts as having happened again" in said
    assert "occurred again" not in said


def test_an_exercise_is_reported_on(world: World, shell: Shell) -> None:
    """Who was told, who answered, what was missed; one that is real is refused."""
    have_systems(world)
    name = shell.ok("incidents report", "The shop is down", "--category", "outage", "--system", "web shop", "--exercise").split()[0]
    said = shell.ok(f"incidents drill {name}")
    for each in ("EXERCISE", "Nobody responded.", "Ben Ito", "report", "Who answered:\nnobody"):
        assert each in said, each
    report(world)
    assert "exercise" in shell.refused(f"incidents drill {world.view().case.reference}")


def test_what_became_of_each_message_is_explained(world: World, shell: Shell) -> None:
    """Under both names of the command: to whom, by which way, and whether it left."""
    report(world)
    for command in ("escalation explain INC-2026-0001", "incidents explain INC-2026-0001"):
        said = shell.ok(command)
        assert "What became of each message:" in said
        assert any(line.split()[3:] == ["Ben", "Ito", "the", "report", "mail", "queued", "-", "-"] for line in said.splitlines())


def test_the_escalation_of_a_cycle_is_explained_too(world: World, shell: Shell) -> None:
    """Its steps are escalated as well."""
    world.open_cycle()
    said = shell.ok("escalation explain PDCA-2026-0001")
    assert "escalates to top management" in said
    assert "a step" in said
