"""A step: what good looks like, its evidence, and everything its owner can do."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.corrective_action import CHECKING, DOING
from isms_workflow.domain.duties import STEP_PHASE
from isms_workflow.domain.machine import OWNER, PHASE_OWNER
from isms_workflow.domain.people import ISMS_MANAGER
from isms_workflow.domain.refusals import Missing, Unknown, Wrong
from isms_workflow.domain.rules import apart
from isms_workflow.domain.rules import steps as rules
from isms_workflow.domain.rules.common import stands_in
from isms_workflow.domain.rules.steps import BY_ITSELF
from isms_workflow.domain.steps import MACHINE
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Step, programme_key
from isms_workflow.engine import reading
from isms_workflow.engine.commands import lessons
from isms_workflow.engine.commands import steps as commands
from isms_workflow.engine.commands.lessons import Becomes, applies
from isms_workflow.errors import IsmsError
from isms_workflow.portal import uploads
from isms_workflow.portal import views as v
from isms_workflow.portal.action_view import verdict
from isms_workflow.portal.asking import Route
from isms_workflow.portal.circle import people_of
from isms_workflow.portal.history import of_subject
from isms_workflow.portal.names import Names, case_url, entry, reference, responsibility, step_url
from isms_workflow.portal.rendering import word
from isms_workflow.portal.showing import file_url, files, remarks, rungs, wait_of_step
from isms_workflow.portal.taught import entries, taught
from isms_workflow.portal.texts import capital, file_name, media_type
from isms_workflow.portal.visit import Form, Reader, Sender, Visit
from isms_workflow.portal.waiting import title_of
from isms_workflow.store.statements import cases as questions

router = APIRouter(prefix="/steps", route_class=Route)
LABELS = (v.Choice("internal", "internal: whoever has an account"),
          v.Choice("confidential", "confidential: the people of the case, admins, auditors"),
          v.Choice("restricted", "restricted: the people of the case only"))


def find(conn: Connection, visit: Visit, step: str) -> tuple[CaseView, Step]:
    """A step with its case, if the reader may see it. Raises `Unknown`, `NotShown`."""
    case = conn.execute(questions.case_of_step(), {"step": step}).scalar()
    if case is None:
        raise Unknown("step", step)
    view = reading.view(conn, case, visit.now)
    visit.require_sight(conn, view, "step", step)
    return view, view.step(step)


@router.get("/{step}")
def show(visit: Reader, step: str) -> Response:
    """The step's page."""
    with visit.portal.store.read() as conn:
        view, found = find(conn, visit, step)
        page = _page(conn, visit, view, found)
    return visit.page("step.html", page, entry(view))


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.Step, str]:
    """The step's page, for a form on it that was refused: template, view, menu entry."""
    view, step = find(conn, visit, path[0])
    return "step.html", _page(conn, visit, view, step), entry(view)


def _page(conn: Connection, visit: Visit, view: CaseView, step: Step) -> v.Step:
    names, spec = Names(conn, visit.person), view.workflow.step(programme_key(step.key))
    inside = visit.person.id in people_of(conn, view, visit.now)
    state = {s.key: s for s in view.steps_of(step.phase)}
    gate = view.latest_gate(step.phase)
    owner = step.owner or view.directory.owner(step.responsibility)
    shown = files(conn, (step,), names, visit.person, inside, with_withdrawn=True).get(step.id, ())
    frozen = ""
    if step.is_settled and gate and gate.state == "passed":
        frozen = (f"Approved with {word(step.phase)}, round {gate.round}: a correction reopens the step by a recorded "
                  "decision, and the gate must pass again.")
    return v.Step(
        reference(view), view.title(step), _phase(view, step), step.state, f"ISO/IEC 27001:2022, {spec.clause}",
        responsibility(view, step.responsibility), names.who(owner) if owner else None,
        tuple(names.who(d, "deputy") for d in view.directory.deputies_of(owner, step.responsibility)) if owner else (),
        step.due_at, step.is_settled, f"about {spec.effort_hours} hours", tuple(spec.guidance.strip().splitlines()),
        spec.example, _needs(view, step),
        shown,
        remarks(conn, (step,), names).get(step.id, ()),
        tuple(_link(view, state[k]) for k in spec.depends_on if k in state and not step.carried_from),
        tuple(_link(view, s) for s in state.values()
              if not s.carried_from and step.key in view.workflow.step(programme_key(s.key)).depends_on),
        rungs(conn, view, step.id), of_subject(conn, step.id, names, visit),
        wait_of_step(conn, view, step, names), _complete(conn, visit, view, step), _upload(visit, view, step),
        _comment(visit, view, step), _actions(visit, view, step, names) + _withdraw(visit, view, step, shown), entries(view, step),
        taught(conn, visit, view, step, names), applies(view, step), _onward(view, step), frozen, about=title_of(conn, view))


