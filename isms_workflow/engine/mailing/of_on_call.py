"""What mails say about who is on call."""

from __future__ import annotations

from collections.abc import Mapping

from isms_workflow.domain.effects import Unsent
from isms_workflow.domain.records import OnCallRecord
from isms_workflow.domain.rules.on_call import in_order
from isms_workflow.engine import offices, on_call, programmes
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


def ordered(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """Turns are taken in another order. Several changes in a row are told once, by the last."""
    about = effect.payload["about"]
    known = on_call.rotations(look.conn).get(about["row"].partition("/")[0])
    row = next((each for each in known.rows if each.id == about["row"]), None) if known else None
    if row is None:
        raise Unsent("the programme in force has no such turns")
    if list(in_order(row, offices.directory(look.conn, look.now), look.now)) != about["people"]:
        raise Unsent("turns are taken in yet another order")
    return {"link": PAGE, "rotation": row.title, "people": [look.name(each) for each in about["people"]], "by": look.name(about["by"])}


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


FACTS: Mapping[str, Expand] = {"on_call_covered": covered, "on_call_gap": gap, "on_call_ordered": ordered}
