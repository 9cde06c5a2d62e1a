"""Every kind's machine, and the engine's own two."""

from __future__ import annotations

from collections.abc import Mapping

from isms_workflow.domain import corrective_action, gates, incident, pdca, steps
from isms_workflow.domain.machine import Machine, checked
from isms_workflow.domain.people import INCIDENT_RESPONDER, ISMS_MANAGER, TOP_MANAGEMENT

ALL: Mapping[str, Machine] = {
    machine.kind: checked(machine, (ISMS_MANAGER, TOP_MANAGEMENT, INCIDENT_RESPONDER), phases)
    for machine, phases in ((pdca.MACHINE, pdca.PHASES), (incident.MACHINE, incident.PHASES),
                            (corrective_action.MACHINE, corrective_action.PHASES))
}
"""Kinds of case."""

PARTS: Mapping[str, Machine] = {
    machine.kind: checked(machine, (ISMS_MANAGER, TOP_MANAGEMENT)) for machine in (steps.MACHINE, gates.MACHINE)
}
"""What every kind of case is made of."""
