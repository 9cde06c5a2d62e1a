"""One person's page: what they let others do for them, and from when until when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from isms_workflow.store.tables import delegations, organisation
from tests.portal.visitor import House

DAYS = {  # zone, day: from its start until its end, UTC
    "a day like others": ("Europe/Vienna", "2026-03-12", (11, 23), (12, 23)),
    "the day on which summer time begins, of 23 hours": ("Europe/Vienna", "2026-03-29", (28, 23), (29, 22)),
    "the day on which summer time ends, of 25 hours": ("Europe/Vienna", "2026-10-25", (24, 22), (25, 23)),
    "a day that begins at one o'clock": ("America/Santiago", "2026-09-06", (6, 4), (7, 3)),
}


@pytest.mark.parametrize(("zone", "day", "starts", "ends"), DAYS.values(), ids=DAYS)
def test_a_delegation_is_given_by_whole_days(house: House, zone: str, day: str, starts: tuple[int, int],
                                             ends: tuple[int, int]) -> None:
    """From the start of its first day until the end of its last, as the organisation's clocks have them."""
    with house.world.store.write() as tx:
        tx.execute(update(organisation).values(zone=zone))
    page = f"/people/{house.world.ids['dana']}"
    answer = house.visitor("dana").send(f"{page}/delegate", page, **{"to": house.world.ids["ines"], "from": day, "until": day})
    assert answer.status_code == 303
    month = int(day[5:7])
    with house.world.store.read() as conn:
        given = conn.execute(select(delegations.c.starts_at, delegations.c.ends_at)).one()
    assert tuple(given) == tuple(datetime(2026, month, *each, tzinfo=UTC) for each in (starts, ends))
