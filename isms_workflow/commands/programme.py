"""`isms programme`: the organisation's definition of its ISMS, checked, compared, put in force."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from isms_workflow.commands.on_call import unable
from isms_workflow.commands.shared import OPERATOR, reading, say, table, writing
from isms_workflow.domain.refusals import Missing
from isms_workflow.engine import programmes
from isms_workflow.engine.context import utc_now
from isms_workflow.programme.check import smallest_organisation
from isms_workflow.programme.check_people import names_people
from isms_workflow.programme.diff import answered
from isms_workflow.programme.diff import diff as differences
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import load
from isms_workflow.programme.model import Programme
from isms_workflow.settings import Settings

app = App(name="programme", help="The programme: what the ISMS consists of, as a folder of YAML files.")


def _folder(folder: Path | None) -> Path:
    return folder or Settings().programme_dir


@app.command
def check(folder: Path | None = None) -> None:
    """Read the folder (default: the organisation's own) and name every problem with its file and line."""
    found = load(_folder(folder))
    if names_people(found):  # whether they have accounts stands in the database
        with reading() as conn:
            unknown = programmes.unknown_people(conn, found, utc_now())
        if unknown:
            raise ProgrammeRefused(tuple(unknown))
    say(f"The programme in {_folder(folder)} holds together; its digest is {found.digest[:12]}.")
    if held := [regime.title for name, regime in found.obligations.items() if found.organisation.regimes.get(name) is not False]:
        say(f"Obligations to report: {', '.join(held)}.")
    for kind, workflow in found.workflows.items():
        say(f"{kind}: {sum(len(p.steps) for p in workflow.phases)} steps in {len(workflow.phases)} phases; "
            f"at least {smallest_organisation(workflow)} people can run it.")


@app.command
def diff(folder: Path | None = None) -> None:
    """What would change if the folder were applied, in sentences."""
    new = load(_folder(folder))
    with reading() as conn:
        _print_changes(programmes.in_force(conn).programme, new)


@app.command
def show() -> None:
    """The version in force: its phases, steps, gates."""
    with reading() as conn:
        known = programmes.in_force(conn).programme
    say(f"In force: {known.digest[:12]}, zone {known.calendar.zone}.")
    for kind, workflow in known.workflows.items():
        say(f"\n{kind}: {workflow.title}")
        table(("phase", "step", "clause", "responsibility", "due"),
              ((p.id, s.title, s.clause, s.responsibility, s.due) for p in workflow.phases for s in p.steps), "")
        table(("gate", "approvals", "by holders of", "due"),
              ((name, gate.quorum, ", ".join(gate.responsibilities), gate.due) for name, gate in workflow.gates.items()), "")
    _show_obligations(known)


def _show_obligations(known: Programme) -> None:
    """Facts about the organisation, and the stages of each regime that isn't switched off."""
    if not known.obligations:
        return
    say("\nobligations to report")
    table(("fact", "answer", "question"),
          ((fact.id, answered(fact.answer), fact.question) for fact in known.organisation.facts), "")
    table(("obligation", "holds", "starts with", "within", "own aim", "article"),
          ((f"{name}.{stage.id}", answered(known.organisation.regimes.get(name)), stage.starts.event, stage.within, stage.aim,
            stage.article) for name, regime in known.obligations.items() for stage in regime.stages
           if known.organisation.regimes.get(name) is not False), "")
    if off := [name for name in known.obligations if known.organisation.regimes.get(name) is False]:
        say(f"Switched off in obligations/organisation.yaml: {', '.join(off)}.")


@app.command
def apply(folder: Path | None = None) -> None:
    """Check, show the differences, and put the folder in force. Open cycles keep the version they started with."""
    new = load(_folder(folder))
    with writing() as (tx, when):
        try:
            _print_changes(programmes.in_force(tx).programme, new)
        except Missing:
            say("It is the first version.")
        done = programmes.apply(tx, new, OPERATOR, when)
        warnings = list(unable(tx))
    say(f"In force: {new.digest[:12]}. ISMS manager and top management are told." if done
        else f"Nothing to do: {new.digest[:12]} is in force already.")
    for each in warnings:
        say(each)


def _print_changes(old: Programme, new: Programme) -> None:
    for line in differences(old, new) or ["Both mean the same."]:
        say(line)
