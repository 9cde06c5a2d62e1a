"""A webhook out: one signed message as JSON to an address that the operator's settings name, and to no other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from isms_workflow.domain.effects import Busy, EffectError, Refused, Unreachable
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.notify.rounds import BEGIN_WITHIN, one_by_one

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10.0
"""For the connection, and for each answer. A round that meets a silent receiver ends there: the rest waits for the next."""

NOT_NOW = frozenset({408, 425, 429})
"""The receiver asks for a later try (RFC 9110, 8470, 6585)."""

ITS_OWN = frozenset({401, 403, 404, 405, 407, 410, 502, 503, 504})
"""Whatever message we sent would be answered so: the service, its address or our secret is at fault, and no message."""

Sign = Callable[[str, str, bytes], str]
"""Message id, timestamp, body: the signature, after the Standard Webhooks specification."""


class Webhook:
    """Posts letters to one address. It follows nowhere, and reads nothing of the answer but its status.

    The address is in clear on loopback only, which the settings see to.
    """

    def __init__(self, name: str, address: str, sign: Sign, timeout: float = TIMEOUT_S, begin_within: float = BEGIN_WITHIN) -> None:
        self.name, self._address, self._sign, self._timeout, self._begin_within = name, address, sign, timeout, begin_within

    def send_many(self, letters: Iterable[Letter]) -> Iterator[Delivery | EffectError]:
        """As `rounds.one_by_one`, over connections that are kept."""
        import httpx  # only here: few installations name a webhook, and every process would load it

        with httpx.Client(timeout=self._timeout, follow_redirects=False) as client:
            yield from one_by_one(self.name, letters, partial(self._post, client), self._begin_within)

    def _post(self, client: httpx.Client, letter: Letter) -> Delivery | EffectError:
        import httpx

        body = json.dumps(content(letter), ensure_ascii=False, separators=(",", ":")).encode()
        message, at = message_id(letter.key), str(int(letter.mail.at.timestamp()))
        headers = {"content-type": "application/json", "webhook-id": message, "webhook-timestamp": at,
                   "webhook-signature": self._sign(message, at, body), "user-agent": "isms-workflow"}
        try:
            with client.stream("POST", self._address, content=body, headers=headers) as answer:
                return self._meaning(answer.status_code, letter)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Unreachable(f"{self.name} can't be reached ({type(error).__name__}).")

    def _meaning(self, status: int, letter: Letter) -> Delivery | EffectError:
        """Addresses of hooks are as good as passwords, so only the way's name is said."""
        if 200 <= status < 300:
            return Delivery(letter.key, f"{status}", delivered=True)
        if status in NOT_NOW:
            return Busy(f"{self.name} answered {status}: it takes this message later.")
        if status in ITS_OWN or 300 <= status < 400:
            return Unreachable(f"{self.name} answered {status}: look at its service and its address.")
        if status >= 500:
            return Busy(f"{self.name} answered {status}: it failed on this message.")
        return Refused(f"{self.name} refuses this message: it answered {status}.")


def message_id(key: str) -> str:
    """The same for every try of a message, so that its receiver can drop a repeat."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def content(letter: Letter) -> dict[str, object]:
    """What is posted: enough to tell somebody and lead them to the page; of a case that not everybody may see, its
    reference alone.
    """
    return {"type": f"isms.{letter.notice or 'notice'}", "timestamp": letter.mail.at.isoformat(),
            "data": {"to": letter.to.email, "case": letter.reference or None, "urgency": letter.urgency,
                     "subject": letter.short(), "text": None if letter.discreet else letter.mail.text, "link": letter.url}}
