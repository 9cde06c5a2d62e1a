"""What every model of the programme is made of."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Strict(BaseModel):
    """Nothing unknown is taken, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _of_the_day(value: Any) -> Any:
    if isinstance(value, dt.time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.match(r"^\d{1,2}:\d{2}$", value):
        return dt.time.fromisoformat(value.zfill(5))
    raise ValueError(f"{value!r} is no hour of a day: write hours and minutes of the calendar's zone, e.g. 09:00")


HourOfDay = Annotated[dt.time, BeforeValidator(_of_the_day)]
"""Hours and minutes on the wall. Pydantic alone would read a plain `9` as nine seconds past midnight."""

ONE_OR_MORE = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
"""A single name stands for a list of one."""
