"""Commands on how somebody wants to be told: their own choice, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence

from isms_workflow.domain.notification import Quiet, Rule, problem, quiet_until
from isms_workflow.domain.people import Actor
from isms_workflow.domain.records import AuditRecord, PersonRecord, Scalar
from isms_workflow.domain.refusals import NotYours, Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, wishes
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import outbox


def choose(tx: Transaction, person: str, rules: Sequence[Rule], quiet: Quiet | None, ways: tuple[str, ...], actor: Actor,
           when: When) -> None:
    """All of somebody's rules and their quiet hours, in place of those before; `ways` are those that they may choose. What the
    old quiet hours hold back waits for the end of the new ones, or for nothing any more.

    Raises `NotYours`, `Wrong` naming the field.
    """
    if actor.id != person:
        raise NotYours("notification rules", "choose", "being the person whom they tell")
    if wrong := problem(tuple(rules), ways):
        raise Wrong(*wrong)
    if quiet and quiet.begins == quiet.ends:
        raise Wrong("quiet_until", wishes.clock(quiet.ends), "another hour than they begin at; leave both empty for none")
    in_turn(tx)  # of two choices at one time the second replaces the first
    wishes.keep(tx, person, rules, quiet, when.happened)
    zone = offices.directory(tx, when.noticed).people[person].zone
    ends = quiet_until(quiet, zone, when.noticed) if quiet else None
    tx.execute(outbox.quiet_until(person, ends or when.noticed))
    facts: dict[str, Scalar] = {
        "rules": " ".join(f"{r.channel}:{int(r.delay.total_seconds())}:{r.what}" for r in rules), "channel": actor.channel,
        "quiet": f"{wishes.clock(quiet.begins)}-{wishes.clock(quiet.ends)}" if quiet else None}
    audit.append(tx, [AuditRecord(PersonRecord.PREFERRED, actor.id, when.happened, when.noticed, None, person, facts)])
