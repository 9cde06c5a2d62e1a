"""Signed webhooks, as the specification has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from isms_workflow.connectors import signatures
from isms_workflow.settings import Settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the specification's own example
HEADERS = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
           "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
BODY = b'{"test": 2432232314}'
SENT = datetime.fromtimestamp(1614265330, UTC)


def test_the_specification_s_example_is_signed() -> None:
    """Secret, message and signature as other libraries' tests have them."""
    assert signatures.is_signed(SECRET, HEADERS, BODY, SENT)


def test_one_of_several_signatures_is_enough() -> None:
    """A sender that changes its secret signs with both."""
    given = f"v1,bm90aGluZw== v1a,x {HEADERS['webhook-signature']}"
    assert signatures.is_signed(SECRET, {**HEADERS, "webhook-signature": given}, BODY, SENT)


WRONG = {
    "another body": ({}, BODY + b" ", timedelta(0)),
    "another id": ({"webhook-id": "msg_2"}, BODY, timedelta(0)),
    "no id": ({"webhook-id": ""}, BODY, timedelta(0)),
    "an id that is too long": ({"webhook-id": "x" * 201}, BODY, timedelta(0)),
    "another timestamp": ({"webhook-timestamp": "1614265331"}, BODY, timedelta(0)),
    "a timestamp that is none": ({"webhook-timestamp": "soon"}, BODY, timedelta(0)),
    "one beyond time": ({"webhook-timestamp": "9" * 30}, BODY, timedelta(0)),
    "no signature": ({"webhook-signature": ""}, BODY, timedelta(0)),
    "one without its version": ({"webhook-signature": HEADERS["webhook-signature"][3:]}, BODY, timedelta(0)),
    "letters of another alphabet": ({"webhook-signature": "v1,ж"}, BODY, timedelta(0)),
    "six minutes later": ({}, BODY, timedelta(minutes=6)),
    "six minutes before": ({}, BODY, timedelta(minutes=-6)),
}


@pytest.mark.parametrize(("headers", "body", "later"), WRONG.values(), ids=WRONG)
def test_anything_else_isn_t(headers: dict[str, str], body: bytes, later: timedelta) -> None:
    """Whatever of it is wrong."""
    assert not signatures.is_signed(SECRET, {**HEADERS, **headers}, body, SENT + later)


def test_secrets_follow_from_a_key_that_is_made_once(settings: Settings) -> None:
    """Each source's is its own; the file is its owner's alone, in the folder that back-ups have."""
    key = signatures.key(settings)
    assert signatures.key(settings) == key
    assert signatures.secret(key, "a") == signatures.secret(key, "a") != signatures.secret(key, "b")
    (file,) = settings.keys_dir.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
