"""What docs/obligations.md promises: its table is what is shipped, its examples load, and the one worked out comes out so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from isms_workflow.domain.conditions import Answer, Event, Facts
from isms_workflow.domain.obligations import obligations_of, shortest_act_by, standing
from isms_workflow.domain.periods import wheres
from isms_workflow.programme.diff import diff
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme
from isms_workflow.programme.obligations import EVENTS, Stage

PAGE = (Path(__file__).parents[3] / "docs" / "obligations.md").read_text(encoding="utf-8")


def with_examples() -> Programme:
    """The shipped programme with the page's files, as it says: the contract is named, the insurance isn't."""
    files = {**shipped(), **{found[1]: found[0] for found in re.findall(r"```yaml\n(# (obligations/\S+)\n.*?)```", PAGE, re.DOTALL)}}
    files["obligations/organisation.yaml"] = files["obligations/organisation.yaml"].replace("gdpr: yes", "gdpr: yes\n  acme: 2026-02-03")
    return parse(files)


def national() -> Programme:
    """The shipped programme with the page's national law of NIS2 in the place of what it changes, switched on."""
    texts = {where: yaml.safe_load(text) for where, text in re.findall(r"```yaml\n# (at the head|among the stages) of obligations/nis2.yaml\n(.*?)```",
                                                                      PAGE, re.DOTALL)}
    files = dict(shipped())
    own = {**yaml.safe_load(files["obligations/nis2.yaml"]), **texts["at the head"]}
    stages = {each["id"]: each for each in texts["among the stages"]}
    own["stages"] = [stages.pop(each["id"], each) for each in own["stages"]]
    assert stages == {}, "a stage of the page is none of the shipped file's"
    files["obligations/nis2.yaml"] = yaml.safe_dump(own, sort_keys=False)
    files["obligations/organisation.yaml"] = files["obligations/organisation.yaml"].replace("nis2: no", "nis2: yes")
    return parse(files)


def test_the_table_has_just_what_is_shipped_with_its_articles() -> None:
    """In the order of importance, each once."""
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE))
    assert rows == {each.id: each.stage.article for each in obligations_of(parse(shipped()))}


def test_the_page_names_every_key_and_every_event() -> None:
    """Whoever adds a key to a stage explains it."""
    plain = {"id", "title", "article", "recipient", "within", "counting"}
    table = PAGE.split("What else a stage can say:")[1].split("Events are")[0]
    assert {name for name in Stage.model_fields if f"`{name}" not in table} == plain
    assert re.findall(r"`(\w+)`", PAGE.split("one vocabulary for all regimes:")[1].split(".")[0]) == list(EVENTS)


def test_the_worked_example_is_as_it_is_told() -> None:
    """The contract's two stages, over Easter; the insurance, which nobody said holds, is open."""
    vienna, programme = ZoneInfo("Europe/Vienna"), with_examples()
    aware, noticed = datetime(2026, 4, 2, 15, 30, tzinfo=vienna), datetime(2026, 4, 2, 18, tzinfo=vienna)
    facts = Facts(aware, (Answer("acme.their_data", value=True, at=aware, by="x"),),
                  (Event("aware", aware), Event("submitted", noticed, of="acme.notice")))
    found = {each.obligation.id: each for each in standing(obligations_of(programme), facts, wheres(programme),
                                                           programme.organisation, noticed)}
    notice, report = found["acme.notice"], found["acme.report"]
    assert (str(notice.state), notice.latest_lawful, notice.in_time) == ("submitted", datetime(2026, 4, 2, 19, 30, tzinfo=vienna), True)
    assert (str(report.state), report.latest_lawful, report.act_by) == (
        "running", datetime(2026, 4, 10, 15, tzinfo=UTC), datetime(2026, 4, 7, 18, tzinfo=vienna))
    assert (str(found["cyber_insurance.claim"].state), found["cyber_insurance.claim"].open) == (
        "open", ("organisation.regimes.cyber_insurance",))


def test_the_national_law_loads_and_counts_as_it_is_told() -> None:
    """Six hours instead of twenty-four, in Nicosia; the rest of NIS2 stays, and triage is asked sooner."""
    nicosia, programme = ZoneInfo("Asia/Nicosia"), national()
    aware = datetime(2026, 4, 3, 22, tzinfo=nicosia)
    facts = Facts(aware, (Answer("nis2.significant", value=True, at=aware, by="x"),), (Event("aware", aware),))
    found = {each.obligation.id: each for each in standing(obligations_of(programme), facts, wheres(programme),
                                                           programme.organisation, aware)}
    warning, notification = found["nis2.early_warning"], found["nis2.notification"]
    assert (str(warning.state), warning.act_by, warning.latest_lawful) == ("running", *[datetime(2026, 4, 4, 4, tzinfo=nicosia)] * 2)
    assert notification.latest_lawful == datetime(2026, 4, 6, 22, tzinfo=nicosia)
    assert [each.id for each in obligations_of(programme)] == [each.id for each in obligations_of(parse(shipped()))]
    shortest = shortest_act_by(obligations_of(programme), Facts(aware), programme.organisation, aware, wheres(programme))
    assert shortest == aware + timedelta(hours=6)


def test_the_difference_is_said_as_the_page_has_it() -> None:
    """Both lines, among those of the head and of the stage's article and recipient."""
    said = diff(parse(shipped()), national())
    told = PAGE.split("`isms programme diff` then says, among the rest:")[1].split("```")[1].strip().splitlines()
    assert [line for line in told if line not in said] == []
