"""What mails say about reports that an act, a contract or an insurance asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from isms_workflow.domain.duties import Duties, anchor
from isms_workflow.domain.effects import Unsent
from isms_workflow.domain.forecast import coming
from isms_workflow.domain.obligations import Standing, State
from isms_workflow.domain.rules.duties import concerned, questions_step, reporting_of
from isms_workflow.domain.times import from_iso, iso
from isms_workflow.domain.views import CaseView
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing.look import MOST_TO_COME, Look, deadline
from isms_workflow.engine.mailing.of_wait import Expand, Facts, told
from isms_workflow.notify.digest import Item, Sort
from isms_workflow.store.statements import mails as questions


def runs(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """What began to run, as far as it still does."""
    view, duties = _seen(look, effect)
    found = [each for each in duties.running if each.obligation.id in effect.payload["about"]["stages"]]
    if not found:
        raise Unsent("nothing of what it tells runs any more")
    return {**_of_case(look, view), "reports": [
        {**_of(each), "act_by": told(each.act_by), "latest": told(each.latest_lawful)} for each in found]}


def waits(look: Look, person: str, effect: Effect) -> Facts:
    """A reminder, the last warning, or that the safe instant passed; not told if it was submitted meanwhile."""
    found = _standing(_seen(look, effect)[1], effect)
    if found.state is not State.RUNNING:
        raise Unsent(f"{found.obligation.id} is {found.state} meanwhile")
    return missed(look, person, effect)


def missed(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """The act's instant passed: that is told whatever became of it since."""
    view, duties = _seen(look, effect)
    found, about = _standing(duties, effect), effect.payload["about"]
    is_owed = found.state is State.RUNNING
    holders = (person for name in reporting_of(view).decides for person in view.directory.holders(name))
    due = anchor(found) if is_owed else from_iso(about["act_by"] or about["latest_lawful"])
    return {**_of_case(look, view), **_of(found), "since": iso(found.started_at or effect.queued_at), "due": iso(due),
            "latest": told(found.latest_lawful) if is_owed else about["latest_lawful"],
            "waits_for": [look.name(each) for each in dict.fromkeys(holders)] if is_owed else [],
            "then": _then(look, view, found.obligation.id) if is_owed else []}


def submitted(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """Somebody decided that it was sent."""
    view, duties = _seen(look, effect)
    about = effect.payload["about"]
    return {**_of_case(look, view), **_of(_standing(duties, effect)), "by": look.name(about["by"]), "at": about["at"],
            "in_time": about["in_time"]}


def items(look: Look, view: CaseView, person: str) -> Iterator[Item]:
    """For a digest: what runs, to whoever decides that it was submitted; what is to be answered, to whoever sees to reports."""
    duties, step = view.duties, questions_step(view)
    if duties is None or view.case.closed_at is not None:
        return
    if any(view.directory.holds(person, name) for name in reporting_of(view).decides):
        for each in duties.running:
            yield Item(person, Sort.OWE, f"{view.case.id}:{each.obligation.id}", view.case.reference,
                       f"Submit: {each.obligation.stage.title}", each.started_at or view.case.opened_at, anchor(each),
                       _note(each, look.now))
    if step and step.state == "open" and person in concerned(view):
        whose = "" if step.owner in (None, person) else f"; waits for {look.name(step.owner)}"
        sort = Sort.OWE if not whose or step.due_at is None or step.due_at >= look.now else Sort.LATE
        yield Item(person, sort, step.id, view.case.reference, view.title(step), step.opened_at or look.now, step.due_at,
                   f"{duties.says_open[:1].lower()}{duties.says_open[1:-1]}{whose}")


def _note(found: Standing, now: datetime) -> str:
    article = f"{found.obligation.regime.title}, {found.obligation.stage.article}"
    if found.latest_lawful is not None and found.latest_lawful < now:
        return f"{article}; it is no longer in time"
    if found.act_by is not None and found.act_by < now:
        return f"{article}; the safe time has passed" + ("" if found.latest_lawful is None else ", the lawful one has not")
    return article


FACTS: Mapping[str, Expand] = {
    "obligation_runs": runs, "obligation_reminder": waits, "obligation_warning": waits, "obligation_act_by": waits,
    "obligation_missed": missed, "obligation_submitted": submitted,
}


def _seen(look: Look, effect: Effect) -> tuple[CaseView, Duties]:
    view = look.view(str(effect.case))
    if view.duties is None:
        raise Unsent("the incident has no reports under the programme that it keeps now")
    return view, view.duties


def _standing(duties: Duties, effect: Effect) -> Standing:
    try:
        return duties.standing(str(effect.payload["about"]["stage"]))
    except KeyError:
        raise Unsent("the programme that the incident keeps now doesn't name it") from None


def _of_case(look: Look, view: CaseView) -> Facts:
    return {"reference": view.case.reference, "link": f"/incidents/{view.case.reference}/obligations",
            "title": look.incident_title(view.case.id)}


def _of(found: Standing) -> Facts:
    regime, stage = found.obligation.regime, found.obligation.stage
    return {"report": stage.title, "article": f"{regime.title}, {stage.article}", "recipient": stage.recipient}


def _then(look: Look, view: CaseView, name: str) -> list[Facts]:
    """What happens next with this report if nobody acts, soonest first."""
    armed = [deadline(row) for row in look.conn.execute(questions.armed(view.case.id)) if row.event.endswith(f":{name}")]
    return [{"at": iso(each.at), "says": each.says} for each in coming(view, armed, look.name, look.now)[:MOST_TO_COME]]
