"""Who is counted on for incidents and may not answer one is found before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from isms_workflow.domain.answering import Unable, may_answer, unable
from isms_workflow.domain.people import Directory, Holding, Person
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
RESPONDERS = ("incident.yaml", "responders: incident_responder", "responders: [incident_responder, control_owner]")
TURNS = ("oncall.yaml", "responsibility: incident_responder", "responsibility: control_owner")
LAYER = ("oncall.yaml", "    from: 2024-01-01\n", """    from: 2024-01-01
    layers:
      - {id: night, title: Night, responsibility: control_owner, shift: 7 days, hand_over: {weekday: monday, at: 09:00}, from: 2024-01-01}
""")
FIRST = "{to: [on_call:first_line, isms_manager], offset: 2 hours}"
INFORMED = ("ladders.yaml", FIRST, FIRST.replace("isms_manager", "control_owner"))
ALONE = ("ladders.yaml", FIRST, "{to: control_owner, offset: 2 hours}")
GUEST = ("ladders.yaml", FIRST, "{to: person:gil@example.org, offset: 2 hours}")
LEVEL = "Level 1 of the ladder incident_high, which tells nobody else"
IN_PLACE_OF_ANOTHER = ("ladders.yaml", "{to: owner, offset: 0 days}", "{to: control_owner, offset: 0 days}")


def people() -> Directory:
    """Ann manages, Bob responds, Cleo owns controls, Dora does and responds as well; Gil is a guest."""
    roles = {"ann": "user", "bob": "user", "cleo": "user", "dora": "admin", "gil": "guest"}
    held: Mapping[str, tuple[str, ...]] = {"ann": ("isms_manager",), "bob": ("incident_responder",), "cleo": ("control_owner",),
                                           "dora": ("control_owner", "incident_responder")}
    return Directory({p: Person(p, role, "UTC", True) for p, role in roles.items()},
                     tuple(Holding(name, p, START, "x") for p, names in held.items() for name in names),
                     addresses={f"{p}@example.org": p for p in roles})


def programme(*changes: tuple[str, str, str]) -> Programme:
    """The shipped one, changed so."""
    files = dict(shipped())
    for file, old, new in changes:
        assert old in files[file], "the shipped programme has changed: adapt this example"
        files[file] = files[file].replace(old, new, 1)
    return parse(files)


SITUATIONS: Mapping[str, tuple[tuple[tuple[str, str, str], ...], tuple[Unable, ...]]] = {
    "as it is shipped": ((), ()),
    "responders who may not": ((RESPONDERS,), (Unable("Responders in incident.yaml", ("cleo",)),)),
    "turns": ((TURNS,), (Unable("First line", ("cleo",), "first_line"),)),
    "a layer": ((LAYER,), (Unable("First line, Night", ("cleo",), "first_line/night"),)),
    "a level that informs them beside others": ((INFORMED,), ()),
    "a level with one among them who may": ((ALONE,), ()),
    "a level that tells a guest alone": ((GUEST,), (Unable(LEVEL, ("gil",)),)),
    "a ladder of another sort": ((IN_PLACE_OF_ANOTHER,), ()),
}


@pytest.mark.parametrize(("changes", "found"), SITUATIONS.values(), ids=SITUATIONS)
def test_those_who_may_not_answer_are_found_where_they_are_counted_on(
        changes: tuple[tuple[str, str, str], ...], found: tuple[Unable, ...]) -> None:
    """Whoever is no more than informed, beside somebody who may, is none of them."""
    assert unable(programme(*changes), people()) == found


def test_a_rotation_that_no_incident_names_is_nobodys_concern() -> None:
    """Its turns may be for something else."""
    apart = shipped()["ladders.yaml"].replace("[on_call:first_line, isms_manager]", "isms_manager")
    assert unable(parse({**programme(TURNS).files, "ladders.yaml": apart}), people()) == ()


def test_it_takes_a_responsibility_of_the_machines_rule() -> None:
    """Which a guest can't hold."""
    assert [who for who in ("ann", "bob", "cleo", "dora", "gil") if may_answer(people(), who)] == ["ann", "bob", "dora"]


def test_it_is_said_with_names_and_what_would_be_right() -> None:
    """Of several people in one sentence."""
    assert Unable("First line", ("cleo", "gil"), "first_line").said(("Cleo Roux", "Gil Moreau")) == (
        "First line: Cleo Roux, Gil Moreau may not acknowledge an incident, which takes the responsibility "
        "incident_responder, isms_manager or top_management.")
