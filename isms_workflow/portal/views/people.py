"""People, their roles and responsibilities; and the pages before one is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.parts import Fact, HistoryEntry, Link, Listing, Who


@dataclass(frozen=True)
class Login:
    """login.html: mail address and password; `signin.errors` says what was wrong, or how long to wait."""

    signin: Action
    reset: Link
    title: str = "Sign in"


@dataclass(frozen=True)
class Held:
    """A responsibility that the programme knows, as told at set-up and on People."""

    key: str  # "isms_manager"
    title: str  # "ISMS manager"
    does: str  # "owns 4 steps, approves PLAN and CHECK"
    holders: tuple[Who, ...] = ()


@dataclass(frozen=True)
class Setup:
    """setup.html: first run, reached by the one-time link. The form's fields come in groups."""

    setup: Action
    responsibilities: tuple[Held, ...]  # for writing the people's lines
    example: str  # two or three lines of people, ready to copy
    title: str = "Set up your ISMS"


@dataclass(frozen=True)
class Invitation:
    """invitation.html: choose a password by a single-use link; also after a reset. `form` None: the link is spent."""

    who: str  # "Dana Weber"; "" when the link is spent or unknown
    form: Action | None  # with the mail address as a readonly field, for password managers
    until: datetime | None
    says: str = ""  # when spent: what to do next
    title: str = "Choose your password"


@dataclass(frozen=True)
class ResetRequest:
    """reset_request.html: ask for a link. What is said afterwards is the same for known and unknown addresses."""

    form: Action | None  # None: it was sent, `says` tells
    says: str = ""
    title: str = "Forgot your password?"


@dataclass(frozen=True)
class PersonLine:
    """One person in the list of people."""

    who: Who
    mail: str
    role: str
    responsibilities: tuple[str, ...]
    deputy: Who | None
    state: str  # "active", "invited", "deactivated"
    seen: datetime | None  # last signed in


@dataclass(frozen=True)
class People:
    """people.html: who has an account, who holds what, and what nobody holds."""

    people: Listing[PersonLine]  # columns: name, role, responsibilities, deputy, state, last signed in
    held: tuple[Held, ...]
    invite: Action | None = None
    csv: Action | None = None  # many at once
    problems: tuple[Problem, ...] = ()
    title: str = "People"


@dataclass(frozen=True)
class HeldBy:
    """A responsibility as one person holds it."""

    title: str
    since: datetime
    by: Who  # who granted it
    note: str = ""  # "granted after the PLAN gate opened: doesn't count for it"
    remove: Action | None = None  # or why not: "last ISMS manager: name a successor first"


@dataclass(frozen=True)
class Delegation:
    """One hop, dated: who decides for whom."""

    of: Who
    to: Who
    since: datetime
    until: datetime
    state: str
    reason: str = ""
    end: Action | None = None


@dataclass(frozen=True)
class Token:
    """A link or API token of this person, never the secret itself."""

    what: str  # "invitation", "API token: nightly export"
    state: str
    made: datetime
    until: datetime
    revoke: Action | None = None


@dataclass(frozen=True)
class Person:
    """person.html: one person's account, roles, responsibilities, deputy and delegations."""

    title: str  # the name
    state: str
    facts: tuple[Fact, ...]  # mail, access role, zone, account ends on, last signed in
    responsibilities: tuple[HeldBy, ...]
    delegations: tuple[Delegation, ...]
    history: tuple[HistoryEntry, ...]
    deputy: Who | None = None
    tokens: tuple[Token, ...] = ()
    link: str = ""  # an invitation just made, shown once to be handed over
    actions: tuple[Action, ...] = ()  # grant, role, deputy, delegate, invite anew, deactivate
    problems: tuple[Problem, ...] = ()
    secret: str = ""  # an API token just made, shown once to whom it is for
    done: tuple[HistoryEntry, ...] | None = None  # what they did last; None to everybody but themselves
