"""What holds of every obligation whatever happens, what triage owes, and how it is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from isms_workflow.domain.conditions import Answer, Event, Facts
from isms_workflow.domain.duties import Dated, Duties
from isms_workflow.domain.limits import anew, earlier
from isms_workflow.domain.obligations import (
    Standing,
    State,
    explain,
    obligations_of,
    questions,
    shortest_act_by,
    standing,
)
from isms_workflow.domain.periods import Where, elapsed, lawful, wheres
from isms_workflow.domain.times import NaiveInstant
from isms_workflow.programme.load import kept, parse, shipped
from isms_workflow.programme.model import Calendar, Programme
from isms_workflow.programme.obligations import EVENTS, Organisation, Period, Rules

SHIPPED = parse(shipped())
OBLIGATIONS = obligations_of(SHIPPED)
NAMES = [each.id for each in OBLIGATIONS]
BEGINS_AGAIN = {each.id for each in OBLIGATIONS if each.stage.repeats or any(stage.ended_by for stage in each.regime.stages)}
QUESTIONS = [f"{name}.{q.id}" for name, regime in SHIPPED.obligations.items() for q in regime.questions]
REPORT = datetime(2026, 10, 20, 8, 30, tzinfo=UTC)

instants = some.timedeltas(timedelta(0), timedelta(days=120)).map(lambda after: REPORT + after)
answers = some.builds(Answer, some.sampled_from(QUESTIONS), some.sampled_from([True, False, None]), instants, some.just("somebody"))
events = some.one_of(
    some.builds(Event, some.sampled_from(sorted(EVENTS.keys() - {"submitted", "reported"})), instants),
    some.builds(Event, some.sampled_from(["submitted", "submitted", "waived", "requested", "delay_foreseen"]), instants,
                some.sampled_from(NAMES), some.none() | instants))
facts = some.builds(Facts, some.just(REPORT), some.lists(answers, max_size=12).map(tuple), some.lists(events, max_size=12).map(tuple))
organisations = some.builds(
    lambda regimes, told: Organisation(regimes=regimes, facts=tuple(f.model_copy(update={"answer": told.get(f.id)})
                                                                     for f in SHIPPED.organisation.facts)),
    some.dictionaries(some.sampled_from(sorted(SHIPPED.obligations)), some.sampled_from([True, False, date(2026, 10, 1)])),
    some.dictionaries(some.sampled_from([f.id for f in SHIPPED.organisation.facts]), some.booleans()))


def places(**told: Any) -> dict[str, Where]:
    """Of an organisation there."""
    return wheres(SHIPPED.model_copy(update={"calendar": Calendar(**told)}))


AUSTRIA, SOMEWHERE = places(zone="Europe/Vienna", country="AT"), places(zone="Europe/Vienna")
EVERYTHING = Organisation(regimes=dict.fromkeys(SHIPPED.obligations, True), facts=SHIPPED.organisation.facts)


def duties(known: Facts, organisation: Organisation, at: datetime) -> Duties:
    """As read at an instant, in Austria."""
    dated = tuple(Dated(str(number), event, "somebody", at) for number, event in enumerate(known.events))
    calendar = Calendar(zone="Europe/Vienna", country="AT")
    programme = SHIPPED.model_copy(update={"organisation": organisation, "calendar": calendar})
    return Duties(programme, known.reported_at, at, answers=known.answers, dated=dated)


def all_of(known: Facts, organisation: Organisation, at: datetime, there: dict[str, Where] = AUSTRIA) -> dict[str, Standing]:
    """By id."""
    return {each.obligation.id: each for each in standing(OBLIGATIONS, known, there, organisation, at)}


@settings(max_examples=50)
@given(facts, organisations, instants)
def test_what_runs_is_among_what_may_hold(known: Facts, organisation: Organisation, at: datetime) -> None:
    """So a report needs to judge no stage of a regime that doesn't hold."""
    running = {each.obligation.id for each in duties(known, organisation, at).running}
    assert running == {name for name, each in all_of(known, organisation, at).items() if each.state is State.RUNNING}


