"""`isms deadlines`: what is armed, why it is due when it is, and what to do when a calendar changed."""

from __future__ import annotations

from cyclopts import App

from isms_workflow.commands.shared import OPERATOR, reading, say, table, using, writing
from isms_workflow.domain.calendars import LENGTHS, DueRule
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.engine import operating, retiming
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look, deadline
from isms_workflow.store.statements import deadlines as questions
from isms_workflow.store.statements import mails

app = App(name="deadlines", help="Instants at which something happens unless somebody acts.")


@app.command(name="list")
def list_(*, failed: bool = False) -> None:
    """What is armed, earliest first; with `--failed` what was set aside."""
    with reading() as conn:
        rows = conn.execute(questions.failed() if failed else questions.unsettled()).all()
        look = Look(conn, utc_now())
        references = {row.case_id: look.view(row.case_id).case.reference for row in rows}
    table(("id", "due", "case", "event", "of", "error"),
          ((r.id, r.due_at, references[r.case_id], r.event, r.subject, r.error) for r in rows),
          "Nothing was set aside." if failed else "Nothing is armed.")


@app.command
def explain(deadline_id: str) -> None:
    """Why a deadline is due when it is, and what it will do."""
    with reading() as conn:
        row = conn.execute(mails.deadline(deadline_id)).first()
        if row is None:
            raise Unknown("deadline", deadline_id)
        look = Look(conn, utc_now())
        view = look.view(row.case_id)
        say(f"{row.event} of a {row.subject} of {view.case.reference}, due {row.due_at:%Y-%m-%d %H:%M:%S} UTC: "
            f"{row.outcome or 'armed'}.")
        if row.rule:
            rule = DueRule.from_json(row.rule)
            hour = "" if rule.unit in LENGTHS else f" at {rule.at:%H:%M}"
            say(f"It is {rule.amount} {rule.unit.replace('_', ' ')}{hour} from {rule.anchor:%Y-%m-%d %H:%M:%S} UTC, "
                f"in {rule.zone}, by the calendar {rule.calendar}.")
        if row.settled_at is None:
            for each in look.armed_only(view, deadline(row)):
                say(f"{each.at:%Y-%m-%d %H:%M} UTC: {each.says}")


@app.command
def retime() -> None:
    """After a change of zone, tzdata or calendar: recompute what is still to come; what has fired stays."""
    with using() as (_, store):
        moved = retiming.retime(store, OPERATOR, When.at(utc_now()))
    for each in moved:
        say(str(each))
    say(f"{len(moved)} moved." if moved else "Nothing moves.")


@app.command
def retry(deadline_id: str) -> None:
    """Have a deadline that was set aside tried again, once its cause is put right."""
    with writing() as (tx, when):
        operating.retry_deadline(tx, deadline_id, OPERATOR, when.noticed)
    say("It is armed again; a clock takes it at once.")
