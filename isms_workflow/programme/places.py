"""Whether the calendars know a country, and a part of it."""

from __future__ import annotations

import holidays


def unknown_place(country: str, subdivision: str | None) -> str:
    """What is wrong with these codes of ISO 3166, in the words of whoever knows the holidays; "" if they are known."""
    try:
        holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError as error:
        return str(error)
    return ""