def _onward(view: CaseView, step: Step) -> v.Link | None:
    """The step of questions is answered on the incident's page."""
    url = f"{case_url(view.case.reference)}/obligations"
    return v.Link("Answer what is asked about the incident's reports", url) if step.phase == STEP_PHASE else None


def _link(view: CaseView, step: Step) -> v.StepLink:
    return v.StepLink(view.title(step), step_url(step), step.state)


def _possible(view: CaseView, step: Step, event: str) -> bool:
    by_itself = step.phase == STEP_PHASE and event in BY_ITSELF
    return view.case.closed_at is None and not by_itself and event in MACHINE.possible(step.state)


def _why_not(visit: Visit, view: CaseView, step: Step, event: str) -> str:
    """Nothing if the reader may fire the event; else what it takes."""
    if not visit.may(Action.WRITE):
        return f"Your access role {visit.person.role} only looks."
    by = MACHINE.rule_for(event, step.state, step.key).by
    if OWNER in by and stands_in(view, step, visit.person.id):
        return ""
    held = {view.workflow.phase(step.phase).owner} if PHASE_OWNER in by else set()
    if any(view.directory.holds(visit.person.id, name) for name in (by | held)):
        return ""
    who = "its owner or a deputy" if OWNER in by else "the ISMS manager"
    return f"Only {who} can {event} this step."


def _complete(conn: Connection, visit: Visit, view: CaseView, step: Step) -> v.Action | None:
    if not _possible(view, step, "complete"):
        return None
    if view.corrective is not None and step.phase == CHECKING:
        return verdict(visit, view, step)
    why = _why_not(visit, view, step, "complete") or _unfinished(conn, visit, view, step)
    return v.Action("complete", "Declare the step complete", f"/steps/{step.id}/complete", main=True, why_not=why,
                    version=str(step.version),
                    then=_completed(view, step))


def _unfinished(conn: Connection, visit: Visit, view: CaseView, step: Step) -> str:
    """What the step lacks by the rules' own word; nothing if nothing."""
    lacking = rules.unfinished(view, step)
    try:
        lessons.require_applied(conn, view, step, visit.actor, When.at(visit.now))
    except Missing as error:
        lacking = lacking or error.missing
    return f"{capital(lacking)}." if lacking else ""


def _needs(view: CaseView, step: Step) -> str:
    spec = view.workflow.step(programme_key(step.key))
    sort = "file, or entry on the incident's page" if rules.takes_entries(view, step) else "file"
    return f"at least {spec.evidence_min} {sort}: {spec.evidence_needed}" if spec.evidence_min else ""


def _phase(view: CaseView, step: Step) -> str:
    return word(step.phase) if view.workflow.is_followed else view.workflow.phase(step.phase).title


def _completed(view: CaseView, step: Step) -> str:
    if step.phase in view.workflow.gates:
        return f"It goes to the {word(step.phase)} gate as it stands; whoever did it doesn't decide there."
    if view.incident is not None:
        return "Once every step of the response is settled, the incident counts as resolved."
    if step.phase == DOING:
        return "It is left to show whether it works; then somebody who had no part in it checks it."
    return "Once it is corrected, its cause is looked for."


def _upload(visit: Visit, view: CaseView, step: Step) -> v.Action | None:
    if step.state not in ("open", "done") or view.case.closed_at is not None or _frozen(view, step):
        return None
    limit = visit.portal.settings.evidence_max_mib
    kept = tuple(v.Choice(e.id, f"version {e.sha256[:8]}") for e in step.evidence if not e.withdrawn)
    replaces = (v.Field("replaces", "Replaces", "select", choices=(v.Choice("", "nothing: it is another file"), *kept)),)
    warn = " Approvals given so far are void by it." if step.state == "done" else ""
    why = "" if _may_evidence(visit, view, step) else "Only its owner, a deputy, or the ISMS manager adds evidence."
    return v.Action("upload", "Add the file", f"/steps/{step.id}/evidence", (
        v.Field("file", "File", "file", f"Up to {limit} MiB, any type.", required=True),
        v.Field("label", "Who may see it", "select", choices=LABELS, required=True, value=view.case.label),
        *(replaces if kept else ())), why_not=why,
        then="It is kept under its content's digest; it can be replaced or withdrawn, never deleted." + warn)


