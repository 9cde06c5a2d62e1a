"""Whether a programme holds together: names exist, orders have no circles, every wait ends, duties stay apart. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import available_timezones

from isms_workflow.programme.check_corrective import check_corrective
from isms_workflow.programme.check_incidents import check_incidents
from isms_workflow.programme.check_obligations import check_obligations
from isms_workflow.programme.check_on_call import check_on_call, told
from isms_workflow.programme.corrective import CorrectiveWorkflow
from isms_workflow.programme.errors import Problem
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import Calendar, Flood, Gate, Level, Phase, Programme, Span, Workflow
from isms_workflow.programme.places import unknown_place
from isms_workflow.programme.references import Place, ahead, known, near, wait

ALWAYS = ("isms_manager", "top_management")
"""Responsibilities that every programme names: the last levels of ladders rest on them."""

PHASES = {"pdca": ("plan", "do", "check", "act"), "incident": ("responding", "lessons_learned"),
          "corrective_action": ("correcting", "planning", "doing", "checking")}
"""The phases that a kind's machine goes through; its programme has just these, in this order."""

NEEDED = frozenset({"pdca"})
"""Without the others a programme just has no such cases: so one from before they were there is still a programme."""

UNGATED = frozenset({"responding", "correcting", "doing", "checking"})
"""Phases that end without an approval; every other ends in a gate, and these never do."""

HOURS = {"hours": 1.0, "minutes": 1 / 60, "seconds": 1 / 3600,
         "days": 24.0, "working_days": 24.0 * 7 / 5, "working_hours": 24.0 * 7 / 5 / 8}
"""How many hours one of a unit stands for. Of a week's 168 hours each of five working days stands for a fifth, and each
of its eight working hours for an eighth of that: so 8 working hours are as long as a working day, wherever they lie."""


def check(programme: Programme, place: Place) -> list[Problem]:
    """Every problem of a programme whose files are each well formed."""
    return [*_offices(programme, place), *_calendar(programme, place), *_ladders(programme, place),
            *check_on_call(programme, place), *_flood(programme.flood, place),
            *check_obligations(programme, place),
            *_kinds(programme, place),
            *(p for name, w in programme.workflows.items() for p in _workflow(programme, name, w, place))]


def _flood(flood: Flood | None, place: Place) -> Iterator[Problem]:
    """Spans that a clock on the wall or a calendar would have to count: a flood is over before those matter."""
    file = "notifications.yaml"
    for name in ("within", "critical_every", "ordinary_every"):
        span = getattr(flood, name, None)
        if span and (span.unit not in ("hours", "minutes", "seconds") or span.amount < 1):
            yield Problem(file, place(file, "flood", name), f"flood.{name}", f"{span} can't be: write e.g. '10 minutes'")


def _offices(programme: Programme, place: Place) -> Iterator[Problem]:
    file = "responsibilities.yaml"
    for name in ALWAYS:
        if name not in programme.responsibilities:
            yield Problem(file, place(file), name, "is missing: every ladder ends in it")


def _kinds(programme: Programme, place: Place) -> Iterator[Problem]:
    for name in NEEDED - programme.workflows.keys():
        yield Problem(f"{name}.yaml", 0, "", "is missing: copy it from the shipped programme")
    for name in sorted(programme.workflows.keys() - PHASES.keys()):
        yield Problem(f"{name}.yaml", place(f"{name}.yaml", "kind"), "kind",
                      f"nothing runs workflows of kind {name!r}; known are {', '.join(PHASES)}")


def _calendar(programme: Programme, place: Place) -> Iterator[Problem]:
    zone = programme.calendar.zone
    if zone not in available_timezones():
        meant = near(zone, available_timezones())
        yield Problem("calendar.yaml", place("calendar.yaml", "zone"), "zone",
                      f"unknown time zone {zone!r}{meant or '; use an IANA name such as Europe/Vienna'}")
    if not programme.calendar.working_week:
        yield Problem("calendar.yaml", place("calendar.yaml", "working_week"), "working_week",
                      "has no day of work: name one, e.g. [0, 1, 2, 3, 4]")
    yield from _hours(programme.calendar, place)
    yield from _holidays(programme.calendar, place)


