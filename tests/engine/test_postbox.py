"""Mails that report: once each, whatever crashes, and none is lost."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from isms_workflow.connectors import mails
from isms_workflow.connectors.maildir import Box
from isms_workflow.engine import intake, postbox
from isms_workflow.engine.commands import incidents as commands
from isms_workflow.engine.commands import sources
from isms_workflow.engine.postbox import Desk
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import audit_private, evidence, incidents, occurrences, outbox
from isms_workflow.store.tables import sources as sources_table
from tests.engine.incidents import do
from tests.world import OPERATOR, World

OWN = "@isms.example.org>"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """An empty mailbox."""
    found = Box(tmp_path / "reports")
    found.waiting()
    return found


def have_source(world: World, category: str = "other") -> str:
    """The mailbox may report."""
    with world.store.write() as tx:
        return sources.add(tx, "Mailbox", "maildir", category, (), OPERATOR, world.when())


def deliver(box: Box, name: str = "1", text: str = "Somebody called.", **more: str) -> Path:
    """An MTA delivers a mail."""
    mail = EmailMessage()
    given = {"From": "Eva <eva@example.org>", "Subject": "A strange call", "Message-ID": f"<{name}@example.org>"}
    for header, value in {**given, **{each.replace("_", "-"): value for each, value in more.items()}}.items():
        mail[header] = value
    mail.set_content(text)
    return raw(box, name, mail.as_bytes())


def raw(box: Box, name: str, content: bytes) -> Path:
    """Whatever it is."""
    path = box.folder / "new" / f"{name}.host"
    path.write_bytes(content)
    return path


def desk(world: World, box: Box) -> Desk:
    """What it is taken in with; a file has at most 200 bytes."""
    return Desk(world.store, EvidenceFiles(box.folder.parent / "evidence"), 200, OWN)


def look(world: World, box: Box) -> int:
    """The deliverer looks into the mailbox."""
    return postbox.look(desk(world, box), box, box, world.now)


def rows(world: World) -> list[Any]:
    """What was reported, oldest first."""
    with world.store.read() as conn:
        return list(conn.execute(select(incidents).order_by(incidents.c.case_id)))


def again(world: World) -> int:
    """How many occurrences there were."""
    with world.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(occurrences)).scalar_one())


def told(world: World) -> list[str]:
    """What the operators were told."""
    with world.store.read() as conn:
        return [row["about"]["what"] + row["about"]["error"] for row in conn.execute(select(outbox.c.payload)).scalars()
                if row.get("notice") == "operator_notice"]


def names(box: Box, folder: str) -> list[str]:
    """The mails in a folder of the mailbox."""
    return sorted(path.name for path in (box.folder / folder).iterdir())


def test_a_mail_is_a_report(both: World, box: Box) -> None:
    """Subject, text and Message-ID; it is read then."""
    source = have_source(both)
    deliver(box)
    assert look(both, box) == 1
    (row,) = rows(both)
    assert (row.title, row.description, row.external_key, row.source, row.reported_by, row.category) == (
        "A strange call", "From: Eva <eva@example.org>\n\nSomebody called.", "<1@example.org>", source, None, "other")
    assert (names(box, "new"), names(box, "cur")) == ([], ["1.host:2,S"])
    assert ("incident_reported", "ben") in both.mails()


def test_an_answer_is_an_occurrence_while_it_is_open(world: World, box: Box) -> None:
    """By what it answers, or by what it refers to further back; after the end it is a new one that names the old."""
    have_source(world)
    deliver(box)
    look(world, box)
    deliver(box, "2", In_Reply_To="<1@example.org>")
    deliver(box, "3", References="<0@example.org> <1@example.org> <2@example.org>")
    assert look(world, box) == 2
    assert (len(rows(world)), again(world)) == (1, 2)
    with world.store.read() as conn:
        said = list(conn.execute(select(audit_private.c.value).where(audit_private.c.field == "text")).scalars())
    assert said == ["A strange call\n\nFrom: Eva <eva@example.org>\n\nSomebody called."] * 2
    world.case = rows(world)[0].case_id
    do(world, commands.dismiss, "ben", None, "a prank")
    deliver(box, "4", In_Reply_To="<1@example.org>")
    look(world, box)
    assert rows(world)[1].follows == world.case


def test_a_crash_between_commit_and_move_repeats_nothing(world: World, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at again, and its Message-ID makes that harmless."""
    have_source(world)
    deliver(box)
    with monkeypatch.context() as dying:
        dying.setattr(Box, "taken", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(world, box)
    assert names(box, "new") == ["1.host"]
    look(world, box)
    assert (len(rows(world)), again(world), names(box, "new")) == (1, 0, [])


def test_what_else_comes_under_one_message_id_is_not_lost(both: World, box: Box) -> None:
    """Some appliances send the same for ever: an occurrence while the incident is open, and a new one after its end."""
    have_source(both)
    for text in ("The pump is hot.", "The pump is hot.", "The pump is on fire."):
        deliver(box, text=text)
        look(both, box)
    assert (len(rows(both)), again(both), names(box, "new")) == (1, 1, [])
    both.case = rows(both)[0].case_id
    do(both, commands.dismiss, "ben", None, "a drill")
    deliver(box, text="The pump is on fire again.")
    look(both, box)
    assert rows(both)[1].follows == both.case


def test_one_that_another_deliverer_has_moved_is_left(world: World, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both may look at one instant."""
    have_source(world)
    path = deliver(box)
    monkeypatch.setattr(Box, "waiting", lambda _: [path])
    assert look(world, box) == 1
    assert look(world, box) == 0


REFUSED: dict[str, Any] = {
    "a text over 1 MiB": lambda b: deliver(b, text="x" * 1024 * 1024 + "y"),
    "a link to some file": lambda b: (b.folder / "new" / "1.host").symlink_to("/etc/passwd"),
    "a folder": lambda b: (b.folder / "new" / "1.host").mkdir(),
    "more than is read": lambda b: raw(b, "1", b"Subject: x\n\n" + b"x" * (mails.LONGEST_MAIL)),
}


@pytest.mark.parametrize("come", REFUSED.values(), ids=REFUSED)
def test_one_that_can_t_be_taken_is_set_aside_and_told(world: World, box: Box, come: Any) -> None:
    """The others go on; it is told once."""
    have_source(world)
    come(box)
    deliver(box, "2")
    assert look(world, box) == 1
    assert names(box, ".refused/new") == ["1.host"]
    (said,) = told(world)
    assert "lies in its sub-folder reports/.refused" in said


AUTOMATIC: dict[str, Any] = {
    "an absence note": lambda b: deliver(b, Auto_Submitted="auto-replied"),
    "a bounce": lambda b: raw(b, "1", b"Message-ID: <b@x>\nContent-Type: multipart/report; boundary=x\n\n--x\n\nno\n--x--\n"),
    "a notice of our own": lambda b: deliver(b, Message_ID="<incident.1@isms.example.org>"),
}


@pytest.mark.parametrize("come", AUTOMATIC.values(), ids=AUTOMATIC)
def test_what_would_go_round_in_circles_is_set_aside_quietly(world: World, box: Box, come: Any) -> None:
    """A notice calls forth no incident, of which there would be a notice."""
    have_source(world)
    come(box)
    assert look(world, box) == 0
    assert (rows(world), told(world), len(names(box, ".refused/new"))) == ([], [], 1)


def with_files(box: Box, *files: tuple[str, str, bytes], name: str = "1", **more: str) -> None:
    """A mail with attachments: name, media type, content."""
    mail = EmailMessage()
    given = {"Subject": "A strange call", "Message-ID": f"<{name}@example.org>", **{k.replace("_", "-"): v for k, v in more.items()}}
    for header, value in given.items():
        mail[header] = value
    mail.set_content("See the picture.")
    for called, media_type, content in files:
        main, sub = media_type.split("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=called)
    raw(box, name, mail.as_bytes())


def attached(world: World) -> list[tuple[str, str, str]]:
    """Name, label and digest of what came with reports."""
    with world.store.read() as conn:
        found = conn.execute(select(evidence).where(evidence.c.step_id.is_(None)).order_by(evidence.c.id)).all()
    assert all((each.added_by, each.label) == (None, "confidential") for each in found) or not found
    return [(each.name, each.media_type, each.sha256) for each in found]


def test_the_files_of_a_mail_are_the_incident_s(both: World, box: Box) -> None:
    """Those of an answer, too; they are there, byte by byte, under the incident's label, and no person added them."""
    have_source(both, "data_breach")
    erp = both.system("erp")
    with both.store.write() as tx:
        tx.execute(update(sources_table).values(systems=[erp]))
    with_files(box, ("screen.png", "image/png", b"\x89PNG"), ("../../call log.txt", "text/plain", b"+43 1 234\n"))
    with_files(box, ("more.pdf", "application/pdf", b"%PDF"), name="2", In_Reply_To="<1@example.org>")
    assert look(both, box) == 2
    expected = [("screen.png", "image/png", b"\x89PNG"), ("call log.txt", "text/plain", b"+43 1 234\n"),
                ("more.pdf", "application/pdf", b"%PDF")]
    assert attached(both) == [(name, kind, hashlib.sha256(content).hexdigest()) for name, kind, content in expected]
    assert all(desk(both, box).files.rehash(digest) for _, _, digest in attached(both))
    assert "Not kept" not in rows(both)[0].description


def test_a_file_that_isn_t_taken_is_named_in_the_report(world: World, box: Box) -> None:
    """One that is too large, an eleventh; the mail is in the mailbox."""
    have_source(world)
    with_files(box, ("dump.bin", "application/octet-stream", b"x" * 201), *((f"{n}.txt", "text/plain", b"x") for n in range(10)))
    look(world, box)
    (row,) = rows(world)
    assert row.description.endswith("Not kept, and still in the mailbox: 9.txt, dump.bin")
    with world.store.read() as conn:
        assert len(conn.execute(select(evidence)).all()) == 9


@pytest.mark.parametrize(("names", "said"), [
    (("screen.png",), "An empty attachment was left out: screen.png"), (("a.png", "b.png"), "Empty attachments were left out: a.png, b.png"),
], ids=["one", "two"])
def test_an_empty_file_is_named_in_the_report(world: World, box: Box, names: tuple[str, ...], said: str) -> None:
    """There is nothing to keep of it, but whoever sent it meant it to be there."""
    have_source(world)
    with_files(box, *((name, "image/png", b"") for name in names), ("log.txt", "text/plain", b"x"))
    look(world, box)
    (row,) = rows(world)
    assert row.description.endswith(f"\n\n{said}")
    with world.store.read() as conn:
        assert [each.name for each in conn.execute(select(evidence))] == ["log.txt"]


def test_a_mail_in_a_mail_is_a_file_of_it(world: World, box: Box) -> None:
    """As when somebody forwards what they were sent."""
    have_source(world)
    outer = EmailMessage()
    outer["Subject"], outer["Message-ID"] = "Is this real?", "<1@example.org>"
    outer.set_content("I opened nothing.")
    inner = EmailMessage()
    inner["Subject"] = "Your account"
    inner.set_content("Click here.")
    outer.add_attachment(inner)
    raw(box, "1", outer.as_bytes())
    look(world, box)
    with world.store.read() as conn:
        (row,) = conn.execute(select(evidence)).all()
    assert (row.name, row.media_type) == ("part-2.eml", "message/rfc822")
    assert b"Click here." in b"".join(desk(world, box).files.open_chunks(row.sha256))


ODD: dict[str, tuple[bytes, str, str]] = {
    "no headers": (b"\nhelp", "A mail without a subject", "help"),
    "nothing at all": (b"", "A mail without a subject", ""),
    "only HTML": (b"Subject: x\nContent-Type: text/html\n\n<p>x", "x", "(It has no plain text: read it in the mailbox.)"),
    "an unknown charset": (b"Subject: x\nContent-Type: text/plain; charset=klingon\n\nnuq\xff", "x", "nuq\ufffd"),
    "U+0000": (b"Subject: a\0b\n\nc\0d", "a\ufffdb", "c\ufffdd"),
    "another alphabet": (b"Subject: =?utf-8?b?0J/QvtC20LDRgA==?=\nContent-Type: text/plain; charset=koi8-r\n\n\xf0\xcf",
                         "\u041f\u043e\u0436\u0430\u0440", "\u041f\u043e"),
    "a long subject": (b"Subject: " + b"x" * 200 + b"y" * 100 + b"\n\nx", "x" * 200, "x\n\nThe subject went on: " + "y" * 100),
    "an endless subject": (b"Subject: " + b"x" * 9000 + b"\n\nx", "x" * 200, "x\n\nThe subject went on: " + "x" * 2000 + "…"),
    "a long Message-ID": (b"Subject: x\nMessage-ID: <" + b"i" * 300 + b"@x>\n\nx", "x", "x"),
}


@pytest.mark.parametrize(("content", "title", "text"), ODD.values(), ids=ODD)
def test_an_odd_mail_is_a_report_all_the_same(both: World, box: Box, content: bytes, title: str, text: str) -> None:
    """Nothing that somebody tried to tell is dropped for its form."""
    have_source(both)
    raw(box, "1", content)
    assert look(both, box) == 1, told(both)
    (row,) = rows(both)
    assert row.title == title
    assert row.description.partition("\n\n")[2].strip() == text
    assert 0 < len(row.external_key) <= 200


def test_a_long_text_is_cut_and_says_so(world: World, box: Box) -> None:
    """The whole of it stays in the mailbox."""
    have_source(world)
    deliver(box, text="a word " * 10_000)
    look(world, box)
    assert len(rows(world)[0].description) <= 20_000
    assert rows(world)[0].description.endswith("(cut; the whole mail is in the mailbox)")


def test_mails_wait_while_there_is_no_source_and_somebody_is_told(world: World, box: Box) -> None:
    """Once a day."""
    deliver(box)
    assert (look(world, box), look(world, box)) == (0, 0)
    (said,) = told(world)
    assert "isms sources add" in said
    assert names(box, "new") == ["1.host"]
    have_source(world)
    assert look(world, box) == 1


def test_what_is_too_much_for_a_minute_waits_for_the_next(world: World, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """It isn't refused."""
    monkeypatch.setattr(intake, "MOST_A_MINUTE", 2)
    have_source(world)
    for name in "123":
        deliver(box, name)
    assert look(world, box) == 2
    assert names(box, "new") == ["3.host"]
    world.advance(seconds=61)
    assert look(world, box) == 1


def test_a_folder_that_can_t_be_used_is_told_once_and_looked_at_again(world: World, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ends the loop; when the folder is well, the mails are taken."""
    have_source(world)
    monkeypatch.setattr(Box, "every", 0.01)
    monkeypatch.setattr(postbox, "AFTER_ERROR_S", 0.01)
    broken, stop, facts = Box(tmp_path / "reports"), threading.Event(), {}
    broken.folder.write_text("a file stands where the folder should")
    thread = threading.Thread(target=postbox.serve, args=(desk(world, broken), broken, lambda: world.now, facts, stop))
    thread.start()
    try:
        eventually(lambda: told(world))
        assert "maildir_trouble" in facts
        broken.folder.unlink()
        eventually((broken.folder / "new").is_dir)
        deliver(broken)
        eventually(lambda: rows(world) and not facts)
    finally:
        stop.set()
        thread.join()
    (said,) = told(world)
    assert "the report mailbox can't be used" in said


def eventually(truth: Callable[[], object]) -> None:
    """Returns once this holds; fails after a minute."""
    until = time.monotonic() + 60
    while not truth():
        assert time.monotonic() < until, "nothing within a minute"
        time.sleep(0.02)