def _withdraw(visit: Visit, view: CaseView, step: Step, shown: Sequence[v.Evidence]) -> tuple[v.Action, ...]:
    """Taking a file away; absent where no file counts that the reader may see."""
    counting = tuple(v.Choice(e.id, f"{f.name}, version {e.sha256[:8]}") for e in step.evidence if not e.withdrawn
                     for f in shown if f.url == file_url(e.id))
    if step.state not in ("open", "done") or view.case.closed_at is not None or _frozen(view, step) or not counting:
        return ()
    may = _may_evidence(visit, view, step) or visit.may(Action.DELETE)
    why = "" if may else "Only its owner, a deputy, the ISMS manager, or an administrator withdraws evidence."
    if not why and step.state == "done":
        why = "The step is complete: replace the file, or have the step reopened."
    return (v.Action("withdraw", "Withdraw a file", f"/steps/{step.id}/withdraw", (
        v.Field("evidence", "File", "select", choices=counting, required=True),), reason_required=True, why_not=why,
        then="It no longer counts for the step; it is never deleted, and the history keeps it. Can't be undone."),)


def _may_evidence(visit: Visit, view: CaseView, step: Step) -> bool:
    return stands_in(view, step, visit.person.id) or view.directory.holds(visit.person.id, ISMS_MANAGER)


def _comment(visit: Visit, view: CaseView, step: Step) -> v.Action | None:
    if view.case.closed_at is not None or _frozen(view, step) or not visit.may(Action.WRITE):
        return None
    return v.Action("comment", "Add the comment", f"/steps/{step.id}/comments",
                    (v.Field("text", "Comment", "textarea", "Whoever decides at the gate reads it." if step.phase in view.workflow.gates else "Who was told what, and when; kept with the step.", required=True),))


def _frozen(view: CaseView, step: Step) -> bool:
    gate = view.latest_gate(step.phase)
    return step.is_settled and gate is not None and gate.state == "passed"


def _actions(visit: Visit, view: CaseView, step: Step, names: Names) -> tuple[v.Action, ...]:
    version, url = str(step.version), f"/steps/{step.id}"
    people = names.choices(tuple(p.id for p in view.directory.people.values() if p.may_write and p.id != step.owner))
    again = step.extensions and not view.directory.holds(visit.person.id, ISMS_MANAGER)
    forms = {
        "extend": ("Extend the due date", (v.Field("due", "New due date", "date", required=True),),
                   "The first extension is the owner's to give, a second one the ISMS manager's."),
        "reassign": ("Give it to somebody else", (v.Field("owner", "New owner", "select", choices=people, required=True),),
                     "Both sides are told."),
        "waive": ("Waive the step", (), f"It is kept with your reason{_asks(view)}."),
        "reopen": ("Reopen the step", (), "It is owed again; a gate that covers it is withdrawn or must pass again."),
    }
    found = []
    for event, (label, fields, then) in forms.items():
        if _possible(view, step, event):
            why = _why_not(visit, view, step, event)
            if event == "extend" and again and not why:
                why = "It was extended once; a second extension is the ISMS manager's to give."
            why = why or _course(view, step, event, visit.person.id)
            found.append(v.Action(event, label, f"{url}/{event}", fields, reason_required=True, version=version, then=then,
                                  why_not=why, danger=event == "waive"))
    return tuple(found)


def _course(view: CaseView, step: Step, event: str, person: str) -> str:
    """Why the course of a corrective action forbids what the machine of steps allows; nothing if it doesn't."""
    try:
        apart.check_step(view, step, event, person)
    except IsmsError as error:
        return str(error)
    return ""


def _asks(view: CaseView) -> str:
    return ", which the gate shows; at the last gate it is carried over or declined" if view.workflow.is_followed else ""


def _seen(visit: Visit, step: str, what: str) -> None:
    """Role and label first; the rule is the command's to check."""
    visit.require(Action.WRITE, what)
    label = visit.portal.store.ask(lambda conn: conn.execute(questions.label_of_step(), {"step": step}).scalar())
    if visit.sees_everybodys(label):
        return
    with visit.portal.store.read() as conn:
        find(conn, visit, step)


