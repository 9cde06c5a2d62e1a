"""Prefect's REST API as the bridge speaks it: one session, our secret, three kinds of failure."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from isms_workflow.domain.effects import Refused, Unreachable
from isms_workflow.engine.prefect import local
from isms_workflow.settings import Settings

TIMEOUT = 10.0


class Api:
    """A session with our Prefect server; may be shared by threads.

    Over plain HTTP, not Prefect's own client: importing that takes seconds and binds the whole process
    to the settings it finds then, and who delivers effects needs a dozen calls of one pinned version.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = local.api_url(settings)
        self._http = httpx.Client(
            base_url=self._url,
            auth=(local.USER, local.secret(settings)),
            timeout=TIMEOUT,
            trust_env=False,  # a proxy in the environment is for the outside world
        )
        self._csrf: dict[str, str] = {}

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def find(self, path: str) -> Any | None:
        """What stands at `path`, or None if nothing does. Raises Unreachable or Refused."""
        answer = self._send("GET", path)
        return None if answer.status_code == httpx.codes.NOT_FOUND else _content(answer)

    def post(self, path: str, body: object) -> Any:
        """What the server answers to `body`. Raises Unreachable or Refused, also if nothing is there."""
        return _content(self._send("POST", path, body))

    def patch(self, path: str, body: object) -> None:
        """Change what stands at `path`. Raises Unreachable or Refused, also if nothing is there."""
        _content(self._send("PATCH", path, body))

    def _send(self, method: str, path: str, body: object = None) -> httpx.Response:
        answer = self._attempt(method, path, body)
        if answer.status_code == httpx.codes.FORBIDDEN and method != "GET":
            self._csrf = {}  # expired after an hour, or the server's database is a new one
            answer = self._attempt(method, path, body)
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unreachable(f"Prefect at {self._url} answers {answer.status_code} to {method} {path}.")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unreachable(
                f"What answers at {self._url} doesn't take our secret: another Prefect server may be "
                "running there. Stop it, or set prefect_port to a free port."
            )
        return answer

    def _attempt(self, method: str, path: str, body: object) -> httpx.Response:
        try:
            if method == "GET":
                return self._http.get(path)
            return self._http.request(method, path, json=body, headers=self._token())
        except httpx.HTTPError as error:
            name = type(error).__name__
            raise Unreachable(f"Prefect at {self._url} can't be reached ({name}: {error}).") from error

    def _token(self) -> dict[str, str]:
        if not self._csrf:
            client = str(uuid4())
            answer = self._http.get("/csrf-token", params={"client": client})
            if answer.is_success:
                self._csrf = {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": answer.json()["token"]}
        return self._csrf


def _content(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else None
    request = answer.request
    raise Refused(
        f"Prefect refuses {request.method} {request.url.path} with {answer.status_code}: {answer.text[:500]}"
    )
