"""A small believable company half a year into its cycle, played through the engine on a clock in the past.

Nordwind Logistik has eight people. PLAN was returned once and passed; in DO two steps are late, and a
correction of the Statement of Applicability has reopened PLAN's gate, which waits for one more approval. One
incident is closed, and its corrective action waits for its approved plan to be carried out; another incident was reported
half an hour ago, and nobody has answered it yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from isms_workflow.domain.calendars import due
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.rules.gates import Answer, Shown
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.rules.lessons import Entry
from isms_workflow.domain.systems import Draft
from isms_workflow.domain.views import CaseView, Step
from isms_workflow.engine import programmes, reading, register
from isms_workflow.engine.commands import cases, gates, incidents, lessons, obligations, steps, systems
from isms_workflow.engine.commands.lessons import Becomes
from isms_workflow.engine.writer import write
from isms_workflow.programme.model import Span
from isms_workflow.simulator.simulation import Simulation
from isms_workflow.store.files import EvidenceFiles

NAME, ZONE, COUNTRY = "Nordwind Logistik", "Europe/Vienna", "AT"


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody of the company, and what one can try in their place."""

    name: str
    role: str
    responsibilities: tuple[str, ...]
    plays: str

    @property
    def email(self) -> str:
        """Their address, at a domain that nobody has."""
        return f"{self.name.split()[0].lower()}@nordwind.example"


PEOPLE: Mapping[str, Part] = {
    "alex": Part("Alex Kim", "admin", (), "runs the system: People, System"),
    "maria": Part("Maria Okafor", "user", ("isms_manager",), "ISMS manager: extends, waives, reassigns"),
    "ben": Part("Ben Ito", "user", ("control_owner", "process_owner", "incident_responder"),
                "is late with a step, and answers incidents"),
    "pia": Part("Pia Lindqvist", "user", ("people_manager", "compliance_officer", "incident_responder"),
                "is late with another, and answers incidents"),
    "ines": Part("Ines Costa", "user", ("internal_auditor",), "audits in CHECK"),
    "dana": Part("Dana Weber", "user", ("top_management",), "top management: has approved PLAN again"),
    "ravi": Part("Ravi Singh", "user", ("risk_owner",), "risk owner: PLAN's gate waits for him"),
    "olga": Part("Olga Petrova", "auditor", (), "external auditor: looks, for sixty days"),
}

SYSTEMS: tuple[Draft, ...] = (  # the owners by first name
    Draft("ERP", "ben", "high", "high", "high", frozenset({"internal", "personal", "payment"}),
          "Orders, invoices, payroll and the drivers' hours; hosted by its maker."),
    Draft("Public website", "pia", "low", "medium", "medium", frozenset({"none"}),
          "Services, prices and vacancies; nobody signs in."),
    Draft("Mail", "maria", "medium", "medium", "high", frozenset({"internal", "personal"}),
          "Mailboxes and calendars of headquarters and both depots."),
    Draft("File store", "ben", "high", "medium", "medium", frozenset({"internal", "special_category", "secret"}),
          "Contracts and tenders; the people department's folder holds sick notes."),
)

PLAN_DAYS = 73
"""From the first day of PLAN to its passed gate, as played below."""


