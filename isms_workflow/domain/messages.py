"""Effects to carry out after commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MAIL = "mail"
PREFECT = "prefect"

Urgency = Literal["statutory", "critical", "ordinary"]
"""How a message to a person is treated: a statutory warning knows neither quiet hours nor floods, and goes out by itself;
one of the gravest incidents knows no quiet hours, and comes first.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One effect: its channel, and a key by which the receiver drops repeats.

    `payload` holds JSON values; names and texts are looked up when it is delivered, so that an
    erasure also reaches what still waits. A `sensitive` one carries a secret and is never shown.
    A `late` one tells of what fell due during an outage: it waits some seconds for others to be told with.
    `person` is whom it tells, None if it goes to a machine.
    """

    key: str
    channel: str
    payload: Mapping[str, Any]
    case: str | None = None
    sensitive: bool = False
    late: bool = False
    person: str | None = None
    urgency: Urgency = "ordinary"


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to one person about one thing; `about` are the ids and instants its text is made from."""

    name: str
    to: str
    about: Mapping[str, Any] = field(default_factory=dict)
    urgency: Urgency = "ordinary"

    def message(self, key: str, case: str | None) -> Message:
        """The outbox message of this notice; `key` tells one occasion from another."""
        payload = {"notice": self.name, "to": self.to, "about": dict(self.about)}
        return Message(f"{self.name}:{key}:{self.to}", MAIL, payload, case, person=self.to, urgency=self.urgency)
