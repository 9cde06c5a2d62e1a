"""The command line: what it prints, how it refuses, and what it may not do."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from isms_workflow import cli
from isms_workflow.domain.messages import Message
from isms_workflow.engine import clock, outbox
from isms_workflow.programme.load import copy_shipped
from isms_workflow.settings import Settings
from isms_workflow.store import audit, schema
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.tables import audit as history
from isms_workflow.store.tables import deadlines, people
from isms_workflow.store.tables import outbox as outbox_table
from tests.shell import Shell
from tests.world import World, found


@pytest.fixture
def world(store: Store, settings: Settings, shell: Shell) -> World:
    """The cast in office on the database that the shell speaks to; a key, and the programme's folder."""
    world = found(store)
    copy_shipped(settings.programme_dir)
    with store.write() as tx:
        audit.introduce(tx, audit.make_key(settings.keys_dir), "operator", world.now)
    return world


@pytest.fixture
def planning(world: World) -> World:
    """A cycle whose PLAN phase is open."""
    world.open_cycle()
    return world


COMMANDS = [
    "", "up", "portal", "clock", "deliver", "worker", "demo", "backup", "restore", "doctor",
    *(f"{noun} {verb}".strip() for noun, verbs in {
        "db": ("", "upgrade", "check"), "programme": ("", "check", "diff", "show", "apply"),
        "people": ("", "list", "add", "invite", "grant", "revoke", "deactivate", "erase"),
        "systems": ("", "list", "import"), "cycle": ("", "list", "show", "open", "explain"),
        "incidents": ("", "list", "show", "report", "explain"), "on-call": ("", "show"),
        "escalation": ("", "explain"), "ways": ("", "list", "secret"),
        "sources": ("", "list", "add", "revoke"), "deadlines": ("", "list", "explain", "retime", "retry"),
        "outbox": ("", "list", "dead", "retry"), "audit": ("", "verify", "export", "checkpoint", "rotate-key"),
        "prefect": ("", "open", "status", "register"),
    }.items() for verb in verbs),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` everywhere."""
    assert cli.run([*command.split(), "--help"]) == 0
    assert f"isms {command}".strip() in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["complete", "waive", "approve", "decide", "cancel"])
def test_the_operator_decides_nothing(verb: str) -> None:
    """What a person decides has no command beside the database."""
    for noun in ("cycle", "step", "gate", "people"):
        assert cli.run([noun, verb]) == 2


MISUNDERSTOOD = ["nonsense", "people add", "people add A a@example.org --role king", "db upgrade now", "cycle frobnicate"]


@pytest.mark.parametrize("line", MISUNDERSTOOD)
def test_a_line_that_can_t_be_understood_ends_with_2(shell: Shell, line: str) -> None:
    """And a sentence, not a traceback."""
    assert shell(line) == 2
    assert shell.complained.strip()
    assert "Traceback" not in shell.complained


def test_an_export_for_which_there_is_no_room_leaves_nothing(planning: World, shell: Shell, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """Not half a history that somebody takes for the whole."""
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "is full: nothing was kept" in shell.refused(f"audit export {tmp_path / 'history.jsonl'}")
    assert not (tmp_path / "history.jsonl").exists()


def test_a_database_without_our_schema_says_what_to_run(shell: Shell, settings: Settings) -> None:
    """Before `isms up` has ever run on it."""
    settings.data.mkdir()
    settings.database.touch()
    assert "run `isms db upgrade`" in shell.refused("cycle list")


@pytest.mark.parametrize("line", ["incidents list", "cycle list", "prefect open"])
def test_in_a_folder_without_an_installation_nothing_is_made(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                           line: str) -> None:
    """Whoever runs a command beside the demo is told how to name its folder, and has no second installation."""
    empty = tmp_path / "somewhere"
    empty.mkdir()
    monkeypatch.chdir(empty)
    for name in ("ISMS_DATA", "ISMS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert "Set ISMS_DATA to the data folder of the one that you mean" in shell.refused(line)
    assert list(empty.iterdir()) == []


def test_a_database_is_brought_to_the_schema(empty_database_url: str, shell: Shell,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing; a second time changes nothing."""
    monkeypatch.setenv("ISMS_DATABASE_URL", empty_database_url)
    assert f"was empty and is at {schema.head()}" in shell.ok("db upgrade")
    assert f"was at {schema.head()} and is at {schema.head()}" in shell.ok("db upgrade")
    assert "Every guard of the history is in place" in shell.ok("db check")


def test_a_broken_programme_is_refused_with_file_and_line(world: World, shell: Shell, settings: Settings) -> None:
    """And what would be right; nothing of it comes into force."""
    path = settings.programme_dir / "pdca.yaml"
    path.write_text(path.read_text().replace("responsibility: people_manager", "responsibility: people_manger", 1))
    said = shell.refused("programme check")
    assert "pdca.yaml:" in said
    assert "unknown responsibility 'people_manger'; did you mean 'people_manager'?" in said
    assert shell.refused("programme apply") == said


def test_a_programme_is_checked_compared_and_applied(world: World, shell: Shell, settings: Settings) -> None:
    """The differences in sentences; ISMS manager and top management are told."""
    assert "at least 3 people can run it" in shell.ok("programme check")
    path = settings.programme_dir / "pdca.yaml"
    path.write_text(path.read_text().replace("effort_hours: 16", "effort_hours: 17", 1))
    assert "effort_hours changes from 16 to 17" in shell.ok("programme diff")
    assert "are told" in shell.ok("programme apply")
    assert ("programme_applied", "dana") in world.mails("programme_applied")
    assert "in force already" in shell.ok("programme apply")
    shown = shell.ok("programme show")
    assert "Establish scope and boundaries" in shown
    assert "gdpr.notification" in shown
    assert "Switched off in obligations/organisation.yaml: cert_in, cra" in shown


def test_an_account_from_its_first_day_to_its_erasure(world: World, shell: Shell) -> None:
    """The operator names people by address."""
    shell.ok("people add", "Noor Haddad", "noor@example.org", "--zone", "Europe/Vienna")
    assert "/invitation/" in shell.ok("people invite noor@example.org")
    shell.ok("people grant NOOR@example.org risk_owner")
    assert "Noor Haddad" in shell.ok("people list")
    shell.ok("people revoke noor@example.org risk_owner")
    shell.ok("people deactivate noor@example.org")
    with world.store.read() as conn:
        noor = conn.execute(select(people.c.id).where(people.c.name == "Noor Haddad")).scalar_one()
    said = shell.ok(f"people erase {noor}")
    assert "name and address on the account" in said
    assert "records of the history" in said
    assert "Noor" not in shell.ok("people list")


REFUSALS = {
    "people grant nobody@example.org risk_owner": "No person 'nobody@example.org' was found.",
    "people grant ben@example.org king": "responsibility: 'king' can't be",
    "people deactivate maria@example.org": "is the last isms_manager: name a successor first",
    "people erase ben@example.org": "deactivate the account first",
    "people add A ben@example.org": "somebody has this address already",
    "cycle show PDCA-1999-0001": "No case 'PDCA-1999-0001' was found.",
    "cycle open": "cannot open another cycle beside",
    "incidents show INC-1999-0001": "No incident 'INC-1999-0001' was found.",
    "incidents explain PDCA-2026-0001": "No incident 'PDCA-2026-0001' was found.",
    "escalation explain INC-1999-0001": "No case 'INC-1999-0001' was found.",
    "ways secret pager": "No webhook among the ways 'pager' was found.",
    "incidents report Fire --category weather": "category: 'weather' can't be; one of malware",
    "incidents report Fire --category other --system Atlantis": "systems: 'Atlantis' can't be",
    "sources revoke nothing": "No source in use 'nothing' was found.",
    "sources add Monitoring --kind webhook --category weather": "category: 'weather' can't be",
    "deadlines explain nothing": "No deadline 'nothing' was found.",
    "deadlines retry nothing": "No deadline that was set aside 'nothing' was found.",
    "outbox retry nothing": "No refused message 'nothing' was found.",
    "audit verify --checkpoint /nothing": "it can't be read",
    "restore /nothing": "can't be restored",
    "backup /nothing/there": "is no folder",
    "backup /proc/there": "No such file or directory. Nothing was done",
    "restore /proc": "it can't be opened (Is a directory)",
    "audit export /dev/null": "/dev/null: File exists. Nothing was done",
    "audit export /nothing/there": "/nothing/there: No such file or directory. Nothing was done",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_a_refusal_is_a_sentence_and_changes_nothing(planning: World, shell: Shell, line: str) -> None:
    """Exit code 1; the history is as long as before."""
    with planning.store.read() as conn:
        before = audit.head(conn)
    assert REFUSALS[line] in shell.refused(line)
    with planning.store.read() as conn:
        assert audit.head(conn) == before


def test_where_the_cycle_stands_and_what_it_waits_for(world: World, shell: Shell) -> None:
    """For whom, since when, until when, and what happens then."""
    assert "There is no cycle yet" in shell.ok("cycle list")
    assert "is plan" in shell.ok("cycle open")
    reference = f"PDCA-{datetime.now(UTC):%Y}-0001"
    assert reference in shell.ok("cycle list")
    assert "Maria Okafor" in shell.ok("cycle show")
    said = shell.ok(f"cycle explain {reference}")
    assert "Waits for step scope: isms_manager" in said
    assert "escalates to top management, then every 7 days" in said


def test_why_a_deadline_is_due_when_it_is(planning: World, shell: Shell) -> None:
    """Its rule, its calendar's version, and what it will do."""
    assert "PDCA-2026-0001" in shell.ok("deadlines list")
    with planning.store.read() as conn:
        first = conn.execute(select(deadlines.c.id).order_by(deadlines.c.due_at)).scalars().first()
    said = shell.ok(f"deadlines explain {first}")
    assert "It is -3 working days at 09:00 from 2026-01-19 17:00:00 UTC, in UTC" in said
    assert "reminds Maria Okafor" in said


def test_a_deadline_that_was_set_aside_is_tried_again(planning: World, shell: Shell) -> None:
    """Recorded as retried; a clock takes it at once."""
    with planning.store.write() as tx:
        tx.execute(update(deadlines).values(event="nonsense", due_at=planning.now))
    while clock.turn(planning.store, planning.now):
        pass
    assert "No rule carries out" in shell.ok("deadlines list --failed")
    with planning.store.read() as conn:
        failed = conn.execute(select(deadlines.c.id).where(deadlines.c.outcome == "failed")).scalars().first()
    assert "armed again" in shell.ok(f"deadlines retry {failed}")
    with planning.store.read() as conn:
        assert conn.execute(select(deadlines.c.settled_at).where(deadlines.c.id == failed)).scalar_one() is None


def test_deadlines_are_re_timed(planning: World, shell: Shell, settings: Settings) -> None:
    """After another zone came into force."""
    assert "Nothing moves." in shell.ok("deadlines retime")
    path = settings.programme_dir / "calendar.yaml"
    path.write_text(path.read_text().replace("zone: UTC", "zone: Europe/Vienna"))
    shell.ok("programme apply")
    assert "2 moved." in shell.ok("deadlines retime")


def test_dead_letters_are_shown_without_what_they_say_and_sent_again(world: World, shell: Shell) -> None:
    """Whom and why; never a link."""
    with world.store.write() as tx:
        outbox.put(tx, [Message("x", "mail", {"notice": "invitation", "to": world.ids["ben"],
                                              "about": {"link": "https://secret"}}, sensitive=True)], world.now)
        tx.execute(update(outbox_table).where(outbox_table.c.key == "x").values(
            outcome="dead", settled_at=world.now, error="550 no such user"))
    said = shell.ok("outbox dead")
    assert "550 no such user" in said
    assert "Ben Ito" in said
    assert "secret" not in said
    with world.store.read() as conn:
        message = conn.execute(select(outbox_table.c.id).where(outbox_table.c.key == "x")).scalar_one()
    shell.ok(f"outbox retry {message}")
    assert message in shell.ok("outbox list")


def test_the_history_is_verified_against_a_checkpoint_kept_outside(planning: World, shell: Shell,
                                                                   tmp_path: Path) -> None:
    """Intact: exit code 0. One byte changed: 1, and the first bad record."""
    kept = tmp_path / "checkpoints"
    assert "is held on to" in shell.ok(f"audit checkpoint {kept}")
    assert "is intact" in shell.ok(f"audit verify --checkpoint {kept}")
    raw = planning.store.engine.raw_connection()
    cursor = raw.cursor()
    if planning.store.is_sqlite:
        cursor.execute("DROP TRIGGER audit_private_no_update")
    else:
        cursor.execute("ALTER TABLE audit_private DISABLE TRIGGER ALL")
    cursor.execute("UPDATE audit_private SET value = 'x' WHERE seq = 2")
    raw.commit()
    raw.close()
    assert shell("audit verify") == 1
    assert "First bad record: record 2" in shell.said


def test_the_history_is_exported_for_others_to_verify(planning: World, shell: Shell, tmp_path: Path) -> None:
    """By the script in docs/, which knows nothing of ours; the file is its owner's alone."""
    file = tmp_path / "history.jsonl"
    shell.ok("audit checkpoint")
    shell.ok(f"audit export {file}")
    assert file.stat().st_mode & 0o077 == 0
    done = subprocess.run([sys.executable, "docs/verify_chain.py", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    first = json.loads(shell.ok("audit export").splitlines()[0])
    assert first["export"] == "isms-audit"


def test_a_key_hands_over_to_the_next(planning: World, shell: Shell) -> None:
    """A record signed by the old one; checkpoints of both are the chain's."""
    shell.ok("audit checkpoint")
    assert "hands over from" in shell.ok("audit rotate-key")
    shell.ok("audit checkpoint")
    assert "2 checkpoints agree" in shell.ok("audit verify")


def test_a_backup_comes_back_verified_and_says_so_in_its_history(planning: World, shell: Shell, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """Into an empty folder and database; the history goes on."""
    file = tmp_path / "isms.backup"
    shell.ok(f"backup {file}")
    monkeypatch.setenv("ISMS_DATA", str(tmp_path / "new"))
    monkeypatch.delenv("ISMS_DATABASE_URL")
    assert "which verify" in shell.ok(f"restore {file}")
    assert "is intact" in shell.ok("audit verify")
    assert "PDCA-2026-0001" in shell.ok("cycle list")
    with closing(open_store(f"sqlite:///{tmp_path / 'new' / 'isms.db'}")) as store, store.read() as conn:
        last = conn.execute(select(history.c.kind).order_by(history.c.seq.desc())).scalars().first()
    assert last == "chain.restored"


def test_the_doctor_names_what_is_wrong(planning: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, and for each thing what to do."""
    monkeypatch.setenv("ISMS_PREFECT_PORT", "1")
    assert shell("doctor") == 1
    for said in ("No clock is running", "No deliverer is running", "can't be reached", "things need somebody"):
        assert said in shell.said


def test_the_doctor_looks_at_keys_and_programme_each_for_itself(planning: World, shell: Shell, settings: Settings,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that others may read, one that is lost, a programme that isn't in force: none hides another."""
    monkeypatch.setenv("ISMS_PREFECT_PORT", "1")
    (key,) = settings.keys_dir.glob("audit-*")
    key.rename(key.with_name("audit-of-old.pem")).chmod(0o644)
    with (settings.programme_dir / "calendar.yaml").open("a") as file:
        file.write("# another text\n")
    path = settings.programme_dir / "audit.yaml"
    path.write_text(path.read_text().replace("digest_hour: 8", "digest_hour: 7"))
    assert shell("doctor") == 1
    for said in (f"Others may read {key.with_name('audit-of-old.pem')}", f"put back the file {key.name}",
                 "is not the one in force"):
        assert said in shell.said


@pytest.mark.parametrize(("mode", "named"), [(0o755, True), (0o701, True), (0o750, False), (0o700, False)])
def test_the_doctor_names_a_data_folder_that_strangers_may_look_into(
    world: World, shell: Shell, settings: Settings, monkeypatch: pytest.MonkeyPatch, mode: int, named: bool
) -> None:
    """A group may have been let in on purpose."""
    monkeypatch.setenv("ISMS_PREFECT_PORT", "1")
    settings.data.chmod(mode)
    assert shell("doctor") == 1
    assert (f"Others may look into the data folder {settings.data}" in shell.said) == named


def test_prefect_that_is_away_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where, and how to start it."""
    monkeypatch.setenv("ISMS_PREFECT_PORT", "1")
    assert shell("prefect status") == 1
    assert "does not answer: start `isms up`" in shell.said
    assert "can't be reached" in shell.refused("prefect register")
