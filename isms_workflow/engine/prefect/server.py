"""Prefect's server as a child process: how it is started, whom it answers, and whether it is up."""

from __future__ import annotations

import sys
from base64 import b64encode
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from isms_workflow.engine.prefect import local
from isms_workflow.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction
    from sqlalchemy.pool import ConnectionPoolEntry
    from starlette.types import ASGIApp, Receive, Scope, Send

NICE = 10
"""Prefect's processes give way, so that a storm of cases can't make the clock late: each exchange with a database server waits
for its turn on a processor, and while a thousand flows begin that was most of what a clock took.
"""

LOCK_S = 5
"""Seconds for which the server's database waits for a lock; a refusal is an answer 503, and asked again."""


def command() -> list[str]:
    """The command line of the server; it wants the environment of `local.child_environment`."""
    return [sys.executable, "-m", "isms_workflow.engine.prefect.server"]


def reachable(settings: Settings, timeout: float = 2.0) -> bool:
    """Whether our server answers and takes our secret, within `timeout` seconds; blocks, never raises.

    With the standard library: who waits for a server asks ten times a second, and httpx loads the certificates of the
    whole world for each question, which kept a quarter of a core busy until Prefect had started.
    """
    secret = b64encode(f"{local.USER}:{local.secret(settings)}".encode()).decode()
    with closing(HTTPConnection(local.HOST, settings.prefect_port, timeout=timeout)) as connection:
        try:
            connection.request("GET", "/api/admin/version", headers={"Authorization": f"Basic {secret}"})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False


class OwnOrigin:
    """Answers only requests made to our own address by no page but our own.

    Prefect itself knows CORS, which hides an answer but carries out the request, and takes any Host,
    which lets a page whose name resolves to this computer pass for our own.
    """

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self.app = app
        self.origin = origin.encode()
        self.host = origin.removeprefix("http://").encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 403 and a sentence (a websocket: with its closing)."""
        if scope["type"] == "lifespan" or self._is_own(dict(scope["headers"])):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._refuse(send)

    def _is_own(self, headers: dict[bytes, bytes]) -> bool:
        return headers.get(b"host") == self.host and headers.get(b"origin", self.origin) == self.origin

    async def _refuse(self, send: Send) -> None:
        sentence = b"This server answers only at " + self.origin + b" and only its own pages."
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(sentence)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": sentence})


def bound_waits_for_locks() -> None:
    """Let the server wait for a lock of its SQLite file rather than refuse, but never longer than `LOCK_S`.

    Prefect waits for a minute, and now and then nothing answers for exactly that long: the event loop's thread
    runs no Python meanwhile. The likeliest cause: a thread that waits holds its connection's mutex, and the loop's
    thread comes upon a cursor of that connection to be freed, so that whoever holds the lock can't commit.

    Most of Prefect's transactions begin by reading. When one comes to write and another has written since, SQLite
    refuses at once, however long it may wait: an answer 503, and Prefect's client asks again after 2, 4 and 8 s.
    Beginning as a writer, it waits its turn instead. What only reads has no transaction, and waits for nobody.
    """
    from prefect.server.database.configurations import AioSqliteConfiguration
    from prefect.server.database.dependencies import set_database_config
    from prefect.settings import get_current_settings

    class Bounded(AioSqliteConfiguration):
        def setup_sqlite(self, conn: DBAPIConnection, record: ConnectionPoolEntry) -> None:
            super().setup_sqlite(conn, record)
            cursor = conn.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {LOCK_S * 1000}")
            cursor.close()

        @asynccontextmanager
        async def begin_transaction(
            self, session: AsyncSession, with_for_update: bool = False,  # noqa: ARG002  # all of them may write
        ) -> AsyncGenerator[AsyncSessionTransaction, None]:
            async with super().begin_transaction(session, with_for_update=True) as transaction:
                yield transaction

    url = get_current_settings().server.database.connection_url
    assert url is not None  # the environment of `local` names it
    set_database_config(Bounded(connection_url=url.get_secret_value()))


def main() -> None:
    """Serve Prefect until SIGTERM; the address and all else come from Prefect's own settings."""
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    bound_waits_for_locks()
    api = get_current_settings().server.api
    uvicorn.run(
        OwnOrigin(create_app(final=True), f"http://{api.host}:{api.port}"),
        host=api.host,
        port=api.port,
        timeout_keep_alive=api.keepalive_timeout,
        ws_ping_interval=api.websocket_ping_interval,
        ws_ping_timeout=api.websocket_ping_timeout,
        log_level="warning",
        timeout_graceful_shutdown=3,  # the UI's open sockets never end by themselves
    )


if __name__ == "__main__":
    main()
