"""The example in the operator's pages: it is what it says, over real HTTP."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from sqlalchemy import func, select

from isms_workflow.connectors import signatures
from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.engine.commands import sources
from isms_workflow.engine.context import utc_now
from isms_workflow.portal.app import create_app
from isms_workflow.portal.deps import Portal
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import incidents, occurrences
from tests.engine.incidents import have_systems
from tests.world import OPERATOR, found

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


@contextmanager
def portal(store: Store, settings: Settings) -> Iterator[str]:
    """A portal that answers on a port of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = settings.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})
    with AccessLog(store) as log:
        app = create_app(Portal(store, own, utc_now, EvidenceFiles(own.evidence_dir), log))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield own.public_url
        finally:
            server.should_exit = True
            thread.join()


def test_the_example_reports(store: Store, settings: Settings, tmp_path: Path) -> None:
    """A new incident, then an occurrence of it; with a wrong secret it is refused."""
    script = tmp_path / "report.py"
    script.write_text(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0])
    world = found(store)
    have_systems(world)
    with store.write() as tx:
        source = sources.add(tx, "Monitoring", "webhook", "outage", (), OPERATOR, world.when())
    secret = signatures.secret(signatures.key(settings), source)
    with portal(store, settings) as address:
        def run(secret: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([sys.executable, str(script), "The shop is down", "Web shop"], text=True, check=False,
                                  capture_output=True, env={**os.environ, "HOOK_URL": f"{address}/hooks/{source}",
                                                            "HOOK_SECRET": secret})

        first, again, wrong = run(secret), run(secret), run(signatures.secret(b"x", source))
    assert re.fullmatch(r"201 INC-\d{4}-0001\n", first.stdout), first.stderr
    assert again.stdout.startswith("200 INC-")
    assert "401" in wrong.stderr
    with store.read() as conn:
        assert conn.execute(select(incidents.c.severity)).scalar_one() == "critical"
        assert conn.execute(select(func.count()).select_from(occurrences)).scalar_one() == 1