def _hours(calendar: Calendar, place: Place) -> Iterator[Problem]:
    if calendar.opens >= calendar.closes:
        field = "opens" if calendar.closes == Calendar().closes else "closes"  # the one that somebody has written
        yield Problem("calendar.yaml", place("calendar.yaml", field), field,
                      f"nobody works from {calendar.opens:%H:%M} to {calendar.closes:%H:%M}: open before you close, "
                      "on the same day, e.g. opens: 09:00, closes: 17:00")


def _holidays(calendar: Calendar, place: Place) -> Iterator[Problem]:
    """A place whose days off nobody knows would stop every case at its first working day."""
    country, part = calendar.country, calendar.subdivision
    right = "use codes of ISO 3166 such as AT, DE and BY, or write null and list the days off yourself"
    if country is None:
        if part is not None:
            yield Problem("calendar.yaml", place("calendar.yaml", "subdivision"), "subdivision",
                          f"{part!r} is a part of no country: name the country too, or write null")
        return
    for field, subdivision in (("country", None), ("subdivision", part)):
        if wrong := unknown_place(country, subdivision):
            yield Problem("calendar.yaml", place("calendar.yaml", field), field, f"{wrong}: {right}")
            return


def _ladders(programme: Programme, place: Place) -> Iterator[Problem]:
    file = "ladders.yaml"
    for index, ladder in enumerate(programme.ladders.values()):
        hours = [comes_after(level) for level in ladder.levels]
        if hours != sorted(hours):
            yield Problem(file, place(file, "ladders", index, "levels"), ladder.id, "its levels aren't in order of time")
        for number, level in enumerate(ladder.levels):
            line = place(file, "ladders", index, "levels", level.written)
            for name in level.to:
                yield from told(programme, file, line, f"{ladder.id}.to", name)
            if level.repeat and (number < len(ladder.levels) - 1 or level.repeat.amount < 1):
                yield Problem(file, line, ladder.id, "only the last level repeats without end, after a positive span; write "
                                                     "how often (times: 2) where others follow")
            if level.apart and level.apart.amount < 1:
                yield Problem(file, line, ladder.id, f"{level.apart} leads nowhere: use a positive span, e.g. '10 minutes'")


def _workflow(programme: Programme, name: str, workflow: Workflow, place: Place) -> Iterator[Problem]:
    file = f"{name}.yaml"
    if workflow.kind != name:
        yield Problem(file, place(file, "kind"), "kind", f"is {workflow.kind!r}, but the file is named {name!r}")
    phases = tuple(phase.id for phase in workflow.phases)
    if name in PHASES and phases != PHASES[name]:
        yield Problem(file, place(file, "phases"), "phases", f"are {', '.join(phases)}; {name} goes through "
                                                              f"{', '.join(PHASES[name])}")
    if isinstance(workflow, IncidentWorkflow):
        yield from check_incidents(programme, file, workflow, place)
    elif isinstance(workflow, CorrectiveWorkflow):
        yield from check_corrective(programme, file, workflow, place)
    else:
        yield from wait(programme, file, place(file, "planned_ladder"), "planned_ladder", workflow.planned_ladder)
    yield from ahead(file, place(file, "decide_due"), "decide_due", workflow.decide_due)
    ids = [step.id for phase in workflow.phases for step in phase.steps]
    for index, phase in enumerate(workflow.phases):
        for number, step in enumerate(phase.steps):
            if ids.count(step.id) > 1:
                yield Problem(file, place(file, "phases", index, "steps", number, "id"), step.id, "is no id of its own")
        yield from _phase(programme, file, index, phase, place)