def test_a_regime_holds_from_its_day_on_at_its_place() -> None:
    """Half past ten in the evening in UTC is the next day in Vienna."""
    late = datetime(2026, 10, 19, 22, 30, tzinfo=UTC)
    known = Facts(late, events=(Event("aware", late),))
    organisation = EVERYTHING.model_copy(update={"regimes": {"nis2": date(2026, 10, 20)}})
    assert "nis2.early_warning" in {each.id for each in duties(known, organisation, late).possible}


@settings(max_examples=50)
@given(facts, organisations, instants)
def test_act_by_is_never_later_than_the_latest_lawful_instant(known: Facts, organisation: Organisation, at: datetime) -> None:
    """So whoever keeps to the reminders is in time."""
    for each in all_of(known, organisation, at).values():
        assert each.latest_lawful is None or (each.act_by is not None and each.act_by <= each.latest_lawful)


@settings(max_examples=50)
@given(facts, organisations, instants)
def test_a_stage_whose_event_has_not_happened_is_never_overdue(known: Facts, organisation: Organisation, at: datetime) -> None:
    """It has no instants at all; and what isn't running is never overdue."""
    for each in all_of(known, organisation, at).values():
        if each.started_at is None:
            assert (each.act_by, each.latest_lawful, each.overdue) == (None, None, False)
        assert each.state is State.RUNNING or not each.overdue
        assert each.state is not State.RUNNING or each.act_by is not None, "every wait ends"


@settings(max_examples=50)
@given(facts, organisations, some.lists(answers | events, max_size=6))
def test_more_facts_never_take_a_submission_back(known: Facts, organisation: Organisation, more: list[Answer | Event]) -> None:
    """Only a stage that repeats, or that was ended, begins anew."""
    end = REPORT + timedelta(days=200)
    after = Facts(REPORT, (*known.answers, *(each for each in more if isinstance(each, Answer))),
                  (*known.events, *(each for each in more if isinstance(each, Event))))
    later = all_of(after, organisation, end)
    for name, before in all_of(known, organisation, end).items():
        if before.state is State.SUBMITTED and name not in BEGINS_AGAIN:
            assert later[name].state is State.SUBMITTED


@settings(max_examples=50)
@given(facts, organisations)
def test_a_stage_that_never_began_anew_has_no_earlier_round(known: Facts, organisation: Organisation) -> None:
    """And what happened since it began is of no earlier one, whatever happened before."""
    for each in all_of(known, organisation, REPORT + timedelta(days=200)).values():
        regime, stage = each.obligation.regime, each.obligation.stage
        before, since = earlier(regime, stage, known, each.started_at), anew(regime, stage, known)
        if since is None and not stage.repeats:
            assert before == ()
        assert all(event.at < (each.started_at or since or event.at) for event in before)


@settings(max_examples=50)
@given(facts, organisations, instants)
def test_any_instant_of_the_past_can_be_computed_anew(known: Facts, organisation: Organisation, at: datetime) -> None:
    """What came later changes nothing of how it stood then."""
    assert all_of(known, organisation, at) == all_of(known.until(at), organisation, at)


@settings(max_examples=50)
@given(facts, organisations, instants)
def test_what_nobody_knows_of_holidays_makes_an_instant_earlier_never_later(known: Facts, organisation: Organisation,
                                                                           at: datetime) -> None:
    """And it is said."""
    without = all_of(known, organisation, at, SOMEWHERE)
    for name, each in all_of(known, organisation, at).items():
        other = without[name]
        if other.state is each.state and each.latest_lawful and other.latest_lawful:
            assert other.latest_lawful <= each.latest_lawful
            assert other.latest_lawful == each.latest_lawful or any("are not known" in line for line in other.lines)


@settings(max_examples=50)
@given(some.lists(events.filter(lambda each: each.kind not in ("waived", "reclassified")), max_size=12), instants)
def test_an_obligation_that_nobody_has_answered_for_is_never_left_out(happened: list[Event], at: datetime) -> None:
    """Not applicable is only what isn't in force yet, or what another report says or stands for."""
    unsaid = Organisation(facts=tuple(f.model_copy(update={"answer": None}) for f in SHIPPED.organisation.facts))
    for each in all_of(Facts(REPORT, (), tuple(happened)), unsaid, at).values():
        stage = each.obligation.stage
        is_odd = stage.instead_of or stage.only_if_replaced or stage.limit_of or stage.starts.once_submitted
        assert each.state is not State.NOT_APPLICABLE or is_odd


