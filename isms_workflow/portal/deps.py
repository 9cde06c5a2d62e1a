"""What the portal is made of; put together in the one composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles


@dataclass(frozen=True)
class Portal:
    """The store, the time, the evidence, and where attempts are logged."""

    store: Store
    settings: Settings
    now: Callable[[], datetime]
    files: EvidenceFiles
    access: AccessLog