@dataclass
class Company:
    """The company on a time that is moved by hand; `post` carries what waits in the outbox, at each day's time."""

    sim: Simulation
    files: EvidenceFiles
    ids: Mapping[str, str]
    post: Callable[[datetime], None]
    case: str = ""
    began: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.sim.now

    def until(self, days: float) -> None:
        """Time passes, a day at a time, to so many days after the phase began; mails leave on the day."""
        end = self.began + timedelta(days=days)
        while self.sim.now < end:
            self.sim.advance(min(end, self.sim.now + timedelta(days=1)))
            self.post(self.sim.now)

    def begins(self, phase_began: datetime) -> None:
        """Days are counted from here on."""
        self.began = phase_began

    def registers(self) -> None:
        """Maria fills the register of systems."""
        for draft in SYSTEMS:
            with self.sim.write() as (tx, when):
                systems.add(tx, replace(draft, owner=self.ids[draft.owner]), self._actor("maria"), when)

    def opens(self) -> None:
        """Maria starts the cycle."""
        with self.sim.write() as (tx, when):
            self.case = cases.open_cycle(tx, self._actor("maria"), when)

    def uploads(self, who: str, key: str, name: str, text: str) -> None:
        """A file for a step, with real bytes."""
        stored = self.files.store([text.encode()], 1024 * 1024)
        with self.sim.write() as (tx, when):
            steps.add_evidence(tx, self._step(key).id, stored, name, "text/plain", "internal", None,
                               self._actor(who), when)

    def completes(self, who: str, key: str, name: str, text: str) -> None:
        """Evidence, then done."""
        self.uploads(who, key, name, text)
        with self.sim.write() as (tx, when):
            steps.complete(tx, self._step(key).id, None, self._actor(who), when)

    def remarks(self, who: str, key: str, text: str) -> None:
        """A comment on a step."""
        with self.sim.write() as (tx, when):
            steps.comment(tx, self._step(key).id, text, self._actor(who), when)

    def extends(self, who: str, key: str, day: datetime, reason: str) -> None:
        """A later date."""
        with self.sim.write() as (tx, when):
            steps.extend(tx, self._step(key).id, None, f"{day:%Y-%m-%d}", reason, self._actor(who), when)

    def reopens(self, who: str, key: str, reason: str) -> None:
        """A step that a passed gate covered is owed again."""
        with self.sim.write() as (tx, when):
            steps.reopen(tx, self._step(key).id, None, reason, self._actor(who), when)

    def answers(self, who: str, phase: str, answer: str, reason: str = "", named: Iterable[str] = ()) -> None:
        """Somebody decides at a gate, on what they were shown."""
        gate = self._view().latest_gate(phase)
        assert gate is not None  # the play comes here only after it has opened
        steps_named = tuple(self._step(key).id for key in named)
        with self.sim.write() as (tx, when):
            gates.decide(tx, gate.id, Shown(gate.round, gate.digest), Answer(answer, reason, steps_named),
                         self._actor(who), when)

    def reports(self, who: str, title: str, description: str, category: str, system: str) -> str:
        """Somebody reports an incident on one system; its case."""
        with self.sim.store.read() as conn:
            affected = next(each.id for each in register.in_use(conn) if each.name == system)
        with self.sim.write() as (tx, when):
            return incidents.report(tx, Report(title, description, category), (affected,), self._actor(who), when)[0].case.id

    def handles(self, who: str, case: str, evidence: str) -> None:
        """Somebody takes an incident up that is to be reported to nobody, and does every step of the response, one by one."""
        self.sim.pass_time(minutes=12)
        with self.sim.write() as (tx, when):
            obligations.answer(tx, case, {"gdpr.personal_data_breach": False}, "", self._actor(who), when)
            incidents.triage(tx, case, None, "medium", "", self._actor(who), when)
            incidents.respond(tx, case, None, self._actor(who), when)
        cycle, self.case = self.case, case
        for key, minutes in (("contain", 35), ("eradicate", 50), ("recover", 25)):
            self.sim.pass_time(minutes=minutes)
            self.completes(who, key, f"{key}.txt", evidence)
        self.case = cycle

    def learns(self, who: str, case: str, item: str, owner: str, gravity: str) -> str:
        """What is to change after an incident becomes a corrective action; its case."""
        with self.sim.write() as (tx, when):
            entry = lessons.add(tx, case, Entry("item", item), self._actor(who), when)
            return lessons.take_up(tx, entry, Becomes(self.ids[owner], gravity), self._actor(who), when)

    def corrects(self, who: str, case: str, found: Mapping[str, str]) -> None:
        """The owner of a corrective action does these of its steps, in their order."""
        cycle, self.case = self.case, case
        for key, text in found.items():
            self.completes(who, key, f"{key}.txt", text)
        self.case = cycle

    def approves_plan(self, who: str, case: str) -> None:
        """Somebody who had no part in it approves the plan of a corrective action."""
        cycle, self.case = self.case, case
        self.answers(who, "planning", "approve")
        self.case = cycle

    def wakes(self) -> None:
        """Leaves the flow something to read, so that Prefect's worker has a run to show from the first minute."""
        with self.sim.store.write() as tx:
            write(tx, [Plan(wake=(self.case,))], self.sim.now)

    def _view(self) -> CaseView:
        with self.sim.store.read() as conn:
            return reading.view(conn, self.case, self.sim.now)

    def _step(self, key: str) -> Step:
        return next(s for s in self._view().steps if s.key == key)

    def _actor(self, who: str) -> Actor:
        return Actor(self.ids[who], "portal")


