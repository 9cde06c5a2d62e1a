"""What a mail needs to know, read at the instant at which it leaves; each thing once a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.duties import is_ours
from isms_workflow.domain.effects import Unsent
from isms_workflow.domain.forecast import Coming, coming
from isms_workflow.domain.people import Directory
from isms_workflow.domain.records import Kind
from isms_workflow.domain.rules.ladder import LATE, Deadline
from isms_workflow.domain.sight import sees
from isms_workflow.domain.times import iso
from isms_workflow.domain.views import CaseView, Step
from isms_workflow.engine import offices, reading, register
from isms_workflow.notify.notices import Recipient
from isms_workflow.store.statements import corrective as corrective_questions
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements import mails as questions

AGENTS = {"operator": "The operator", "engine": "The system", "clock": "The clock", "flow": "The system",
          "deliverer": "The system"}
ERASED, ERASED_TEXT = "Somebody whose data was erased", "(erased)"
CATCHING_UP = timedelta(minutes=10)
"""What is told late within this time is of one outage."""

MOST_TO_COME = 5
"""As many as a ladder has levels."""


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the history, as far as a mail quotes it; `reason` is empty if none was given or it was erased."""

    actor: str
    happened: datetime
    data: Mapping[str, Any]
    reason: str


@dataclass
class Look:
    """One look at the truth, at `now`."""

    conn: Connection
    now: datetime
    _views: dict[str, CaseView] = field(default_factory=dict)
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)
    _titles: dict[str, str] = field(default_factory=dict)
    _accounts: dict[str, Any] = field(default_factory=dict)
    _armed: dict[str, list[Deadline]] = field(default_factory=dict)
    _records: dict[tuple[Kind, str, str | None], Record | None] = field(default_factory=dict)
    _late: dict[tuple[str, datetime], datetime | None] = field(default_factory=dict)

    def expect(self, cases: Iterable[str | None]) -> None:
        """Asks at once, of very many cases, what else would be asked of each by itself."""
        ids = [case for case in dict.fromkeys(cases) if case is not None and case not in self._views]
        if not ids:
            return
        self._views |= reading.views(self.conn, ids, self.now)
        self._reached |= reading.reached_of(self.conn, ids)
        self._titles |= {row.case_id: row.title or ERASED_TEXT for row in self.conn.execute(incident_questions.titles(ids))}
        self._armed |= {case: [] for case in ids}
        for row in self.conn.execute(questions.armed_of_each(ids)):
            self._armed[row.subject_id].append(deadline(row))

    @cached_property
    def people(self) -> Directory:
        """Everybody who has or had an account, and what they hold."""
        return offices.directory(self.conn, self.now)

    @cached_property
    def organisation(self) -> str:
        """Whose ISMS it is."""
        return str(self.conn.execute(questions.organisation_name()).scalar() or "ISMS")

    @cached_property
    def _names(self) -> dict[str, str | None]:
        found = {row.id: row.name for row in self.conn.execute(questions.names())}
        return found | {row.id: f"The {row.kind} {row.name}" for row in self.conn.execute(questions.source_names())}

    def name(self, who: str | None) -> str:
        """What a person or an agent is called."""
        if who is None:
            return "nobody"
        return AGENTS.get(who) or self._names.get(who) or ERASED

    def recipient(self, person: str, *, also_gone: bool = False) -> Recipient:
        """Who a mail is for. Raises `Unsent` if they have no account in use any more, unless `also_gone`."""
        if person not in self._accounts:
            self._accounts[person] = self.conn.execute(questions.person(person)).first()
        row = self._accounts[person]
        if row is None or row.email is None:
            raise Unsent("its recipient's data was erased")
        known = self.people.people.get(person)
        if not also_gone and (known is None or not known.active):
            raise Unsent("its recipient's account is not in use any more")
        return Recipient(row.name or row.email, row.email, row.zone)

    def view(self, case: str) -> CaseView:
        """A case whole. Raises `Unknown`."""
        if case not in self._views:
            self._views[case] = reading.view(self.conn, case, self.now)
        return self._views[case]

    def sees(self, person: str, case: str) -> bool:
        """Whether role and label let somebody see the case."""
        if case not in self._reached:
            self._reached[case] = frozenset(self.conn.execute(questions.reached_of(case)).scalars())
        return sees(self.view(case), person, self._reached[case], self.now)

    def reference(self, person: str, case: str | None) -> str:
        """The case's reference, if the person may see the case; else nothing."""
        return self.view(case).case.reference if case and self.sees(person, case) else ""

    def incident_title(self, case: str) -> str:
        """What whoever reported an incident calls it."""
        if case not in self._titles:
            found = self.conn.execute(incident_questions.title(case)).scalar()
            self._titles[case] = found or ERASED_TEXT
        return self._titles[case]

    def title(self, view: CaseView) -> str:
        """What a case is called: an incident or a corrective action by its own title, another by its workflow's."""
        if view.incident is not None:
            return self.incident_title(view.case.id)
        if view.corrective is None:
            return view.workflow.title
        found = self.conn.execute(corrective_questions.titles((view.case.id,))).first()
        return (found.title if found else None) or ERASED_TEXT

    def step(self, view: CaseView, step: Step) -> str:
        """What a step is called in a mail; of a corrective action with what that is about, for an owner may have several."""
        title = view.title(step)
        return title if view.corrective is None else f"{title}: {shortened(self.title(view))}"

    def systems(self, ids: Iterable[str]) -> list[str]:
        """Systems of the register by name, retired ones too."""
        some = tuple(ids)
        return sorted(each.name for each in register.by_ids(self.conn, some).values()) if some else []

    def then(self, view: CaseView, subject: str) -> list[dict[str, str]]:
        """What happens next if nobody acts, soonest first; nothing if the thing waits no more. Reports have mails of their own."""
        armed = [each for each in self._armed_for(subject) if not is_ours(each.event)]
        return [{"at": iso(each.at), "says": each.says} for each in coming(view, armed, self.name, self.now)[:MOST_TO_COME]]

    def coming(self, view: CaseView, subject: str) -> tuple[Coming, ...]:
        """All that is armed for a case, step or gate, and what follows it."""
        return coming(view, self._armed_for(subject), self.name, self.now)

    def _armed_for(self, subject: str) -> list[Deadline]:
        if subject not in self._armed:
            self._armed[subject] = [deadline(row) for row in self.conn.execute(questions.armed(subject))]
        return self._armed[subject]

    def armed_only(self, view: CaseView, armed: Deadline) -> tuple[Coming, ...]:
        """What one armed deadline leads to."""
        return coming(view, [armed], self.name, self.now)

    def record(self, kind: Kind, subject: str, case: str | None = None) -> Record | None:
        """The newest record of this kind about something; None if there is none."""
        if (kind, subject, case) not in self._records:
            self._records[kind, subject, case] = self._record(kind, subject, case)
        return self._records[kind, subject, case]

    def _record(self, kind: Kind, subject: str, case: str | None) -> Record | None:
        row = self.conn.execute(questions.last_record(kind, subject, case)).first()
        if row is None:
            return None
        reason = self.conn.execute(questions.private(row.seq, "reason")).scalar()
        return Record(row.actor, row.happened_at, json.loads(row.body)["data"], reason or "")

    def late_since(self, case: str, at: datetime) -> datetime | None:
        """When the first level of an incident's ladder fell due that was told late, just before `at`; None if none was."""
        if (case, at) not in self._late:
            self._late[case, at] = self._late_since(case, at)
        return self._late[case, at]

    def _late_since(self, case: str, at: datetime) -> datetime | None:
        rows = self.conn.execute(questions.levels(case, at - CATCHING_UP, at)).all()
        return min((row.happened_at for row in rows if row.noticed_at - row.happened_at > LATE), default=None)


def shortened(text: str, most: int = 40) -> str:
    """So much of a title as leaves room in a subject."""
    return text if len(text) <= most else f"{text[:most - 1].rstrip()}…"


def deadline(row: Any) -> Deadline:
    """A deadline from its row."""
    base = row.rule.get("base") if row.rule else None
    return Deadline(row.id, row.case_id, row.subject, row.subject_id, row.event, row.due_at, row.ladder, row.level,
                    row.repeat, base)
