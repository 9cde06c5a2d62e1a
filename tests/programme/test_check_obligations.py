"""An obligation that could never begin, never end, or that names what isn't there is refused, with its line and a remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import copy_shipped, digest, load, parse, shipped
from tests.programme.test_check import changed

BROKEN: dict[str, tuple[str, str, str, str]] = {
    # what is wrong: (regime, text that is there, text instead, what is said)
    "an event that nobody records": ("gdpr", "starts: {event: aware}\n    within", "starts: {event: awake}\n    within",
                                     "nobody records 'awake', so it would be waited for in vain; did you mean 'aware'?"),
    "an event that nobody could guess": ("gdpr", "event: aware", "event: full_moon", "use one of reported, aware"),
    "an end that nobody records": ("dora", "ended_by: reclassified", "ended_by: declassified", "did you mean 'reclassified'"),
    "a cap from what nobody records": ("dora", "caps: [{event: aware", "caps: [{event: awake", "did you mean 'aware'"),
    "a replacement for want of nothing": ("nis2", "if_not: handled", "if_not: handld", "did you mean 'handled'"),
    "an unknown question": ("gdpr", "applies: {all: [controller, personal_data_breach], none: risk_unlikely}",
                            "applies: {all: [controller, personal_data_breach], none: risk_unlikly}", "did you mean 'risk_unlikely'"),
    "a question on one that comes later": ("gdpr", "asked_if: {all: personal_data_breach}", "asked_if: {all: high_risk}",
                                           "question above this one"),
    "a question that is a fact": ("nis2", "id: significant", "id: nis2_entity", "is a fact about the organisation already"),
    "a stage that starts by an unknown one": ("nis2", "of: [notification, notification_trust]", "of: [notifcation]",
                                              "unknown stage of this regime 'notifcation'; did you mean 'notification'?"),
    "a stage replaced by one that isn't there": ("nis2", "instead_of: {stage: final,", "instead_of: {stage: finale,",
                                                 "did you mean 'final'"),
    "a stage that waits for itself": ("nis2", "starts: {event: submitted, of: [notification, notification_trust]}",
                                      "starts: {event: submitted, of: [final]}", "waits for itself"),
    "a submission of nothing": ("dora", "starts: {event: submitted, of: initial}", "starts: {event: submitted}",
                                "doesn't say which stage's submission starts it"),
    "a stage that never falls due": ("gdpr", "    aim: 72 hours\n", "", "never falls due"),
    "a limit beside another's": ("dora", "limit_of: initial", "limit_of: initial\n    within: 4 hours", "leave one of them out"),
    "an answer to no request": ("nis2", "event: requested", "event: aware", "only a request says until when"),
    "a year's end that nothing follows": ("hipaa", "from_end_of: year\n    within: 60 days", "from_end_of: year\n    aim: 60 days",
                                          "counts nothing"),
    "business days that the rule can't count": ("gdpr", "within: 72 hours", "within: 3 business days", "can't be counted by 1182/71"),
    "hours that the rule can't count": ("sec", "within: 4 business days", "within: 96 hours", "can't be counted by business_days"),
    "an aim in business days": ("gdpr", "aim: 24 hours", "aim: 2 business days", "don't elapse"),
    "an hour at which hours close": ("cert_in", "(ii)\"}", "(ii)\", closes: 17:30}", "ends at no hour of its own"),
    "an end before the beginning": ("cra", "valid_from: 2026-09-11", "valid_from: 2026-09-11\n    valid_until: 2026-09-10",
                                    "is before valid_from"),
    "a day that doesn't exist": ("cra", "valid_from: 2026-09-11", "valid_from: 2026-09-31", "day value is outside expected range"),
    "a relief from an unknown fact": ("dora", "not_for: [credit_institution", "not_for: [credit_institute",
                                      "did you mean 'credit_institution'"),
    "a delay by what says no until when": ("sec", "event: held_back", "event: held_up", "did you mean 'held_back'"),
    "a delay by what is no permission": ("sec", "event: held_back", "event: aware", "is no permission, which says until when; use one of"),
    "a permission that starts a stage": ("sec", "starts: {event: determined}", "starts: {event: delay_allowed}",
                                         "only puts a limit off: name it under delays"),
    "a delay that its rule can't count": ("sec", "at_most: 60 days\n        counting: calendar_days", "at_most: 60 days",
                                          "60 days can't be counted by business_days"),
    "a delay of what has no figure": ("sec", "within: 4 business days\n    # The", "aim: 4 days\n    # The", "puts off nothing"),
    "a delay counted to no end": ("sec", "at_most: 7 business days\n        ", "", "counts nothing: write at_most"),
    "ids that are too long together": ("gdpr", "id: notification", "id: notification_of_the_authority", "shorten the regime's id"),
    "another regime than the file's name": ("gdpr", "regime: gdpr", "regime: dsgvo", "the file is named 'gdpr'"),
    "a zone that isn't one": ("sec", "zone: America/New_York", "zone: America/NewYork", "did you mean 'America/New_York'"),
    "a country without holidays": ("sec", "country: US", "country: XX", "XX not available"),
    "a period that is none": ("gdpr", "within: 72 hours", "within: soon", "is no period: write e.g. '72 hours'"),
    "an unknown key": ("gdpr", "late_needs_reasons: true", "late_needs_reason: true", "slip of the pen"),
    "a stage's id twice": ("gdpr", "id: register", "id: notification", "stands here twice"),
    "a question's id twice": ("nis2", "id: recipients_affected", "id: significant", "stands here twice"),
    "a regime that no file defines": ("organisation", "nis2: no", "nis_2: no", "unknown regime 'nis_2'; did you mean 'nis2'?"),
    "a fact's id twice": ("organisation", "id: processor", "id: controller", "stands here twice"),
    "an answer that is none": ("organisation", "gdpr: yes", "gdpr: perhaps", "perhaps"),
}


@pytest.mark.parametrize(("regime", "old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_it_is_refused_with_its_place(regime: str, old: str, new: str, said: str) -> None:
    """The file and a line are named, and what would be right."""
    file = f"obligations/{regime}.yaml"
    with pytest.raises(ProgrammeRefused) as refused:
        parse(changed(file, old, new))
    assert said in str(refused.value)
    assert all(problem.file == file and problem.line > 1 for problem in refused.value.problems)


def test_the_copy_made_at_set_up_carries_the_folder_and_works_without_it(tmp_path: Path) -> None:
    """What the organisation has changed there stays; a folder from before there were obligations has none."""
    own = tmp_path / "obligations" / "gdpr.yaml"
    own.parent.mkdir()
    own.write_text(shipped()["obligations/gdpr.yaml"].replace("within: 72 hours", "within: 48 hours"))
    copy_shipped(tmp_path)
    found = load(tmp_path)
    assert (found.obligations.keys(), found.digest != digest(shipped())) == (parse(shipped()).obligations.keys(), True)
    assert str(found.obligations["gdpr"].stage("notification").within) == "48 hours"
    shutil.rmtree(tmp_path / "obligations")
    assert load(tmp_path).obligations == {}


def test_what_is_shipped_says_everything_and_asks_nothing_in_vain() -> None:
    """Each regime is switched on or off, each report says what it contains, and each question and fact decides something."""
    programme = parse(shipped())
    assert programme.organisation.regimes.keys() == programme.obligations.keys()
    stages = [stage for regime in programme.obligations.values() for stage in regime.stages]
    assert [stage.id for stage in stages if not stage.contents] == []
    asked = {name for regime in programme.obligations.values() for each in regime.questions for name in each.asked_if.names}
    decides = asked | {name for stage in stages for name in (*stage.applies.names, *(stage.relief.not_for if stage.relief else ()))}
    names = {*(fact.id for fact in programme.organisation.facts),
             *(each.id for regime in programme.obligations.values() for each in regime.questions)}
    assert names - decides == set()
