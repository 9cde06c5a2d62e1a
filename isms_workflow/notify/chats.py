"""Chat and telephone services through Apprise, at an address that the operator's settings name."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator

from isms_workflow.domain.effects import EffectError, Refused, Unreachable
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.notify.rounds import one_by_one
from isms_workflow.notify.wording import one_line

AT_FAULT = frozenset({"400", "413", "422"})
"""Answers by which a service says that this message can't be taken; every other failure it would meet with any message."""

_ERROR = re.compile(r"error=(\d{3})")
_ADDRESS = re.compile(r"\S+://\S+")


class Chat:
    """Tells in a line and a link: such a service is seen by others, and a telephone has little room.

    Apprise says whether a message was taken; why not stands in its log alone, of which we keep the last line.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name, self._address = name, address

    def send_many(self, letters: Iterable[Letter]) -> Iterator[Delivery | EffectError]:
        """As `rounds.one_by_one`."""
        import apprise  # takes a third of a second: whoever has no such way doesn't wait for it

        service = apprise.Apprise()
        is_known = service.add(self._address)

        def tell(letter: Letter) -> Delivery | EffectError:
            if not is_known:
                return Unreachable(f"{self.name}: Apprise doesn't understand its address; look at the setting ways.{self.name}.")
            with _Said() as said:
                taken = service.notify(title=letter.short(), body=letter.url, body_format=apprise.NotifyFormat.TEXT)
            return Delivery(letter.key, "taken by the service") if taken else self._meaning(said.line)

        yield from one_by_one(self.name, letters, tell)

    def _meaning(self, line: str) -> EffectError:
        found = _ERROR.search(line)
        if found and found[1] in AT_FAULT:
            return Refused(f"{self.name} refuses this message: {line}")
        return Unreachable(f"{self.name} can't be reached: {line or 'Apprise says nothing of why'}")


class _Said(logging.Handler):
    """The last warning that Apprise logs meanwhile, without addresses, which hold its secrets.

    Every way has a thread of its own, and all of them share Apprise's log: what another's service said isn't heard.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.line, self._thread = "", threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps it."""
        if record.thread == self._thread:
            self.line = _ADDRESS.sub("(address)", one_line(record.getMessage()))[:300]

    def __enter__(self) -> _Said:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
