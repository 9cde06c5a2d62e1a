"""An IMAP folder as a source of reports, at a real server: each mail once, whatever happens, and its trouble told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from isms_workflow.connectors import imap, mails
from isms_workflow.connectors.imap import Account, Away, Folder
from isms_workflow.engine import health, nightly, postbox
from isms_workflow.engine.commands import sources
from isms_workflow.engine.postbox import Desk
from isms_workflow.settings import Imap
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import evidence, incidents, occurrences, outbox
from tests.engine import dovecot
from tests.engine.dovecot import PASSWORD, USER, Dovecot
from tests.notify import authority
from tests.patience import eventually
from tests.world import OPERATOR, World

MAIL = b"From: Eva <eva@example.org>\r\nSubject: A strange call\r\nMessage-ID: <1@example.org>\r\n\r\nSomebody called.\r\n"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> authority.Authority:
    """A certificate authority, whose certificates are for 127.0.0.1."""
    return authority.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the server's own users get to."""
    return dovecot.room(tmp_path_factory.mktemp("dovecot"))


@pytest.fixture
def server(trusted: authority.Authority, room: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    """A server that can do what today's can, and whose certificate we trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    with dovecot.serving(trusted, room) as found:
        yield found


def account(server: Dovecot, **more: Any) -> Account:
    """The folder, as settings name it."""
    its: dict[str, Any] = {"host": "127.0.0.1", "port": server.tls, "user": USER, "password": SecretStr(PASSWORD), **more}
    return Account(Imap(**its))


def have_source(world: World) -> str:
    """The mailbox may report."""
    with world.store.write() as tx:
        return sources.add(tx, "Security mailbox", "imap", "other", (), OPERATOR, world.when())


def desk(world: World, tmp_path: Path) -> Desk:
    """What mails are taken in with."""
    return Desk(world.store, EvidenceFiles(tmp_path / "evidence"), 1000, "@isms.example.org>")


def look(world: World, box: Account, tmp_path: Path) -> int:
    """The deliverer looks into the folder."""
    with box.opened() as found:
        return postbox.look(desk(world, tmp_path), box, found, world.now)


def counted(world: World, table: Any = incidents) -> int:
    """How many there are."""
    with world.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def told(world: World) -> list[str]:
    """What the operators were told."""
    with world.store.read() as conn:
        return [row["about"]["what"] + row["about"]["error"] for row in conn.execute(select(outbox.c.payload)).scalars()
                if row.get("notice") == "operator_notice"]


WAYS = {"TLS": {}, "STARTTLS": {"tls": "starttls"}, "plain, on this computer": {"tls": "none"}}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_mail_becomes_a_report_and_moves(world: World, server: Dovecot, tmp_path: Path, way: dict[str, Any]) -> None:
    """Subject, text and Message-ID, as from a Maildir; then it lies read in a folder of its own, which is made."""
    source = have_source(world)
    server.deliver(MAIL)
    port = {} if not way else {"port": server.plain}
    assert look(world, account(server, **way, **port), tmp_path) == 1
    with world.store.read() as conn:
        row = conn.execute(select(incidents)).one()
    assert (row.title, row.external_key, row.source, row.category) == ("A strange call", "<1@example.org>", source, "other")
    assert row.description == "From: Eva <eva@example.org>\n\nSomebody called."
    assert (server.flags("INBOX"), server.flags("Reported")) == ([], ["\\Seen"])
    assert look(world, account(server), tmp_path) == 0


def test_folders_are_called_as_people_call_them(world: World, server: Dovecot, tmp_path: Path) -> None:
    """In any letters, as a mail program shows them: one that is there is found, those that aren't are made under that name."""
    have_source(world)
    with server.reader() as reader:
        assert reader.create('"Vorf&AOQ-lle"')[0] == "OK"
    server.deliver(MAIL, "Vorf&AOQ-lle")
    server.deliver(MAIL.replace(b"\r\n\r\n", b"\r\nAuto-Submitted: auto-replied\r\n\r\n", 1), "Vorf&AOQ-lle")
    box = account(server, folder="Vorfälle", taken="台北 R&D", refused="Zurückgewiesen 🔥")
    assert look(world, box, tmp_path) == 1
    assert {name: len(server.flags(name)) for name in ("Vorf&AOQ-lle", "&U,BTFw- R&-D", "Zur&APw-ckgewiesen &2D3dJQ-")} == {
        "Vorf&AOQ-lle": 0, "&U,BTFw- R&-D": 1, "Zur&APw-ckgewiesen &2D3dJQ-": 1}
    assert box.aside == "folder Zurückgewiesen 🔥 on 127.0.0.1"
    with pytest.raises(Away, match="Nirgendwö on"), account(server, folder="Nirgendwö").opened():
        pass


def test_files_and_answers_come_along(world: World, server: Dovecot, tmp_path: Path) -> None:
    """As from a Maildir: it is the same intake."""
    have_source(world)
    server.deliver(MAIL)
    server.deliver(b"Subject: Re: A strange call\r\nMessage-ID: <2@example.org>\r\nIn-Reply-To: <1@example.org>\r\n"
                   b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee.\r\n--b\r\n"
                   b"Content-Type: image/png\r\nContent-Disposition: attachment; filename=screen.png\r\n\r\nPNG\r\n--b--\r\n")
    assert look(world, account(server), tmp_path) == 2
    assert (counted(world), counted(world, occurrences), counted(world, evidence)) == (1, 1, 1)


def test_a_crash_between_report_and_move_repeats_nothing(world: World, server: Dovecot, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor after weeks in which the server was away: its Message-ID is kept so long."""
    have_source(world)
    server.deliver(MAIL)
    with monkeypatch.context() as dying:
        dying.setattr(Folder, "taken", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(world, account(server), tmp_path)
    assert (counted(world), server.flags("INBOX")) == (1, [""])
    nightly.forget(world.store, desk(world, tmp_path).files, world.now + timedelta(days=30))
    look(world, account(server), tmp_path)
    assert (counted(world), counted(world, occurrences), server.flags("INBOX")) == (1, 0, [])


def test_a_server_that_can_t_move_keeps_the_mail_marked(world: World, trusted: authority.Authority, room: Path, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """It is copied and marked as deleted, and nothing that others have marked so is touched."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    have_source(world)
    with dovecot.serving(trusted, room, "IMAP4rev1") as server:
        server.deliver(MAIL)
        assert look(world, account(server), tmp_path) == 1
        assert (server.flags("INBOX"), server.flags("Reported")) == (["\\Deleted \\Seen"], ["\\Seen"])
        assert look(world, account(server), tmp_path) == 0
    assert counted(world) == 1


def test_what_can_t_become_a_report_is_set_aside_and_told(world: World, server: Dovecot, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is too large isn't even fetched; what would go round in circles is set aside without a word."""
    monkeypatch.setattr(imap, "LONGEST_MAIL", 300)
    have_source(world)
    server.deliver(MAIL + b"x" * 300)
    server.deliver(MAIL.replace(b"\r\n\r\n", b"\r\nAuto-Submitted: auto-replied\r\n\r\n", 1))
    assert look(world, account(server), tmp_path) == 0
    assert (counted(world), server.flags("INBOX"), server.flags("Refused")) == (0, [], ["", ""])
    said, = told(world)
    assert "lies in its folder Refused on 127.0.0.1" in said
    assert mails.LONGEST_MAIL > 300, "the bound of the test alone"


def test_without_a_source_the_mails_wait(world: World, server: Dovecot, tmp_path: Path) -> None:
    """One of another kind is none."""
    with world.store.write() as tx:
        sources.add(tx, "Mailbox", "maildir", "other", (), OPERATOR, world.when())
    server.deliver(MAIL)
    assert look(world, account(server), tmp_path) == 0
    assert server.flags("INBOX") == [""]
    assert "no source of kind imap" in told(world)[0]


REFUSED = {"a wrong password": ({"password": SecretStr("guessed")}, "Authentication failed"),
           "a folder that isn't there": ({"folder": "Nowhere"}, "Mailbox doesn't exist")}


@pytest.mark.parametrize(("more", "why"), REFUSED.values(), ids=REFUSED)
def test_what_the_server_refuses_is_said(server: Dovecot, more: dict[str, Any], why: str) -> None:
    """With where, and never with the password."""
    with pytest.raises(Away, match=why) as refusal, account(server, **more).opened():
        pass
    assert f"127.0.0.1:{server.tls}" in str(refusal.value)
    assert PASSWORD not in str(refusal.value)
    assert "guessed" not in str(refusal.value)


def test_a_password_has_any_letters(trusted: authority.Authority, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that a plain sign-in of IMAP can't say; a wrong one is refused as any other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    with dovecot.serving(trusted, room, password="schöner-🔥-tag") as server:
        with account(server, password=SecretStr("schöner-🔥-tag")).opened() as found:
            assert found.waiting() == []
        for wrong in ("schöner-tag", "as-secret-as-any"):
            with pytest.raises(Away, match=r"used: \[AUTHENTICATIONFAILED\] Authentication failed\. Look at report_imap") as refusal, account(server, password=SecretStr(wrong)).opened():
                pass
            assert wrong not in str(refusal.value)


def test_a_server_whose_certificate_isn_t_trusted_is_told_no_password(trusted: authority.Authority, room: Path) -> None:
    """By TLS and by STARTTLS."""
    with dovecot.serving(trusted, room) as server:
        for way in ({}, {"tls": "starttls", "port": server.plain}):
            with pytest.raises(Away, match="certificate"), account(server, **way).opened():
                pass
        assert "method=PLAIN" not in (room / "log").read_text(), "nobody tried to sign in"


def test_an_outage_is_told_once_and_ends_nothing(world: World, server: Dovecot, tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's page says so at once, a mail when it lasts; when the server is back, what waits is taken."""
    have_source(world)
    server.deliver(MAIL)
    server.stop()
    monkeypatch.setattr(Account, "every", 0.05)
    monkeypatch.setattr(postbox, "AFTER_ERROR_S", 0.05)
    facts: dict[str, Any] = {}
    stop, start = threading.Event(), world.now
    thread = threading.Thread(target=postbox.serve, args=(desk(world, tmp_path), account(server), lambda: world.now, facts, stop))
    thread.start()
    try:
        eventually("the trouble is said", lambda: facts)
        assert told(world) == [], "it may be over in a minute"
        world.sim.now = start + timedelta(minutes=6)
        eventually("it is told", lambda: told(world))
        health.beat(world.store, "deliverer", "here:1", start, world.now, facts)
        with world.store.read() as conn:
            assert any("The report mailbox (imap) can't be used" in each for each in health.look(conn, world.now).troubles)
        server.start()
        eventually("the mail is taken", lambda: counted(world) and not facts)
    finally:
        stop.set()
        thread.join()
    assert len(told(world)) == 1
    assert "the report mailbox can't be used" in told(world)[0]
