"""Lists and histories ask the database as often for many rows as for few."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from isms_workflow.store.statements.deadlines import set_aside
from isms_workflow.store.tables import cases, corrective_actions, deadlines
from tests.counting import counted
from tests.engine.actions import open_action
from tests.engine.incidents import report
from tests.engine.test_attachments import attach, sent
from tests.portal.test_calendar import address
from tests.portal.visitor import House
from tests.world import unknown

LISTS = {  # page: (who reads it, what stands once a row)
    "/audit": ("olga", "reported an incident"), "/cases": ("maria", "INC-2026-"), "/evidence": ("maria", "note-"),
    "/actions": ("maria", "CAP-2026-"), "/": ("ben", "Correct what is wrong now: "), "/system": ("alex", "set aside"), "calendar": ("ben", "somebody has to be at it"),
}


def grown(house: House, count: int) -> None:
    """So many incidents more, each with a file, deadlines that were set aside, and a corrective action that came of
    it; their labels are narrow.
    """
    for n in range(count):
        case = report(house.world, title=f"No. {n}")
        attach(house.world, "gil", sent(unknown().encode(), f"note-{n}.txt"))
        action = open_action(house.world)
        with house.world.store.write() as tx:
            tx.execute(update(corrective_actions).where(corrective_actions.c.case_id == action).values(from_case=case))
            tx.execute(update(cases).where(cases.c.id == case).values(label=("confidential", "restricted")[n % 2]))
            for each in tx.execute(select(deadlines.c.id).where(deadlines.c.case_id == case)).scalars().all():
                tx.execute(set_aside(each, house.world.now, "it can't be"))


@pytest.mark.parametrize("path", LISTS)
def test_no_list_asks_a_question_for_each_row(both_house: House, path: str) -> None:
    """Also where labels ask who the people of each row's case are."""
    house, (who, row) = both_house, LISTS[path]
    path = address(house, who) if path == "calendar" else path.format(**house.world.ids)
    visitor = house.visitor(who)

    def asked() -> tuple[int, int]:
        with counted(house.world.store) as statements:
            page = visitor.read(path)
        return len(statements), page.count(row)

    grown(house, 2)
    asked()
    few, rows = asked()
    grown(house, 8)
    many, more = asked()
    assert more > rows > 0, (rows, more)
    assert many <= few, (few, many)
