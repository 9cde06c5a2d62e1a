"""What is done regularly beside the cases; each says in a sentence what it did."""

from __future__ import annotations

from isms_workflow.engine import digests, healing, hourly, nightly, planned
from isms_workflow.engine.context import current
from isms_workflow.engine.prefect.gateway import PrefectGateway
from isms_workflow.engine.prefect.tasks import business_task
from isms_workflow.settings import Settings
from isms_workflow.store.files import EvidenceFiles


@business_task
def start_what_was_planned() -> str:
    """Open what the programme planned for an instant that has come, each once."""
    _asked("planned-starts")
    context = current()
    handled = planned.start(context.store, context.now())
    return "; ".join(f"{each.start.schedule}: {each.outcome}" for each in handled) or "Nothing was planned."


@business_task
def heal_lost_runs() -> str:
    """Give every case with work to do a run that does it. The deliverer does the same without Prefect."""
    _asked("reconciliation")
    context, gateway = current(), PrefectGateway(Settings())
    try:
        busy = healing.heal_all(context.store, gateway, context.now())
    finally:
        gateway.close()
    return f"{busy} cases are at work." if busy else "Every case has read its last change."


@business_task
def send_digests() -> str:
    """Queue the digest of everybody whose hour has come."""
    _asked("digest")
    context, settings = current(), Settings()
    sent = digests.run(context.store, settings.keys_dir, settings.data, context.now())
    return f"{sent} digests."


@business_task
def verify_and_tidy() -> str:
    """Verify the history, re-hash a share of the evidence, forget what is old enough."""
    _asked("nightly-verification")
    context, settings = current(), Settings()
    return str(nightly.run(context.store, EvidenceFiles(settings.evidence_dir), settings.data, context.now()))


def _asked(schedule: str) -> None:
    """Let the clock know that Prefect asked for this."""
    context = current()
    hourly.asked(context.store, schedule, context.now())
