"""A service of somebody else's on this computer: it hears what is posted, and answers as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What was posted."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Its address, what it heard, the status of its next answers, and the seconds that each takes."""

    server: ThreadingHTTPServer
    heard: list[Heard] = field(default_factory=list)
    status: int = 204
    wait_s: float = 0.0

    def address(self, scheme: str = "http") -> str:
        """Where it listens, with a secret in its path."""
        return f"{scheme}://127.0.0.1:{self.server.server_port}/hook/s3cret"


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Served until the end of the test."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Hears, and answers; a redirect leads to itself."""
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            found.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(found.wait_s)
            self.send_response(found.status)
            self.send_header("Location", found.address())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