COUNTED = {"hours": ["1182/71", "elapsed"], "days": ["1182/71", "calendar_days"], "months": ["1182/71", "calendar_days"]}


@pytest.mark.parametrize(("unit", "rule"), [(unit, rule) for unit, rules in COUNTED.items() for rule in rules])
@given(start=some.datetimes(datetime(2021, 1, 1), datetime(2038, 12, 31), timezones=some.just(UTC)), amount=some.integers(1, 90))  # noqa: DTZ001
def test_what_elapses_ends_within_the_lawful_period(unit: Any, rule: Any, start: datetime, amount: int) -> None:
    """The rules themselves, also where no cap stands over them; less an hour for days in which clocks go back."""
    period, rules = Period(amount=amount, unit=unit), Rules(counting=rule, article="the act")
    where = AUSTRIA["gdpr"]
    assert elapsed(start, period, where.zone) <= lawful(start, period, rules, where).until + timedelta(hours=unit == "days")


def test_a_bare_date_is_no_instant() -> None:
    """A fact without a zone is refused where it is made, and so is a now without one."""
    naive = datetime(2026, 10, 20)  # noqa: DTZ001 - that is the point
    for make in (lambda: Event("aware", naive), lambda: Event("requested", REPORT, until=naive),
                 lambda: Answer("gdpr.risk_unlikely", value=True, at=naive, by="x"), lambda: Facts(naive),
                 lambda: standing(OBLIGATIONS, Facts(REPORT), AUSTRIA, EVERYTHING, naive)):
        with pytest.raises(NaiveInstant):
            make()


def test_triage_owes_what_is_open_and_when_awareness_began() -> None:
    """As shipped; each question once, with those that depend on it, and what follows from it only when it is answered yes."""
    owed = {each.id: each for each in questions(OBLIGATIONS, Facts(REPORT), SHIPPED.organisation)}
    assert [(each.id, each.about) for each in owed.values()] == [
        ("gdpr.personal_data_breach", "incident"), ("aware", "event"), ("organisation.processor", "organisation")]
    assert owed["aware"].text == "When was it that the organisation became aware?"
    assert owed["gdpr.personal_data_breach"].needed_by == (
        "gdpr.notification", "gdpr.communication", "gdpr.processor_notice", "gdpr.register")
    known = Facts(REPORT, (Answer("gdpr.personal_data_breach", value=True, at=REPORT, by="x"),), (Event("aware", REPORT),))
    assert [each.id for each in questions(OBLIGATIONS, known, SHIPPED.organisation)] == [
        "gdpr.risk_unlikely", "organisation.processor"]


def test_triage_owes_the_instant_that_another_limit_counts_from() -> None:
    """DORA, Art. 5(1)(a): four hours from the classification, but no more than 24 from awareness, whoever else asks for that."""
    dora = Organisation(regimes={**dict.fromkeys(SHIPPED.obligations, False), "dora": True}, facts=SHIPPED.organisation.facts)
    known = Facts(REPORT, (Answer("dora.may_be_major", value=True, at=REPORT, by="x"),
                           Answer("dora.clients_affected", value=False, at=REPORT, by="x")))
    assert [(each.id, each.about, each.needed_by) for each in questions(OBLIGATIONS, known, dora)] == [
        ("aware", "event", ("dora.initial",))]
    aware = Facts(REPORT, known.answers, (Event("aware", REPORT),))
    assert questions(OBLIGATIONS, aware, dora) == ()


