"""Mails through a real SMTP server: one test per thing that it may answer, or fail to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from isms_workflow.domain.effects import Busy, EffectError, Refused, Unreachable
from isms_workflow.notify.addresses import BadAddress
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.notify.mail import MailChannel
from isms_workflow.settings import Settings
from tests.notify.authority import Authority, found
from tests.notify.examples import BEN, URL, written
from tests.notify.post_office import HANG, PASSWORD, USER, PostOffice, sign_in

MAIL = written("a step opens")
KEY = "step_opened:0190c4e2-1111-7000-8000-000000000001:3:0190c4e2-1111-7000-8000-00000000000b"
SOON = 0.3
"""Seconds after which a silent server is given up, where a test waits for that."""


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A server that takes mail without encryption."""
    with PostOffice() as opened:
        yield opened


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the servers' certificates."""
    return found(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, once the operator has named its file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


def channel(port: int, timeout: float = 10.0, **changes: object) -> MailChannel:
    """A channel to this port on our own host, unencrypted unless said otherwise."""
    values = {"data": Path("unused"), "public_url": URL, "smtp_host": "127.0.0.1", "smtp_port": port,
              "smtp_tls": "none", "mail_from": "isms@example.org", **changes}
    return MailChannel(Settings.model_validate(values), timeout=timeout)


def letter(mailbox: str, key: str = KEY) -> Letter:
    """A mail to somebody at example.org."""
    return Letter(key, replace(BEN, email=f"{mailbox}@example.org"), MAIL)


def outcomes(channel: MailChannel, *mailboxes: str) -> list[str]:
    """What became of a mail to each of them, as a word."""
    sent = channel.send_many(letter(mailbox, f"{KEY}{place}") for place, mailbox in enumerate(mailboxes))
    return [type(each).__name__ for each in sent]


def test_a_mail_arrives_as_text_and_html_under_its_key(office: PostOffice) -> None:
    """The receiver sees who, what and when, can tell a repeat, and sends no absence note back."""
    delivery = channel(office.port).send(KEY, BEN, MAIL, sensitive=False)
    (mail,) = office.inbox
    assert delivery.message_id == f"<{KEY.replace(':', '%3A')}@isms.example.org>"
    assert mail["Message-ID"] == delivery.message_id
    assert (mail["From"], mail["To"]) == ("ISMS <isms@example.org>", "Ben Ito <ben@example.org>")
    assert mail["Subject"] == MAIL.subject
    assert mail["Date"].datetime == MAIL.at
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == MAIL.text
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n") == MAIL.html + "\n"
    assert office.envelopes[0].rcpt_tos == ["ben@example.org"]
    assert office.envelopes[0].mail_from == "isms@example.org"


def test_a_repeat_carries_the_same_message_id(office: PostOffice) -> None:
    """A deliverer that died before it could write down its success sends again; the receiver can drop it."""
    for _ in range(2):
        channel(office.port).send(KEY, BEN, MAIL, sensitive=False)
    first, second = office.inbox
    assert first["Message-ID"] == second["Message-ID"]


def test_many_mails_share_one_connection(office: PostOffice) -> None:
    """Each has its own outcome, in order."""
    assert outcomes(channel(office.port), "ben", "nobody", "dana", "greylisted", "ravi") == [
        "Delivery", "Refused", "Delivery", "Busy", "Delivery"]
    assert office.connections == 1
    assert [str(mail["To"].addresses[0].username) for mail in office.inbox] == ["ben", "dana", "ravi"]


def test_a_mail_leaves_only_when_its_outcome_is_asked_for(office: PostOffice) -> None:
    """Whoever iterates can write each success down before the next mail leaves."""
    sending = channel(office.port).send_many([letter("ben"), letter("dana")])
    next(sending)
    assert len(office.inbox) == 1
    sending.close()
    assert len(office.inbox) == 1


WHAT_THE_SERVER_SAYS = {
    "no such user": ("nobody", Refused, "550 5.1.1 No such user"),
    "it looks like spam": ("suspicious", Refused, "554 5.7.1 Looks like spam"),
    "greylisted": ("greylisted", Busy, "451 4.7.1 Greylisted"),
    "mailbox full": ("full", Busy, "452 4.2.2 Mailbox full"),
    "content not now": ("busy", Busy, "451 4.3.0 Try again later"),
    "it shuts down": ("closing", Unreachable, "421 4.3.2 Shutting down"),
    "it wants a password": ("sealed-in", Unreachable, "Check smtp_user"),
    "it hangs up in the middle of the mail": ("trapdoor", Unreachable, "can't be reached"),
}


@pytest.mark.parametrize(("mailbox", "meaning", "said"), WHAT_THE_SERVER_SAYS.values(), ids=WHAT_THE_SERVER_SAYS)
def test_what_the_server_says_of_one_mail(
    office: PostOffice, mailbox: str, meaning: type[EffectError], said: str
) -> None:
    """Never: a dead letter. Not now: tried again. Cut off: nobody's fault, and the channel pauses."""
    with pytest.raises(meaning) as caught:
        channel(office.port).send(KEY, replace(BEN, email=f"{mailbox}@example.org"), MAIL, sensitive=False)
    assert type(caught.value) is meaning
    assert said in str(caught.value)
    assert f"127.0.0.1:{office.port}" in str(caught.value)
    assert office.inbox == []


def test_a_silent_server_is_given_up(office: PostOffice) -> None:
    """It took the connection, and then said nothing in time."""
    with pytest.raises(Unreachable, match="did not answer in time"):
        channel(office.port, timeout=SOON).send(KEY, replace(BEN, email="silent@example.org"), MAIL, sensitive=False)


def test_a_server_that_never_greets_is_given_up() -> None:
    """The port is open, and nobody is behind it."""
    with PostOffice(greeting=HANG) as office, pytest.raises(Unreachable, match="did not answer in time"):
        channel(office.port, timeout=SOON).send(KEY, BEN, MAIL, sensitive=False)


@pytest.mark.parametrize("greeting", ["421 4.3.2 Too many connections", "554 5.3.2 No mail here"])
def test_a_server_that_greets_with_a_refusal_is_unreachable(greeting: str) -> None:
    """It speaks of itself, not of a mail, so no mail becomes a dead letter."""
    with PostOffice(greeting=greeting) as office, pytest.raises(Unreachable, match="takes no mail now: " + greeting):
        channel(office.port).send(KEY, BEN, MAIL, sensitive=False)


def test_a_server_that_lets_nobody_in_is_asked_once() -> None:
    """The rest of the batch would fare no better."""
    with PostOffice(greeting="421 4.3.2 Too many connections") as office:
        assert outcomes(channel(office.port), "ben", "dana", "ravi") == ["Unreachable"] * 3
        assert office.connections == 1


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    """As long as it takes somebody to start the server, or to correct the setting."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert outcomes(channel(held.getsockname()[1]), "ben", "dana") == ["Unreachable", "Unreachable"]


def test_a_host_that_does_not_exist_is_unreachable() -> None:
    """A typing mistake in the settings waits for its correction."""
    with pytest.raises(Unreachable, match=r"mail\.invalid:25 can't be reached"):
        channel(25, smtp_host="mail.invalid").send(KEY, BEN, MAIL, sensitive=False)


def test_a_refused_sender_is_nobodys_dead_letter() -> None:
    """Every mail would meet the same: the channel waits until somebody corrects the setting."""
    with PostOffice(sender_answer="553 5.7.1 Not yours") as office, pytest.raises(Unreachable, match="Check mail_from"):
        channel(office.port).send(KEY, BEN, MAIL, sensitive=False)


def test_a_mail_that_is_too_large_is_refused() -> None:
    """The server says so before it has seen it; a smaller one would pass."""
    with PostOffice(data_size_limit=500) as office, pytest.raises(Refused, match="552"):
        channel(office.port).send(KEY, BEN, MAIL, sensitive=False)


def test_one_mail_that_kills_its_connection_stops_no_other(office: PostOffice) -> None:
    """The next one is tried on a new connection."""
    assert outcomes(channel(office.port), "trapdoor", "dana", "trapdoor", "ravi") == [
        "Unreachable", "Delivery", "Unreachable", "Delivery"]
    assert [str(mail["To"].addresses[0].username) for mail in office.inbox] == ["dana", "ravi"]


def test_two_failures_in_a_row_end_the_batch(office: PostOffice) -> None:
    """Then it is the server, and it is asked no more."""
    assert outcomes(channel(office.port), "trapdoor", "trapdoor", "dana") == ["Unreachable"] * 3
    assert office.inbox == []


def test_a_server_that_hangs_up_after_each_mail_gets_them_all() -> None:
    """Some limit the mails of a connection; that costs a new one, and no mail its turn."""
    with PostOffice(hangs_up_after=1) as office:
        assert outcomes(channel(office.port), "ben", "dana", "ravi") == ["Delivery"] * 3
        assert len(office.inbox) == 3


def test_a_slow_server_gets_no_more_than_a_deliverer_holds(office: PostOffice) -> None:
    """What can't be begun in time waits for the next round, so that nobody sends it beside us."""
    settings = channel(office.port).settings
    assert outcomes(MailChannel(settings, begin_within=0.0), "ben", "dana") == ["Busy", "Busy"]
    assert office.connections == 0


ENCRYPTION = {"starttls": "starttls", "tls from the first byte": "tls"}


@pytest.mark.parametrize("mode", ENCRYPTION.values(), ids=ENCRYPTION)
def test_mail_goes_encrypted_to_a_server_that_proves_who_it_is(mode: str, trusted: Authority) -> None:
    """Nothing of it crosses the wire in the clear."""
    how = {"implicit_tls": trusted.server} if mode == "tls" else {
        "tls_context": trusted.server, "require_starttls": True}
    with PostOffice(**how) as office:
        channel(office.port, smtp_tls=mode).send(KEY, BEN, MAIL, sensitive=False)
        assert office.encrypted == [True]


@pytest.mark.parametrize("mode", ENCRYPTION.values(), ids=ENCRYPTION)
def test_a_certificate_of_an_unknown_authority_is_not_trusted(mode: str, authority: Authority) -> None:
    """Whoever sits in between reads nothing, not even a password."""
    how = {"implicit_tls": authority.server} if mode == "tls" else {"tls_context": authority.server}
    with PostOffice(**how) as office:
        with pytest.raises(Unreachable, match="certificate can't be trusted"):
            channel(office.port, smtp_tls=mode).send(KEY, BEN, MAIL, sensitive=False)
        assert office.inbox == []


@pytest.mark.parametrize("mode", ENCRYPTION.values(), ids=ENCRYPTION)
def test_a_certificate_for_another_host_is_not_trusted(mode: str, trusted: Authority) -> None:
    """A valid one isn't enough: it has to be this server's."""
    how = {"implicit_tls": trusted.stranger} if mode == "tls" else {"tls_context": trusted.stranger}
    with PostOffice(**how) as office, pytest.raises(Unreachable, match=r"certificate can't be trusted: .*127\.0\.0\.1"):
        channel(office.port, smtp_tls=mode).send(KEY, BEN, MAIL, sensitive=False)


def test_a_server_without_starttls_gets_nothing(office: PostOffice) -> None:
    """There is no quiet fall-back to plain text."""
    with pytest.raises(Unreachable, match="Check smtp_tls"):
        channel(office.port, smtp_tls="starttls").send(KEY, BEN, MAIL, sensitive=False)
    assert office.inbox == []


def test_tls_to_a_server_that_speaks_plainly(office: PostOffice) -> None:
    """The wrong one of the three settings says which to check."""
    with pytest.raises(Unreachable, match="Check smtp_tls"):
        channel(office.port, smtp_tls="tls").send(KEY, BEN, MAIL, sensitive=False)


def test_signing_in(trusted: Authority) -> None:
    """With the password of the settings, once the line is encrypted."""
    with PostOffice(tls_context=trusted.server, authenticator=sign_in, auth_required=True) as office:
        channel(office.port, smtp_tls="starttls", smtp_user=USER, smtp_password=SecretStr(PASSWORD)).send(
            KEY, BEN, MAIL, sensitive=False)
        assert office.signed_in == [True]


def test_a_wrong_password_stops_the_channel_and_is_not_told(trusted: Authority) -> None:
    """No mail is at fault, and the reason, which is stored and shown, holds no secret."""
    with (
        PostOffice(tls_context=trusted.server, authenticator=sign_in, auth_required=True) as office,
        pytest.raises(Unreachable, match="refuses to sign us in: 535") as caught,
    ):
        channel(office.port, smtp_tls="starttls", smtp_user=USER, smtp_password=SecretStr("hunter2")).send(
            KEY, BEN, MAIL, sensitive=False)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_wants_a_password_nobody_gave(trusted: Authority) -> None:
    """It says so at the first command; the settings are to be completed."""
    with (
        PostOffice(tls_context=trusted.server, authenticator=sign_in, auth_required=True) as office,
        pytest.raises(Unreachable, match="smtp_user"),
    ):
        channel(office.port, smtp_tls="starttls").send(KEY, BEN, MAIL, sensitive=False)


def test_an_address_that_is_none_is_refused_before_the_server_sees_it(office: PostOffice) -> None:
    """The others of the batch go out."""
    letters = [replace(letter("ben"), to=replace(BEN, email="ben@münchen.example")), letter("dana")]
    refused, sent = channel(office.port).send_many(letters)
    assert isinstance(refused, Refused)
    assert "in ASCII, which begins with xn--" in str(refused)
    assert isinstance(sent, Delivery)


def test_a_name_cannot_begin_a_header(office: PostOffice) -> None:
    """Whatever somebody is called, their mail goes to them alone."""
    ben = replace(BEN, name="Ben\r\nBcc: everybody@example.org\r\n\r\nHello")
    channel(office.port).send(KEY, ben, MAIL, sensitive=False)
    (mail,) = office.inbox
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].addr_spec == "ben@example.org"
    assert office.envelopes[0].rcpt_tos == ["ben@example.org"]


