"""Mails as files, while no server is configured."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from isms_workflow.domain.effects import Refused, Unreachable
from isms_workflow.notify import files
from isms_workflow.notify.files import SEALED, FileChannel, listing, sealed
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.settings import Settings
from tests.notify.examples import BEN, NOW, URL, written

KEY = "step_opened:0190c4e2-1111-7000-8000-000000000001:3:0190c4e2-1111-7000-8000-00000000000b"
MAIL = written("a step opens")
INVITATION = written("somebody is invited")


@pytest.fixture
def channel(tmp_path: Path) -> FileChannel:
    """Writes into a data folder that isn't there yet."""
    return FileChannel(Settings(data=tmp_path / "data", public_url=URL))


def test_a_mail_is_a_file_that_any_mail_program_opens(channel: FileChannel) -> None:
    """Named by its time and its key; only its owner may read it."""
    delivery = channel.send(KEY, BEN, MAIL, sensitive=False)
    (path,) = channel.folder.iterdir()
    assert delivery.answer == path.name
    assert path.name.startswith("20260309T140000.000000Z-step_opened-")
    assert path.suffix == ".eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert (mail["Subject"], mail["Message-ID"]) == (MAIL.subject, delivery.message_id)
    assert mail["To"].addresses[0].addr_spec == "ben@example.org"


def test_a_long_subject_is_listed_as_it_was_written(channel: FileChannel) -> None:
    """In the file it begins on a line of its own, after a blank that isn't part of it."""
    long = written("a late gate escalates")
    channel.send(KEY, BEN, long, sensitive=False)
    assert [each.subject for each in listing(channel.folder, 1)] == [long.subject]


def test_the_newest_mails_are_listed_first(channel: FileChannel) -> None:
    """As many as are asked for, with the key by which their case is found."""
    for hours in range(5):
        channel.send(f"{KEY}:{hours}", BEN, replace(MAIL, at=NOW + timedelta(hours=hours)), sensitive=False)
    first, second = listing(channel.folder, 2)
    assert [first.at, second.at] == [NOW + timedelta(hours=4), NOW + timedelta(hours=3)]
    assert (first.to, first.subject, first.text, first.key) == (
        "ben@example.org", MAIL.subject, MAIL.text, f"{KEY}:4")
    assert (channel.folder / first.file).is_file()


def test_nothing_to_list(channel: FileChannel) -> None:
    """Before the first mail there is no folder."""
    assert listing(channel.folder, 10) == ()
    assert sealed(channel.folder) == 0


def test_a_link_that_signs_in_is_sealed(channel: FileChannel) -> None:
    """It is never listed, and lies where only the service's own account looks."""
    channel.send("invitation:1:2", BEN, INVITATION, sensitive=True)
    assert listing(channel.folder, 10) == ()
    assert sealed(channel.folder) == 1
    inner = channel.folder / SEALED
    (path,) = inner.iterdir()
    assert stat.S_IMODE(inner.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sealed_folder_that_was_open_is_closed_again(channel: FileChannel) -> None:
    """Whatever a backup or a person made of it."""
    (channel.folder / SEALED).mkdir(parents=True, mode=0o755)
    channel.send("invitation:1:2", BEN, INVITATION, sensitive=True)
    assert stat.S_IMODE((channel.folder / SEALED).stat().st_mode) == 0o700


def test_a_repeat_is_not_written_twice(channel: FileChannel) -> None:
    """A deliverer that died before it wrote down its success comes again, later."""
    first = channel.send(KEY, BEN, MAIL, sensitive=False)
    again = channel.send(KEY, BEN, replace(MAIL, at=NOW + timedelta(minutes=1)), sensitive=False)
    assert again == first
    assert len(listing(channel.folder, 10)) == 1


def test_each_of_many_has_its_own_outcome(channel: FileChannel) -> None:
    """One that can't be addressed is refused; the others are written."""
    letters = [Letter("a:1", BEN, MAIL), Letter("a:2", replace(BEN, email="nobody"), MAIL), Letter("a:3", BEN, MAIL)]
    outcomes = list(channel.send_many(letters))
    assert [type(each) for each in outcomes] == [Delivery, Refused, Delivery]
    assert len(listing(channel.folder, 10)) == 2


def test_other_files_are_not_mails(channel: FileChannel) -> None:
    """Neither half-written ones nor what somebody put there."""
    channel.folder.mkdir(parents=True)
    (channel.folder / "20260309T140000.000000Z-step_opened-0123.part").write_text("From: half")
    (channel.folder / "notes.eml").write_text("a note")
    assert listing(channel.folder, 10) == ()


@contextmanager
def disk_that_takes(size: int) -> Iterator[None]:
    """No file can grow beyond this many bytes: the system refuses the write that would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_leaves_no_half_mail(channel: FileChannel) -> None:
    """It is the channel's trouble, not the mail's: the message waits in the outbox, and is written later."""
    with disk_that_takes(3000), pytest.raises(Unreachable, match=r"File too large\. Make room"):
        channel.send(KEY, BEN, MAIL, sensitive=False)
    assert list(channel.folder.iterdir()) == []
    channel.send(KEY, BEN, MAIL, sensitive=False)
    assert [each.text for each in listing(channel.folder, 10)] == [MAIL.text]


def test_a_folder_that_is_none_is_said(channel: FileChannel) -> None:
    """What, where, and what to look at."""
    channel.folder.parent.mkdir(parents=True)
    channel.folder.write_text("in the way")
    with pytest.raises(Unreachable, match=f"Mail can't be written to {channel.folder}: .*check who may write"):
        channel.send(KEY, BEN, MAIL, sensitive=False)


def test_a_mail_is_synced_before_it_counts_as_sent(channel: FileChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, then its name, then the folder that holds the name."""
    done: list[str] = []
    fsync, rename = os.fsync, Path.replace
    monkeypatch.setattr(files.os, "fsync", lambda fd: (done.append("sync"), fsync(fd))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("rename"), rename(self, to))[1])
    channel.send(KEY, BEN, MAIL, sensitive=False)
    assert done == ["sync", "rename", "sync"]