def test_what_only_a_relief_depends_on_is_offered_and_not_owed() -> None:
    """DORA, Art. 5(5), (6): until it is answered the stricter instant counts; with one yes the others decide nothing."""
    dora = Organisation(regimes={**dict.fromkeys(SHIPPED.obligations, False), "dora": True}, facts=SHIPPED.organisation.facts)
    facts = ["organisation.credit_institution", "organisation.central_counterparty", "organisation.trading_venue_operator",
             "organisation.nis2_entity", "organisation.relief_withdrawn"]

    def asked(organisation: Organisation, *events: Event, **told: bool) -> list[str]:
        given = tuple(Answer(name.replace("__", "."), value, REPORT, "x") for name, value in told.items())
        known = duties(Facts(REPORT, given, events), organisation, REPORT + timedelta(days=7))
        found = known.offered
        assert not {each.id for each in found} & {each.id for each in known.owed}
        assert {each.needed_by for each in found} <= {("dora.initial", "dora.intermediate"), ("dora.initial",)}
        return [each.id for each in found]

    assert asked(dora, dora__may_be_major=True) == facts
    assert asked(dora, dora__may_be_major=False) == []
    assert asked(SHIPPED.organisation, dora__may_be_major=True) == []
    assert asked(dora, organisation__credit_institution=False) == facts[1:]
    assert asked(dora, organisation__credit_institution=True) == []
    assert asked(dora, Event("waived", REPORT, "dora.initial")) == []
    began, late = Event("classified", REPORT), REPORT + timedelta(hours=5)
    assert asked(dora, began, Event("submitted", late, "dora.initial"), Event("waived", late, "dora.intermediate"),
                 dora__may_be_major=True) == facts
    assert asked(dora, began, Event("submitted", REPORT, "dora.initial"), Event("waived", late, "dora.intermediate"),
                 dora__may_be_major=True) == []
    told = tuple(fact.model_copy(update={"answer": False}) for fact in dora.facts)
    assert asked(dora.model_copy(update={"facts": told})) == []


def test_nothing_is_owed_where_personal_data_are_not_concerned() -> None:
    """One answer settles the rest."""
    known = Facts(REPORT, (Answer("gdpr.personal_data_breach", value=False, at=REPORT, by="x"),))
    assert questions(OBLIGATIONS, known, SHIPPED.organisation) == ()
    assert shortest_act_by(OBLIGATIONS, known, SHIPPED.organisation, REPORT, AUSTRIA) is None


def test_a_regime_that_the_organisation_does_not_name_is_asked_after() -> None:
    """A contract's file that was added is open until somebody says that it holds, and since when."""
    unsaid = Organisation(facts=SHIPPED.organisation.facts)
    first = questions(OBLIGATIONS, Facts(REPORT), unsaid)[0]
    assert (first.id, first.about, first.text) == ("organisation.regimes.cert_in", "organisation",
                                                   "Does CERT-In hold for the organisation?")
    since = Organisation(regimes={**dict.fromkeys(SHIPPED.obligations, False), "nis2": date(2026, 10, 21)})
    assert all_of(Facts(REPORT), since, REPORT)["nis2.early_warning"].state is State.NOT_APPLICABLE
    assert all_of(Facts(REPORT + timedelta(days=1)), since, REPORT + timedelta(days=1))["nis2.early_warning"].state is State.OPEN


def test_what_the_programme_leaves_open_can_be_answered_for_one_incident() -> None:
    """So triage ends, though the incident keeps the programme it was reported under; what the programme says counts first."""
    def state(name: str, organisation: Organisation, *told: tuple[str, bool]) -> tuple[str, tuple[str, ...]]:
        given = tuple(Answer(question, value=value, at=REPORT, by="x") for question, value in told)
        found = all_of(Facts(REPORT, given, (Event("aware", REPORT),)), organisation, REPORT)[name]
        return str(found.state), found.why[:1]

    breach, shipped_one = ("gdpr.personal_data_breach", True), SHIPPED.organisation
    assert state("gdpr.processor_notice", shipped_one, breach)[0] == "open"
    assert state("gdpr.processor_notice", shipped_one, breach, ("organisation.processor", True))[0] == "running"
    question = "Does the organisation process personal data for others on their instructions (processor)?"
    assert state("gdpr.processor_notice", shipped_one, breach, ("organisation.processor", False)) == (
        "not applicable", (f"{question} No (answered on 2026-10-20)",))
    assert state("gdpr.notification", shipped_one, breach, ("gdpr.risk_unlikely", False), ("organisation.controller", False))[0] == (
        "running")
    unsaid = Organisation(facts=shipped_one.facts)
    assert state("nis2.early_warning", unsaid, ("organisation.regimes.nis2", True), ("nis2.significant", True))[0] == "running"
    assert state("nis2.early_warning", unsaid, ("organisation.regimes.nis2", False)) == (
        "not applicable", ("NIS2 doesn't hold for the organisation (answered on 2026-10-20)",))
    assert state("nis2.early_warning", shipped_one, ("organisation.regimes.nis2", True)) == (
        "not applicable", ("the programme says that NIS2 doesn't hold for the organisation",))


