"""How instants, spans and names read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from isms_workflow.domain.times import NaiveInstant
from isms_workflow.notify.wording import ago, instant, lines, listed, one_line, until

NOW = datetime(2026, 3, 9, 14, tzinfo=UTC)
OFF = {
    timedelta(days=3): ("in 3 days", "in 3 days"),
    timedelta(days=2, hours=23): ("in 2 days", "in 2 days"),
    timedelta(days=1): ("in 1 day", "in 1 day"),
    timedelta(hours=1, minutes=59): ("in 1 hour", "in 1 hour"),
    timedelta(minutes=5): ("in 5 minutes", "in 5 minutes"),
    timedelta(seconds=10): ("in moments", "in moments"),
    timedelta(0): ("due now", "just now"),
    timedelta(seconds=-59): ("due now", "just now"),
    timedelta(minutes=-1): ("1 minute late", "1 minute ago"),
    timedelta(hours=-30): ("1 day late", "1 day ago"),
    timedelta(days=-400): ("400 days late", "400 days ago"),
}


@pytest.mark.parametrize(("off", "said"), OFF.items())
def test_how_far_off(off: timedelta, said: tuple[str, str]) -> None:
    """Rounded down: nobody is told of more time than there is."""
    assert (until(NOW + off, NOW), ago(NOW + off, NOW)) == said


def test_an_instant_names_its_day_its_hour_and_its_zone() -> None:
    """In summer and in winter, and where zones have no letters."""
    july = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert instant(NOW, "Europe/Vienna") == "Mon 9 Mar 2026 15:00 CET"
    assert instant(july, "Europe/Vienna") == "Thu 2 Jul 2026 00:30 CEST"
    assert instant(july, "America/Sao_Paulo") == "Wed 1 Jul 2026 19:30 UTC-03"


def test_an_instant_without_a_zone_is_refused() -> None:
    """At this boundary as at every other."""
    with pytest.raises(NaiveInstant):
        instant(NOW.replace(tzinfo=None), "UTC")


@pytest.mark.parametrize(("names", "said"), [
    ((), "nobody"), (("Dana",), "Dana"), (("Dana", "Ravi"), "Dana and Ravi"),
    (("Dana", "Ravi", "Ben"), "Dana, Ravi and Ben")])
def test_names_in_a_sentence(names: tuple[str, ...], said: str) -> None:
    """As one says them."""
    assert listed(names) == said


def test_one_line_keeps_what_is_seen() -> None:
    """Letters of every script, joined as they are written; nothing that controls or turns round."""
    assert one_line(" Zoë \r\n\t美香 \u202eabc\u202c می\u200cخواهم \x00") == "Zoë 美香 abc می\u200cخواهم"


def test_lines_stay_lines() -> None:
    """Blank ones only between them."""
    assert lines("\n a \r\n\n b\x07\n\n") == "a\n\nb"