def test_a_name_in_any_script_arrives(office: PostOffice) -> None:
    """It is encoded; the address stays plain."""
    channel(office.port).send(KEY, replace(BEN, name="Zoë Müller-Ōta 美香"), MAIL, sensitive=False)
    assert office.inbox[0]["To"].addresses[0].display_name == "Zoë Müller-Ōta 美香"


def test_a_wrong_sender_is_found_at_the_start() -> None:
    """Not when the first mail is due."""
    with pytest.raises(BadAddress, match="should look like"):
        channel(25, mail_from="isms")


def test_we_greet_with_the_portals_name(office: PostOffice) -> None:
    """Looking up the computer's own name would take seconds a mail where it can't be resolved."""
    for url in (URL, "http://127.0.0.1:8000", "http://[::1]:8000"):
        channel(office.port, public_url=url).send(KEY, BEN, MAIL, sensitive=False)
    assert office.greeted == ["isms.example.org", "[127.0.0.1]", "[IPv6:::1]"]


def test_it_can_be_called_again_and_from_other_threads(office: PostOffice) -> None:
    """A deliverer lives for months, and may run in a thread of its own."""

    async def elsewhere() -> Delivery:
        return await asyncio.to_thread(channel(office.port).send, KEY, BEN, MAIL, False)

    assert asyncio.run(elsewhere()).answer == "2.0.0 Taken"