def first_day(company: Company, now: datetime) -> datetime:
    """When the cycle began, so that by now two of DO's steps, due after 60 working days, are a few days late."""
    with company.sim.store.read() as conn:
        calendar = programmes.in_force(conn).calendar
    span = Span.model_validate("60 working days")
    days = next(n for n in range(60, 200) if due(now - timedelta(days=n), span, calendar) < now - timedelta(days=2))
    return now - timedelta(days=days + PLAN_DAYS)


def play(company: Company, now: datetime) -> None:
    """From the first day of PLAN to `now`."""
    company.registers()
    company.opens()
    company.begins(company.sim.now)
    _plan(company)
    company.begins(company.sim.now)
    _do(company, (now - company.began).total_seconds() / 86400)


def _plan(c: Company) -> None:
    c.until(8)
    c.completes("maria", "scope", "scope-v1.txt", "In scope: headquarters, both depots, the booking platform.")
    c.until(20)
    c.completes("maria", "policy", "information-security-policy.txt", "Purpose, objectives, commitments, duties.")
    c.until(40)
    c.completes("maria", "risk_assessment", "risk-register.txt", "R1 ransomware in the depots; R2 lost scanners; …")
    c.remarks("ben", "risk_treatment", "Two actions depend on the network renewal; both are in the plan.")
    c.until(55)
    c.completes("maria", "risk_treatment", "risk-treatment-plan.txt", "R1: segment networks, test restores. R2: …")
    c.until(60)
    c.completes("ben", "controls", "control-selection.txt", "A.8.13 backup, A.8.22 segregation, A.7.9 assets …")
    c.until(63)
    c.completes("maria", "soa", "statement-of-applicability.txt", "93 controls: 71 included, 22 excluded with reasons.")
    c.until(65)
    c.answers("ravi", "plan", "return", "The two carriers we depend on are missing from the register.",
              ["risk_assessment"])
    c.until(69)
    c.completes("maria", "risk_assessment", "risk-register-v2.txt", "As v1, with R9 and R10 for the two carriers.")
    c.until(71)
    c.answers("dana", "plan", "approve", "Ambitious, and affordable.")
    c.until(PLAN_DAYS)
    c.answers("ravi", "plan", "approve")


def _do(c: Company, days: float) -> None:
    c.until(18)
    c.remarks("ben", "implement_treatment", "Segmentation of depot North is done; South follows with the new switches.")
    c.until(41)
    c.extends("ben", "deploy_controls", c.sim.now + timedelta(days=110), "The switches for depot South come late.")
    c.until(60)
    c.completes("ben", "implement_treatment", "treatment-status.txt", "9 of 10 actions done; R2 accepted by its owner.")
    c.until(days - 30)
    shop = c.reports("pia", "The website answers with errors", "Since about nine; the carriers can't see our prices.",
                     "outage", "Public website")
    c.handles("ben", shop, "A certificate had run out; renewed, and its renewal is watched from now on.")
    action = c.learns("ben", shop, "Nobody sees it coming when a certificate runs out.", "pia", "minor")
    c.corrects("pia", action, {
        "correction": "Every certificate of ours was looked at; two more were renewed.",
        "root_cause": "Renewal hangs on one calendar entry of somebody who left; there is no list of certificates.",
        "plan": "A list with owners; a check every night that warns 30 days ahead. It works if no warning comes late."})
    c.approves_plan("maria", action)
    c.until(days - 20)
    c.remarks("pia", "train", "The night shift couldn't be spared in the peak season; two dates are set.")
    c.until(days - 7)
    c.reopens("maria", "soa", "Control A.8.23 is in use since March, but the Statement says it isn't.")
    c.until(days - 4)
    c.completes("maria", "soa", "statement-of-applicability-v2.txt", "72 included, 21 excluded; A.8.23 added.")
    c.until(days - 1 / 48)
    c.reports("dana", "A driver's scanner was left on a train", "Line S3, this morning. It shows names and addresses.",
              "loss_or_theft", "ERP")
    c.until(days - 1)
    c.answers("dana", "plan", "approve")
    c.until(days)
    c.wakes()
