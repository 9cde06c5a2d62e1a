"""What pages show: frozen data, filled by the routes, read by the templates. Nothing here computes or decides."""

from isms_workflow.portal.views.actions import ActionForm, ActionLine, Actions, CorrectiveAction, Verdict
from isms_workflow.portal.views.cases import (
    Answer,
    CarriedOver,
    Case,
    CaseLine,
    CasePhase,
    Cases,
    CoveredStep,
    DecisionLine,
    Gate,
    Round,
    Vote,
)
from isms_workflow.portal.views.forms import REASON, Action, Choice, Field, Problem, problems
from isms_workflow.portal.views.frame import Alive, Flash, Frame, MenuEntry
from isms_workflow.portal.views.incidents import (
    Acknowledge,
    Board,
    BoardColumn,
    Drill,
    DrillLine,
    ImportForm,
    Incident,
    IncidentLine,
    Incidents,
    Picture,
    Relation,
    Report,
    ReportForm,
    Statistics,
    StatisticsLine,
    Word,
)
from isms_workflow.portal.views.lessons import LessonEntry, Lessons, Moment
from isms_workflow.portal.views.notifications import Notifications, RuleLine
from isms_workflow.portal.views.obligations import DraftPage, ObligationLine, Obligations, Running, RunningLine, Said
from isms_workflow.portal.views.on_call import Duty, OnCall, Place, Row, Turns
from isms_workflow.portal.views.parts import (
    Column,
    Empty,
    Evidence,
    Fact,
    HistoryEntry,
    Link,
    Listing,
    Meter,
    Reference,
    Rung,
    Wait,
    Who,
)
from isms_workflow.portal.views.people import (
    Delegation,
    Held,
    HeldBy,
    Invitation,
    Login,
    People,
    Person,
    PersonLine,
    ResetRequest,
    Setup,
    Token,
)
from isms_workflow.portal.views.records import (
    Access,
    Audit,
    Checkpoint,
    Clash,
    DeadLetter,
    DeadlineLine,
    DiffLine,
    EvidencePage,
    Fault,
    Mail,
    MailLine,
    OutboxChannel,
    Programme,
    ProgrammeFile,
    ProgrammeVersion,
    Service,
    Stale,
    System,
)
from isms_workflow.portal.views.systems import Register, SystemEntry, SystemLine
from isms_workflow.portal.views.tellings import TellingLine, Tellings, TellingTry
from isms_workflow.portal.views.work import (
    Comment,
    Cycle,
    GateLine,
    Missing,
    MyWork,
    Phase,
    ReportLine,
    Step,
    StepLine,
    StepLink,
    WorkItem,
)

__all__ = [
    "REASON", "Access", "Acknowledge", "Action", "ActionForm", "ActionLine", "Actions", "Alive", "Answer", "Audit", "Board", "BoardColumn", "CarriedOver", "Case", "CaseLine", "CasePhase", "Cases",
    "Checkpoint", "Choice", "Clash", "Column", "Comment", "CorrectiveAction", "CoveredStep", "Cycle", "DeadLetter", "DeadlineLine",
    "DecisionLine", "Delegation", "DiffLine", "DraftPage", "Drill", "DrillLine", "Duty", "Empty", "Evidence", "EvidencePage", "Fact", "Fault", "Field", "Flash",
    "Frame", "Gate", "GateLine", "Held", "HeldBy", "HistoryEntry", "ImportForm", "Incident", "IncidentLine", "Incidents", "Invitation", "LessonEntry", "Lessons", "Link", "Listing", "Login", "Mail",
    "MailLine", "MenuEntry", "Meter", "Missing", "Moment", "MyWork", "Notifications", "ObligationLine", "Obligations", "OnCall", "OutboxChannel", "People", "Person", "PersonLine", "Phase", "Picture", "Place",
    "Problem", "Programme", "ProgrammeFile", "ProgrammeVersion", "Reference", "Register", "Relation", "Report",
    "ReportForm", "ReportLine", "ResetRequest", "Round", "Row", "RuleLine", "Rung", "Running", "RunningLine", "Said",
    "Service", "Setup", "Stale", "Statistics", "StatisticsLine", "Step", "StepLine", "StepLink", "System", "SystemEntry", "SystemLine",
    "TellingLine", "TellingTry", "Tellings", "Token", "Turns", "Verdict", "Vote", "Wait", "Who", "Word", "WorkItem",
    "problems",
]  # fmt: skip
