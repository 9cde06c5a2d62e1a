"""The demo: a company in the middle of its work, played through the engine, in a folder of its own."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from isms_workflow.commands import demo
from isms_workflow.engine import reading, register
from isms_workflow.engine.accounts import sessions
from isms_workflow.engine.mailing.of_day import can_decide
from isms_workflow.settings import Settings
from isms_workflow.simulator import company
from isms_workflow.store import audit
from isms_workflow.store.database import open_store
from isms_workflow.store.tables import cases, corrective_actions, deadlines, incidents, people

NOW = datetime(2026, 11, 24, 13, tzinfo=UTC)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The demo's folder, made once."""
    folder = tmp_path_factory.mktemp("demo") / "demo-data"
    return folder, demo.make(folder, NOW)


def test_the_demo_is_a_company_in_the_middle_of_its_work(played: tuple[Path, dict[str, str]]) -> None:
    """A cycle in DO with history, two late steps, and a gate that one of them can decide."""
    folder, _ = played
    with closing(open_store(f"sqlite:///{folder / 'isms.db'}")) as store, store.read() as conn:
        view = next(iter(reading.views(conn, list(conn.execute(select(deadlines.c.case_id)).scalars()), NOW).values()))
        late = sorted(s.key for s in view.steps if s.state == "open" and s.due_at and s.due_at < NOW)
        names = {row.id: row.email for row in conn.execute(select(people.c.id, people.c.email))}
        (gate,) = [g for g in view.gates if g.state == "open"]
        able = {names[p].partition("@")[0] for p in names if can_decide(view, gate, p, NOW)}
        systems = register.in_use(conn)
        assert audit.verify(conn).ok
    assert (view.case.state, late, gate.name, gate.round) == ("do", ["resources", "train"], "plan", 3)
    assert able == {"ravi"}
    assert [each.name for each in systems] == ["ERP", "File store", "Mail", "Public website"]
    assert len(list((folder / "mail").glob("*.eml"))) > 40
    assert folder.stat().st_mode & 0o077 == 0


def test_the_demo_has_an_incident_behind_it_and_one_that_nobody_has_answered(played: tuple[Path, dict[str, str]]) -> None:
    """So that one newcomer can report, acknowledge and respond."""
    folder, _ = played
    with closing(open_store(Settings(data=folder).store_url)) as store, store.read() as conn:
        found = conn.execute(select(cases.c.state, incidents.c.severity).join(
            incidents, incidents.c.case_id == cases.c.id).order_by(cases.c.id)).tuples().all()
    assert found == [("closed", "medium"), ("reported", "high")]


def test_the_demo_has_a_corrective_action_that_is_being_carried_out(played: tuple[Path, dict[str, str]]) -> None:
    """It came of the incident, its plan is approved, and Pia owes the deed."""
    folder, _ = played
    with closing(open_store(Settings(data=folder).store_url)) as store, store.read() as conn:
        (row,) = conn.execute(select(cases.c.id, cases.c.state, corrective_actions.c.from_case).join(
            corrective_actions, corrective_actions.c.case_id == cases.c.id)).all()
        open_ones = [s.key for s in reading.view(conn, row.id, NOW).steps if s.state == "open"]
        source = reading.view(conn, row.from_case, NOW).case.reference
    assert (row.state, open_ones, source) == ("doing", ["implement"], "INC-2026-0001")


def test_everybody_of_the_demo_signs_in_with_the_printed_password(played: tuple[Path, dict[str, str]],
                                                                  capsys: pytest.CaptureFixture[str]) -> None:
    """Printed once, and kept nowhere."""
    folder, passwords = played
    demo.tell(passwords)
    said = capsys.readouterr().out
    with closing(open_store(f"sqlite:///{folder / 'isms.db'}")) as store:
        for name, part in company.PEOPLE.items():
            assert f"{part.email} " in said
            assert passwords[name] in said
            assert sessions.sign_in(store, part.email, passwords[name], "127.0.0.1", NOW + timedelta(minutes=1)).token
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not [name for name, password in passwords.items() if password.encode() in everything]


def test_a_demo_that_failed_half_way_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next `isms demo` begins anew."""
    monkeypatch.setattr(company, "play", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        demo.make(tmp_path / "demo-data", NOW)
    assert not (tmp_path / "demo-data").exists()

