"""A thousand incidents that people report within a minute."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx

from isms_workflow.domain.ids import new_id

REPORTS, SECONDS = 1_000, 60
REPORTERS = 4
"""Each sends its share evenly over the minute, and the next no sooner than the one before is answered."""

BODY = json.dumps({"title": "Somebody reads our mails", "category": "data_breach"})


def head(secret: str) -> dict[str, str]:
    """What a report is sent with, but for its key."""
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Reported:
    """One of them: the incident's reference, when its report was sent, and after how many seconds it was answered."""

    reference: str
    sent_at: datetime
    took: float


def minute(address: str, secret: str) -> list[Reported]:
    """All of them, by the API, with a key each."""
    done: list[Reported] = []
    people = [threading.Thread(target=_report, args=(address, secret, number, done)) for number in range(REPORTERS)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    return done


def _report(address: str, secret: str, number: int, done: list[Reported]) -> None:
    pause = SECONDS * REPORTERS / REPORTS
    began = time.monotonic() + pause * number / REPORTERS
    with closing(HTTPConnection(urlsplit(address).netloc)) as connection:
        for turn in range(REPORTS // REPORTERS):
            time.sleep(max(0.0, began + turn * pause - time.monotonic()))
            sent_at, before = datetime.now(UTC), time.perf_counter()
            connection.request("POST", "/api/v1/incidents", BODY, head(secret) | {"Idempotency-Key": new_id()})
            answer = connection.getresponse()
            told = answer.read()
            assert answer.status == httpx.codes.CREATED, told
            done.append(Reported(json.loads(told)["reference"], sent_at, time.perf_counter() - before))
