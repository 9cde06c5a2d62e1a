"""What mails say about who is on call."""

from __future__ import annotations

from collections.abc import Mapping

from isms_workflow.domain.records import OnCallRecord
from isms_workflow.engine import on_call, programmes
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_wait import Expand, Facts

PAGE = "/on-call"


def covered(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody is on call out of their turn, or no longer."""
    about = effect.payload["about"]
    record = look.record(OnCallRecord.OVERRIDDEN, about["override"])
    return {"link": PAGE, "rotation": _title(look, about["rotation"]), "person": look.name(about["person"]),
            "yours": person == about["person"], "by": look.name(about["by"]), "starts": about["starts"],
            "ends": about["ends"], "returned": about.get("returned"), "reason": record.reason if record else ""}


def gap(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """Nobody is on call, or won't be."""
    about = effect.payload["about"]
    known = on_call.rotations(look.conn).get(about["rotation"])
    titles = programmes.in_force(look.conn).programme.responsibilities
    return {"link": PAGE, "rotation": _title(look, about["rotation"]), "starts": about["starts"], "ends": about["ends"],
            "responsibility": titles[known.responsibility].title if known else "",
            "cover": look.name(about["cover"]) if about["cover"] else ""}


def _title(look: Look, rotation: str) -> str:
    known = on_call.rotations(look.conn).get(rotation)
    return known.title if known else rotation.replace("_", " ")


FACTS: Mapping[str, Expand] = {"on_call_covered": covered, "on_call_gap": gap}
