"""What an attempt to carry out an effect may answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.errors import IsmsError


class EffectError(IsmsError):
    """An effect was not carried out; `reason` says why in words."""

    status = 502

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Unreachable(EffectError):
    """The service can't be reached: nobody's fault; tried for ever, and the whole channel pauses."""


class Busy(EffectError):
    """The service can't do this one now, but will soon: tried again, the channel goes on."""


class Refused(EffectError):
    """The service will never take this message: a dead letter that somebody is told about."""


class Unsent(EffectError):
    """Nobody is left to get this message, or they may not see what it says: not sent, and not a fault."""


class Elsewhere(EffectError):
    """It can't go this way, which the settings give to others or name no more: it goes by mail instead."""


class Held(EffectError):
    """Not now, because there are many: it is told with others at `until`, and wasn't tried."""

    def __init__(self, until: datetime) -> None:
        super().__init__("held, to be told with others")
        self.until = until


@dataclass(frozen=True, slots=True)
class Carried:
    """An effect was carried out: what its receiver answered, and whether that says that it is there.

    `letter` is the key of what it left in: several messages may leave as one, `bundled` in a flood.
    """

    answer: str = ""
    delivered: bool = False
    letter: str = ""
    bundled: bool = False


Answer = EffectError | Carried | None
"""What became of one effect; None: it was carried out, and there is nothing to say of it."""
