"""Webhooks and Apprise against a real server: what is said, how it is signed, and what each answer means."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Thread

import pytest
from pydantic import ValidationError

from isms_workflow.connectors.signatures import is_signed, signature
from isms_workflow.domain.effects import Busy, EffectError, Refused, Unreachable
from isms_workflow.notify.chats import Chat, _Said
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.notify.notices import Mail, Recipient
from isms_workflow.notify.webhooks import Webhook, content
from isms_workflow.settings import Settings
from tests.notify.receiver import Receiver, receiver

NOW = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
LETTER = Letter("incident_escalated:1:ben", Recipient("Ben Ito", "ben@example.org", "UTC"),
                Mail("INC-2026-0001: nobody has acknowledged “Mails leak”", "Somebody reads our mails.\n", "<p/>", NOW),
                notice="incident_escalated", reference="INC-2026-0001", url="https://isms.example.org/incidents/INC-2026-0001",
                urgency="critical")


@pytest.fixture
def outside() -> Iterator[Receiver]:
    """Somebody else's service."""
    with receiver() as found:
        yield found


def hook(address: str) -> Webhook:
    """A way that posts there."""
    return Webhook("pager", address, partial(signature, SECRET), timeout=2.0)


def test_a_webhook_is_signed_json_that_its_receiver_can_verify(outside: Receiver) -> None:
    """After the Standard Webhooks specification, with the secret that the way in uses as well."""
    assert list(hook(outside.address()).send_many([LETTER, LETTER])) == [Delivery(LETTER.key, "204", delivered=True)] * 2
    first, second = outside.heard
    assert is_signed(SECRET, first.headers, first.body, NOW)
    assert not is_signed(SECRET, first.headers, first.body + b" ", NOW)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.json == {"type": "isms.incident_escalated", "timestamp": "2026-03-09T13:00:00+00:00", "data": {
        "to": "ben@example.org", "case": "INC-2026-0001", "urgency": "critical", "subject": LETTER.mail.subject,
        "text": "Somebody reads our mails.\n", "link": LETTER.url}}


def test_of_a_case_that_not_everybody_may_see_its_reference_alone_is_said() -> None:
    """Others read such a channel too."""
    said = content(replace(LETTER, discreet=True))["data"]
    assert isinstance(said, dict)
    assert (said["text"], said["link"]) == (None, LETTER.url)
    assert "leak" not in str(said)
    assert "INC-2026-0001" in said["subject"]


MEANINGS: dict[int, type[EffectError]] = {
    400: Refused, 413: Refused, 422: Refused, 408: Busy, 429: Busy, 500: Busy, 302: Unreachable, 401: Unreachable,
    404: Unreachable, 410: Unreachable, 503: Unreachable,
}


@pytest.mark.parametrize(("status", "meaning"), MEANINGS.items(), ids=map(str, MEANINGS))
def test_what_an_answer_means(outside: Receiver, status: int, meaning: type[EffectError]) -> None:
    """Only what is this message's fault is refused; what any would meet is the service's, and nothing follows a redirect."""
    outside.status = status
    one, two = hook(outside.address()).send_many([LETTER, LETTER])
    assert type(one) is type(two) is meaning
    assert str(status) in str(one)
    assert "s3cret" not in str(one)
    assert len(outside.heard) == (1 if meaning is Unreachable else 2)


def test_a_service_that_is_away_is_unreachable(outside: Receiver) -> None:
    """By either way; no address stands in what is said of it."""
    address = outside.address().replace(str(outside.server.server_port), "9")
    for way in (hook(address), Chat("pager", address.replace("http", "json"))):
        one, two = way.send_many([LETTER, LETTER])
        assert isinstance(one, Unreachable)
        assert one is two
        assert "s3cret" not in str(one)
        assert str(one).startswith("pager can't be reached")


def test_a_service_that_is_slow_gets_no_more_than_its_time(outside: Receiver) -> None:
    """What is begun later than a deliverer holds it would be sent by another one too."""
    outside.wait_s = 0.3
    way = Webhook("pager", outside.address(), partial(signature, SECRET), begin_within=0.2)
    first, *others = way.send_many([LETTER] * 3)
    assert isinstance(first, Delivery)
    assert [type(each) for each in others] == [Busy, Busy]
    assert "waits for the next round" in str(others[0])
    assert len(outside.heard) == 1


def test_apprise_says_a_line_and_a_link(outside: Receiver) -> None:
    """A telephone has little room, and a chat more readers than one."""
    outside.status = 200
    (found,) = Chat("pager", outside.address("json")).send_many([LETTER])
    assert found == Delivery(LETTER.key, "taken by the service")
    (heard,) = outside.heard
    assert (heard.json["title"], heard.json["message"]) == (LETTER.mail.subject, LETTER.url)


@pytest.mark.parametrize(("status", "meaning"), [(400, Refused), (500, Unreachable), (403, Unreachable)])
def test_what_apprise_meets(outside: Receiver, status: int, meaning: type[EffectError]) -> None:
    """Its log says which answer it was."""
    outside.status = status
    (found,) = Chat("pager", outside.address("json")).send_many([LETTER])
    assert type(found) is meaning


def test_what_another_service_said_is_not_heard() -> None:
    """Each way has a thread, and all share Apprise's log: a service's refusal must not make another's message a dead letter."""
    log = logging.getLogger("apprise")
    with _Said() as said:
        log.warning("Failed to notify the pager, error=503")
        other = Thread(target=log.warning, args=("Failed to notify the chat, error=400",))
        other.start()
        other.join()
    assert said.line == "Failed to notify the pager, error=503"


def test_an_address_that_apprise_does_not_know_names_the_setting() -> None:
    """What waits goes on waiting until that is put right."""
    (found,) = Chat("pager", "nonsense://x").send_many([LETTER])
    assert isinstance(found, Unreachable)
    assert "ways.pager" in str(found)


@pytest.mark.parametrize(("name", "url", "said"), [
    ("pager", "http://example.org/hook", "https, or http on the loopback"), ("pager", "hooks", "is no address"),
    ("mail", "https://example.org/", "a way of our own"), ("Pager!", "https://example.org/", "should match pattern"),
    ("pager", "https://[::1", "is no address"), ("pager", "https:///x", "isn't safe"),
])
def test_an_unsafe_way_is_refused(settings: Settings, name: str, url: str, said: str) -> None:
    """When the settings are read, before anything is sent there; the address is not repeated."""
    with pytest.raises(ValidationError, match=said):
        Settings(data=settings.data, ways={name: {"url": url}})  # type: ignore[dict-item]


def test_who_may_choose_a_way(settings: Settings) -> None:
    """Everybody, unless the settings name people."""
    ours = Settings.model_validate({"data": settings.data, "ways": {
        "chat": {"url": "slack://a/b/c"}, "ben_phone": {"url": "https://example.org/x", "people": ["Ben@example.org"]}}})
    assert [name for name, way in ours.ways.items() if way.is_open_to("ann@example.org")] == ["chat"]
    assert [way.is_webhook for way in ours.ways.values()] == [False, True]
    assert ours.ways["ben_phone"].is_open_to("ben@example.org")
    assert "slack" not in repr(ours)
