"""Whether the programme's obligations hold together: every stage can begin and ends, every name exists. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import available_timezones

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.model import Programme
from isms_workflow.programme.obligations import (
    CLOSING,
    EVENTS,
    FOLDER,
    ORGANISATION,
    PERMISSIONS,
    SUBMITTED,
    Condition,
    Counting,
    Period,
    PeriodUnit,
    Regime,
    Seat,
    Stage,
)
from isms_workflow.programme.places import unknown_place
from isms_workflow.programme.references import Place, known, near

COUNTS: dict[Counting, frozenset[PeriodUnit]] = {
    "elapsed": frozenset({"minutes", "hours", "days", "months"}), "1182/71": frozenset({"minutes", "hours", "days", "months"}),
    "calendar_days": frozenset({"days", "months"}), "business_days": frozenset({"business_days"}),
}
"""Which units each rule knows how to count."""

LONGEST_ID = 32
"""Regime and stage with their dot: their deadlines are named after them."""


def check_obligations(programme: Programme, place: Place) -> Iterator[Problem]:
    """Every problem of the regimes, and of what the organisation says about itself."""
    for name in programme.organisation.regimes:
        yield from known(ORGANISATION, place(ORGANISATION, "regimes", name), f"regimes.{name}", name,
                         programme.obligations, "regime")
    for name, regime in programme.obligations.items():
        yield from _Checked(programme, f"{FOLDER}{name}.yaml", regime, place).problems(name)


@dataclass(frozen=True, slots=True)
class _Checked:
    """One regime under examination."""

    programme: Programme
    file: str
    regime: Regime
    place: Place

    def problems(self, name: str) -> Iterator[Problem]:
        """All of them, in the order of the file."""
        if self.regime.regime != name:
            yield self.wrong(("regime",), "regime", f"is {self.regime.regime!r}, but the file is named {name!r}")
        if self.regime.place is not None:
            yield from self._seat(self.regime.place)
        yield from self._questions()
        for index, stage in enumerate(self.regime.stages):
            yield from self._stage(index, stage)
        yield from self._circles()

    def wrong(self, path: tuple[str | int, ...], field: str, what: str) -> Problem:
        """A problem, with its line."""
        return Problem(self.file, self.place(self.file, *path), field, what)

    def _seat(self, seat: Seat) -> Iterator[Problem]:
        if seat.zone not in available_timezones():
            meant = near(seat.zone, available_timezones()) or "; use an IANA name such as Europe/Vienna"
            yield self.wrong(("place", "zone"), "place.zone", f"unknown time zone {seat.zone!r}{meant}")
        if seat.country is None:
            return
        if wrong := unknown_place(seat.country, seat.subdivision):
            right = "use codes of ISO 3166 such as AT, DE and BY, or leave it out and list extra_holidays"
            yield self.wrong(("place", "country"), "place.country", f"{wrong}: {right}")

    def _questions(self) -> Iterator[Problem]:
        facts = {fact.id for fact in self.programme.organisation.facts}
        before: list[str] = []
        for index, question in enumerate(self.regime.questions):
            at = ("questions", index)
            if question.id in facts:
                yield self.wrong((*at, "id"), question.id, "is a fact about the organisation already: give the question another id")
            for name in question.asked_if.names:
                yield from known(self.file, self.place(self.file, *at, "asked_if"), f"{question.id}.asked_if", name,
                                 {*before, *facts}, "fact about the organisation, or question above this one,")
            before.append(question.id)

    def _stage(self, index: int, stage: Stage) -> Iterator[Problem]:
        at = ("stages", index)
        if len(full := f"{self.regime.regime}.{stage.id}") > LONGEST_ID:
            yield self.wrong((*at, "id"), stage.id, f"{full} has {len(full)} letters: shorten the regime's id, or the stage's, "
                                                    f"to {LONGEST_ID} together")
        yield from self._begins(at, stage)
        yield from self._ends(at, stage)
        yield from self._counts(at, stage)
        yield from self._delays(at, stage)
        yield from self._applies((*at, "applies"), f"{stage.id}.applies", stage.applies)
        others = {each.id for each in self.regime.stages}
        for field, name in (("starts.once_submitted", stage.starts.once_submitted), ("limit_of", stage.limit_of),
                            ("only_if_replaced", stage.only_if_replaced),
                            ("instead_of.stage", stage.instead_of.stage if stage.instead_of else None),
                            *(("starts.of", each) for each in stage.starts.of)):
            if name is not None:
                yield from known(self.file, self.place(self.file, *at, *field.split(".")), f"{stage.id}.{field}", name, others,
                                 "stage of this regime")
        facts = {fact.id for fact in self.programme.organisation.facts}
        for name in stage.relief.not_for if stage.relief else ():
            yield from known(self.file, self.place(self.file, *at, "relief", "not_for"), f"{stage.id}.relief.not_for", name,
                             facts, "fact about the organisation")
        if stage.valid_from and stage.valid_until and stage.valid_until < stage.valid_from:
            yield self.wrong((*at, "valid_until"), f"{stage.id}.valid_until",
                             f"{stage.valid_until} is before valid_from, {stage.valid_from}: it would never be in force")

    def _begins(self, at: tuple[str | int, ...], stage: Stage) -> Iterator[Problem]:
        """Events that can be recorded, so that the stage begins, and its rules can hold."""
        named = (("starts.event", stage.starts.event), ("ended_by", stage.ended_by),
                 ("instead_of.if_not", stage.instead_of.if_not if stage.instead_of else None),
                 *((f"caps.{n}.event", cap.event) for n, cap in enumerate(stage.caps)),
                 *((f"caps.{n}.unless_passed_by", cap.unless_passed_by) for n, cap in enumerate(stage.caps)))
        for field, event in named:
            path = (int(each) if each.isdigit() else each for each in field.split("."))
            if event in PERMISSIONS:
                yield self.wrong((*at, *path), f"{stage.id}.{field}", f"{event!r} only puts a limit off: name it under delays")
            if event is not None and event not in EVENTS:
                meant = near(event, EVENTS) or f"; use one of {', '.join(EVENTS)}"
                yield self.wrong((*at, *path), f"{stage.id}.{field}",
                                 f"nobody records {event!r}, so it would be waited for in vain{meant}")
        if stage.starts.event == SUBMITTED and not stage.starts.of:
            yield self.wrong((*at, "starts"), f"{stage.id}.starts",
                             "doesn't say which stage's submission starts it: name it, e.g. of: notification")

    def _ends(self, at: tuple[str | int, ...], stage: Stage) -> Iterator[Problem]:
        """Until when: every wait ends."""
        if stage.within is None and stage.aim is None and stage.limit_of is None:
            yield self.wrong(at, stage.id, "never falls due: write within, the act's figure, or aim, your own, e.g. aim: 24 hours")
        if stage.limit_of is not None and (stage.within or stage.caps):
            yield self.wrong((*at, "limit_of"), f"{stage.id}.limit_of", "has a limit of its own beside it: leave one of them out")
        if stage.as_asked and stage.starts.event != "requested":
            yield self.wrong((*at, "as_asked"), f"{stage.id}.as_asked", "only a request says until when: start it with requested")
        if stage.from_end_of is not None and stage.within is None:
            yield self.wrong((*at, "from_end_of"), f"{stage.id}.from_end_of", "counts nothing: write within")

    def _counts(self, at: tuple[str | int, ...], stage: Stage) -> Iterator[Problem]:
        """Whether the rule of counting can count the periods that stand there."""
        rules = stage.counting or self.regime.counting
        own = (*at, "counting") if stage.counting else ("counting",)
        if rules.closes is not None and rules.counting not in CLOSING:
            yield self.wrong((*own, "closes"), "counting.closes", f"{rules.counting} ends at no hour of its own: leave it out")
        for field, period in (("within", stage.within), *((f"caps.{n}.within", cap.within) for n, cap in enumerate(stage.caps))):
            if period is not None and period.unit not in COUNTS[rules.counting]:
                yield self._uncountable((*at, field.partition(".")[0]), f"{stage.id}.{field}", period, rules.counting)
        if stage.aim is not None and stage.aim.unit == "business_days":
            yield self.wrong((*at, "aim"), f"{stage.id}.aim", f"{stage.aim} don't elapse: write days or hours")

    def _delays(self, at: tuple[str | int, ...], stage: Stage) -> Iterator[Problem]:
        """Permissions that can be recorded, and a limit that they put off."""
        if stage.delays and stage.within is None:
            yield self.wrong((*at, "delays"), f"{stage.id}.delays", "puts off nothing: the stage has no figure of its own; write within")
        for number, delay in enumerate(stage.delays):
            here, field = (*at, "delays", number), f"{stage.id}.delays.{number}"
            if delay.event not in PERMISSIONS:
                meant = near(delay.event, PERMISSIONS) or f"; use one of {', '.join(sorted(PERMISSIONS))}"
                yield self.wrong((*here, "event"), f"{field}.event", f"{delay.event!r} is no permission, which says until when{meant}")
            rules = delay.rules(stage.counting or self.regime.counting)
            if delay.at_most is not None and delay.at_most.unit not in COUNTS[rules.counting]:
                yield self._uncountable((*here, "at_most"), f"{field}.at_most", delay.at_most, rules.counting)
            if delay.at_most is None and delay.counted_from == "event":
                yield self.wrong((*here, "counted_from"), f"{field}.counted_from", "counts nothing: write at_most")

    def _uncountable(self, path: tuple[str | int, ...], field: str, period: Period, counting: Counting) -> Problem:
        units = ", ".join(sorted(each.replace("_", " ") for each in COUNTS[counting]))
        return self.wrong(path, field, f"{period} can't be counted by {counting}, which counts {units}: "
                                       "write another unit, or counting for this stage")

    def _applies(self, path: tuple[str | int, ...], field: str, condition: Condition) -> Iterator[Problem]:
        names = {*(q.id for q in self.regime.questions), *(f.id for f in self.programme.organisation.facts)}
        for name in condition.names:
            yield from known(self.file, self.place(self.file, *path), field, name, names,
                             "question of this regime, or fact about the organisation,")

    def _circles(self) -> Iterator[Problem]:
        """Stages that wait for themselves, by whatever way: nothing would ever start them."""
        needs = {stage.id: {*(stage.starts.of if stage.starts.event == SUBMITTED else ()),
                            *filter(None, (stage.starts.once_submitted, stage.limit_of, stage.only_if_replaced,
                                           stage.instead_of.stage if stage.instead_of else None))} for stage in self.regime.stages}
        while free := {name for name, others in needs.items() if not others & needs.keys()}:
            needs = {name: others for name, others in needs.items() if name not in free}
        for index, stage in enumerate(self.regime.stages):
            if stage.id in needs:
                yield self.wrong(("stages", index, "starts"), stage.id, "waits for itself, by whatever way: nothing starts it")