SHORTEST = {
    "as shipped": (SHIPPED.organisation, timedelta(hours=24)),  # the aim of Art. 33(2), which may apply
    "no processor": (Organisation(regimes={**SHIPPED.organisation.regimes}, facts=tuple(
        f.model_copy(update={"answer": f.id == "controller"}) for f in SHIPPED.organisation.facts)), timedelta(hours=72)),
    "DORA as well": (Organisation(regimes={**SHIPPED.organisation.regimes, "dora": True}), timedelta(hours=4)),
    "India": (Organisation(regimes={**dict.fromkeys(SHIPPED.obligations, False), "cert_in": True}), timedelta(hours=6)),
    "nothing holds": (Organisation(regimes=dict.fromkeys(SHIPPED.obligations, False)), None),
}


@pytest.mark.parametrize(("organisation", "after"), SHORTEST.values(), ids=SHORTEST)
def test_triage_is_due_before_the_shortest_act_by_that_could_apply(organisation: Organisation, after: timedelta | None) -> None:
    """Counted from the report."""
    found = shortest_act_by(OBLIGATIONS, Facts(REPORT), organisation, REPORT, AUSTRIA)
    assert found == (None if after is None else REPORT + after)


def test_an_explanation_names_each_step_of_the_count_and_its_paragraph() -> None:
    """As it is printed: for the Monday holiday after the change to winter time."""
    at = datetime.fromisoformat("2026-10-24T20:15+02:00")
    told = all_of(Facts(at, (Answer("nis2.significant", value=True, at=at, by="x"),), (Event("aware", at),)),
                  EVERYTHING.model_copy(update={"facts": ()}), at)["nis2.early_warning"]
    assert explain(told) == (
        "nis2.early_warning: NIS2, Art. 23(4)(a): Early warning, to the CSIRT or the competent authority of the Member State",
        "  running",
        "  the organisation became aware 2026-10-24 20:15 CEST (18:15 UTC)",
        "  24 hours from then:",
        "    the hour of the event isn't counted: from 2026-10-24 21:00 CEST (19:00 UTC) (1182/71, Art. 3(1))",
        "    24 hours, to the end of the last one: 2026-10-25 20:00 CET (19:00 UTC) (1182/71, Art. 3(2)(a))",
        "  act by 2026-10-25 19:15 CET (18:15 UTC)",
        "  latest lawful 2026-10-25 20:00 CET (19:00 UTC)",
        "  note: How periods are counted is for the law of the Member State that transposed the directive; act by what is safe.",
    )


def test_what_is_counted_from_the_end_of_the_year_says_so_by_its_own_article() -> None:
    """The year's last day isn't counted, whenever in it the breach was discovered."""
    at = datetime.fromisoformat("2026-03-10T10:00-04:00")
    known = Facts(at, (Answer("hipaa.phi_breach", value=True, at=at, by="x"), Answer("hipaa.at_least_500", value=False, at=at, by="x")),
                  (Event("discovered", at),))
    assert all_of(known, EVERYTHING, at)["hipaa.secretary_yearly"].lines == (
        "it was discovered 2026-03-10 10:00 EDT (14:00 UTC)",
        "60 days from the end of that calendar year:",
        "  the last day of the year, Thu 2026-12-31, isn't counted (45 CFR 164.408(c))",
        "  60 days, to 24:00 of Mon 2027-03-01 (45 CFR 164.408(c))")


def test_a_programme_from_before_there_were_obligations_has_none() -> None:
    """Its cases go on, and nothing is asked."""
    old = kept({name: text for name, text in shipped().items() if not name.startswith("obligations/")})
    assert isinstance(old, Programme)
    assert (obligations_of(old), wheres(old), standing((), Facts(REPORT), {}, old.organisation, REPORT)) == ((), {}, ())
