"""Letters to a service one after the other, in a round that ends while they are still this deliverer's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from isms_workflow.domain.effects import Busy, EffectError, Unreachable
from isms_workflow.notify.letters import Delivery, Letter

BEGIN_WITHIN = 25.0
"""Seconds within which letters of one round are begun: a deliverer holds what it claimed for 60 s, and one letter to a
silent service may take 30. What is begun later would be sent by another deliverer too.
"""


def one_by_one(name: str, letters: Iterable[Letter], send: Callable[[Letter], Delivery | EffectError],
               begin_within: float = BEGIN_WITHIN) -> Iterator[Delivery | EffectError]:
    """The outcome of each letter, in order. After one that met no answer the others aren't tried; a service that is slow
    gets no more once the time is over: the rest is `Busy`.
    """
    begin_until, away = time.monotonic() + begin_within, None
    for letter in letters:
        if away is None and time.monotonic() >= begin_until:
            yield Busy(f"{name} is slow: this message waits for the next round.")
            continue
        found = away or send(letter)
        away = found if isinstance(found, Unreachable) else None
        yield found