def _phase(programme: Programme, file: str, index: int, phase: Phase, place: Place) -> Iterator[Problem]:
    def line(*path: str | int) -> int:
        return place(file, "phases", index, *path)

    yield from known(file, line("owner"), f"{phase.id}.owner", phase.owner, programme.responsibilities)
    names = {step.id for step in phase.steps}
    for number, step in enumerate(phase.steps):
        at = ("steps", number)
        yield from known(file, line(*at, "responsibility"), f"{step.id}.responsibility", step.responsibility,
                          programme.responsibilities)
        yield from wait(programme, file, line(*at, "ladder"), f"{step.id}.ladder", step.ladder)
        yield from ahead(file, line(*at, "due"), f"{step.id}.due", step.due)
        for other in step.depends_on:
            yield from known(file, line(*at, "depends_on"), f"{step.id}.depends_on", other, names, "step of this phase")
        if not 3 <= len(step.guidance.strip().splitlines()) <= 6:
            yield Problem(file, line(*at, "guidance"), f"{step.id}.guidance", "has three to six lines")
    for name in _circular(phase):
        number = [step.id for step in phase.steps].index(name)
        yield Problem(file, line("steps", number, "depends_on"), name, "depends on itself, by whatever way")
    yield from _end(programme, file, phase, line)


def _end(programme: Programme, file: str, phase: Phase, line: Callable[..., int]) -> Iterator[Problem]:
    """The approval in which the phase ends, or the want of one."""
    if phase.gate is None and phase.id not in UNGATED:
        yield Problem(file, line(), f"{phase.id}.gate", "is missing: this phase ends in an approval")
    elif phase.gate is not None and phase.id in UNGATED:
        yield Problem(file, line("gate"), f"{phase.id}.gate", "can't be: this phase ends when its steps are done")
    elif phase.gate is not None:
        yield from wait(programme, file, line("waiting_ladder"), f"{phase.id}.waiting_ladder", phase.waiting_ladder)
        yield from _gate(programme, file, phase, phase.gate, line("gate"))


def _gate(programme: Programme, file: str, phase: Phase, gate: Gate, line: int) -> Iterator[Problem]:
    field = f"{phase.id}.gate"
    for name in gate.responsibilities:
        yield from known(file, line, f"{field}.responsibilities", name, programme.responsibilities)
    if gate.ladder not in programme.ladders:
        yield from known(file, line, f"{field}.ladder", gate.ladder, programme.ladders, "ladder")
    elif approximate(gate.lapse) <= comes_after(programme.ladders[gate.ladder].levels[-1]):
        yield Problem(file, line, f"{field}.lapse", "comes before the ladder's last level: let the gate lapse after it")
    yield from ahead(file, line, f"{field}.due", gate.due)
    yield from ahead(file, line, f"{field}.lapse", gate.lapse)
    apart = free(phase, gate)
    if len(apart) < gate.quorum and not (gate.relaxed or "").strip():
        yield Problem(file, line, field, (
            f"{gate.quorum} people approve, but only {len(apart)} of its responsibilities "
            f"({', '.join(apart) or 'none'}) own no step of {phase.id}: name others, or relax it with a reason"))


def free(phase: Phase, gate: Gate) -> tuple[str, ...]:
    """The gate's responsibilities that own no step of the phase, so that their holders had no part in the work."""
    owning = {step.responsibility for step in phase.steps}
    return tuple(name for name in dict.fromkeys(gate.responsibilities) if name not in owning)


def approximate(span: Span) -> float:
    """A span in hours, to compare two: working days and hours count for the share of the week they stand for."""
    return span.amount * HOURS[span.unit]


def comes_after(level: Level) -> float:
    """How many hours after the anchor a level comes, to compare two."""
    return approximate(level.offset) + (approximate(level.apart) * level.nth if level.apart else 0.0)


def _circular(phase: Phase) -> list[str]:
    needs = {step.id: set(step.depends_on) for step in phase.steps}
    while free_ones := {name for name, others in needs.items() if not others & needs.keys()}:
        needs = {name: others for name, others in needs.items() if name not in free_ones}
    return list(needs)


def smallest_organisation(workflow: Workflow) -> int:
    """The least number of people who can run it: one who does all the work, beside the largest quorum apart from it.

    Whoever owns a step by being the first to hold its responsibility is one person at least; a gate
    that keeps duties apart needs its quorum among the others, who may hold its responsibilities second.
    """
    return max(gate.quorum + (0 if gate.relaxed else 1) for gate in workflow.gates.values())