@router.post("/{step}/complete")
def complete(visit: Sender, form: Form, step: str) -> Response:
    """Declares the step complete."""
    _seen(visit, step, "Completing a step")
    with visit.portal.store.write() as tx:
        commands.complete(tx, step, form.version(), visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", "The step is complete.")


@router.post("/{step}/lessons/{lesson}/{answer}")
def apply(visit: Sender, form: Form, step: str, lesson: str, answer: str) -> Response:
    """For what an incident taught, a corrective action is named or opened, or it is declined."""
    _seen(visit, step, "Applying what was learned")
    when = When.at(visit.now)
    with visit.portal.store.write() as tx:
        if answer == "open":
            lessons.apply_new(tx, step, lesson, Becomes(form.text("owner"), form.text("gravity")), visit.actor, when)
        elif answer in ("name", "decline"):
            named = form.text("action") if answer == "name" else None
            lessons.apply(tx, step, lesson, named, form.text("reason"), visit.actor, when)
        else:
            raise Unknown("answer", answer)
    return visit.go(f"/steps/{step}#taught", "It is decided.")


@router.post("/{step}/waive")
def waive(visit: Sender, form: Form, step: str) -> Response:
    """Waives the step."""
    _seen(visit, step, "Waiving a step")
    with visit.portal.store.write() as tx:
        commands.waive(tx, step, form.version(), form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", "The step is waived.", "information")


@router.post("/{step}/reopen")
def reopen(visit: Sender, form: Form, step: str) -> Response:
    """Reopens the step."""
    _seen(visit, step, "Reopening a step")
    with visit.portal.store.write() as tx:
        commands.reopen(tx, step, form.version(), form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", "The step is open again.")


@router.post("/{step}/extend")
def extend(visit: Sender, form: Form, step: str) -> Response:
    """Extends the due date."""
    _seen(visit, step, "Extending a step")
    with visit.portal.store.write() as tx:
        commands.extend(tx, step, form.version(), form.text("due"), form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", "The due date has moved.")


@router.post("/{step}/reassign")
def reassign(visit: Sender, form: Form, step: str) -> Response:
    """Gives the step to somebody else."""
    _seen(visit, step, "Reassigning a step")
    with visit.portal.store.write() as tx:
        commands.reassign(tx, step, form.version(), form.text("owner"), form.text("reason"), visit.actor,
                          When.at(visit.now))
    return visit.go(f"/steps/{step}", "Somebody else owes the step now; both sides are told.")


@router.post("/{step}/comments")
def comment(visit: Sender, form: Form, step: str) -> Response:
    """Adds a comment."""
    _seen(visit, step, "Commenting on a step")
    with visit.portal.store.write() as tx:
        commands.comment(tx, step, form.text("text"), visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", "The comment is added.")


@router.post("/{step}/evidence")
def upload(visit: Sender, form: Form, step: str) -> Response:
    """Stores the file, then lays it before the gate."""
    _seen(visit, step, "Adding evidence")
    sent = next(iter(uploads.chosen(form.form, "file")), None)
    if sent is None:
        raise Wrong("file", "", "choose a file to add")
    name = file_name(sent.filename or "")
    label = form.text("label") or "internal"
    if label not in {c.value for c in LABELS}:
        raise Wrong("label", label, "internal, confidential or restricted")
    with visit.portal.store.read() as conn:
        commands.may_add_evidence(conn, step, visit.actor, When.at(visit.now))
    stored = uploads.kept(visit.portal, sent)
    with visit.portal.store.write() as tx:
        commands.add_evidence(tx, step, stored, name, media_type(sent.content_type), label,
                              form.text("replaces") or None, visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", f"{name} is added.")


@router.post("/{step}/withdraw")
def withdraw(visit: Sender, form: Form, step: str) -> Response:
    """Withdraws a file."""
    _seen(visit, step, "Withdrawing evidence")
    item = form.text("evidence")
    if not item:
        raise Wrong("evidence", "", "choose the file to withdraw")
    with visit.portal.store.read() as conn:
        _see_file(conn, visit, step, item)
    with visit.portal.store.write() as tx:
        commands.withdraw_evidence(tx, step, item, form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go(f"/steps/{step}", "The file is withdrawn: it no longer counts.", "information")


def _see_file(conn: Connection, visit: Visit, step: str, item: str) -> None:
    """Raise `Unknown` or `NotShown` unless the step carries the file, and its label lets the reader see it."""
    label = conn.execute(questions.label_of_evidence(item, step)).scalar()
    if label is None:
        raise Unknown("evidence", item)
    if not visit.sees_everybodys(label):
        view, _ = find(conn, visit, step)
        visit.require_sight(conn, view, "evidence", item, label)
