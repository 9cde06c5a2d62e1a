"""What Prefect's schedules ask for. The work is the engine's, which can do it without Prefect too."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.housekeeping import heal_lost_runs, send_digests, start_what_was_planned, verify_and_tidy


@flow(name="planned-starts", persist_result=False)
def planned_starts() -> State[Any]:
    """Start what the programme planned. Safe to run again: each instant is handled once."""
    return Completed(message=start_what_was_planned())


@flow(name="reconciliation", persist_result=False)
def reconciliation() -> State[Any]:
    """Look for cases whose run was lost. Safe to run again: a case that is at work is left alone."""
    return Completed(message=heal_lost_runs())


@flow(name="digest", persist_result=False)
def digest() -> State[Any]:
    """Send the daily digests that are due. Safe to run again: a date is told once."""
    return Completed(message=send_digests())


@flow(name="nightly-verification", persist_result=False)
def nightly_verification() -> State[Any]:
    """Verify the history and the evidence (ISO/IEC 27001:2022, A.5.33). Safe to run again."""
    return Completed(message=verify_and_tidy())
