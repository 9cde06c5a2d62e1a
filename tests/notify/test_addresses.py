"""Mailboxes and names: what can be carried, and what can't break out of a header."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from isms_workflow.notify.addresses import BadAddress, mailbox
from isms_workflow.notify.letters import Letter, compose, host_of, message_id
from isms_workflow.notify.notices import Mail, Recipient
from tests.notify.examples import NOW, URL

GOOD = ["ben@example.org", " ben@example.org ", "ben.ito+isms@mail.example.org", "o'neil@localhost",
        "ben@xn--mnchen-3ya.example"]
BAD = {
    "no at": ("ben", "should look like name@example.org"),
    "nothing before it": ("@example.org", "should look like"),
    "nothing after it": ("ben@", "should look like"),
    "nothing at all": ("", "should look like"),
    "a domain in letters": ("ben@münchen.example", "write its domain in ASCII, which begins with xn--"),
    "a name in letters": ("bén@example.org", "letters before the @ must be ASCII"),
    "a new line": ("ben@example.org\nBcc: x@example.org", "characters"),
    "two mailboxes": ("ben@example.org, dana@example.org", "characters"),
    "a name beside it": ("Ben Ito <ben@example.org>", "characters"),
    "an option smuggled in": ("ben@example.org> SIZE=1", "characters"),
    "a quoted name": ('"ben ito"@example.org', "characters"),
    "two dots": ("ben..ito@example.org", "characters"),
    "an empty label": ("ben@example..org", "characters"),
    "too long a name": (f"{'b' * 65}@example.org", "at most 64"),
    "too long a domain": (f"ben@{'.'.join(['example'] * 40)}", "253 after it"),
}


@pytest.mark.parametrize("address", GOOD)
def test_a_mailbox_is_taken_as_it_is(address: str) -> None:
    """Only the spaces around it go."""
    assert mailbox(address) == address.strip()


@pytest.mark.parametrize(("address", "said"), BAD.values(), ids=BAD)
def test_what_is_no_mailbox_is_refused(address: str, said: str) -> None:
    """With what would be right, in one line whatever was typed."""
    with pytest.raises(BadAddress, match=said) as caught:
        mailbox(address)
    assert "\n" not in str(caught.value)


def headers(name: str, subject: str = "Hello") -> object:
    """A letter's headers as a receiver reads them."""
    letter = Letter("key", Recipient(name, "ben@example.org", "UTC"), Mail(subject, "text", "<p>text</p>", NOW))
    return message_from_bytes(compose(letter, "isms@example.org", URL).as_bytes(), policy=default)


@given(st.text(max_size=300))
def test_no_name_leads_a_mail_elsewhere(name: str) -> None:
    """Whatever it holds, the header names one mailbox, and nothing else begins in it."""
    mail = headers(name)
    assert [each.addr_spec for each in mail["To"].addresses] == ["ben@example.org"]
    assert mail.keys() == ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
                           "X-Auto-Response-Suppress", "MIME-Version", "Content-Type"]
    assert not mail.defects


@example('?;)(=,@ab:>.,\\a.>;)?";\'<?.@,<( :"[b[:\\@?<(>\\\\";(a=("=?,, @,_<\'] < ():<')  # folded without its quotes
@given(st.lists(st.sampled_from('ab ,;:<>@"()\\é美\r\n\t'), max_size=120).map("".join))
def test_no_punctuation_leads_a_mail_elsewhere(name: str) -> None:
    """The same, where names are made of what means something in a header."""
    assert [each.addr_spec for each in headers(name)["To"].addresses] == ["ben@example.org"]


@given(st.lists(st.text(min_size=1, max_size=190), min_size=2, max_size=2, unique=True))
def test_different_keys_have_different_ids(keys: list[str]) -> None:
    """And each id is one that a header can hold."""
    first, second = (message_id(key.encode("utf-8", "replace").decode(), URL) for key in keys)
    assert first.isascii()
    assert " " not in first
    assert first != second or keys[0].encode("utf-8", "replace") == keys[1].encode("utf-8", "replace")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_an_id_is_well_formed_and_says_its_key(key: str) -> None:
    """However long, and wherever the header is folded: a repeat can be recognised, and its case be found."""
    letter = Letter(key, Recipient("Ben", "ben@example.org", "UTC"), Mail("Hello", "text", "<p>text</p>", NOW))
    mail = message_from_bytes(compose(letter, "isms@example.org", URL).as_bytes(), policy=default)
    read = str(mail["Message-ID"]).strip()
    assert read == message_id(key, URL)
    assert re.fullmatch(r"<[\w!#$%&'*+/=?^`{|}~-]+@isms\.example\.org>", read, re.ASCII)
    assert unquote(read.strip("<>").rpartition("@")[0]) == key


HOSTS = {
    "https://isms.example.org": "isms.example.org",
    "http://127.0.0.1:8000": "127.0.0.1",
    "http://[::1]:8000": "[IPv6:::1]",
    "https://isms.münchen.example": "isms.m%C3%BCnchen.example",
}


@pytest.mark.parametrize(("url", "host"), HOSTS.items())
def test_an_id_ends_in_the_portals_host(url: str, host: str) -> None:
    """Always in a form that a header can hold."""
    assert host_of(url) == host
