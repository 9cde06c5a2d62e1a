"""Who may do and see what: four roles, three labels. Both must allow; what isn't said is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from isms_workflow.domain.people import Person
from isms_workflow.domain.refusals import Unknown
from isms_workflow.errors import IsmsError


class Action(StrEnum):
    """What a role may do. Writing also needs the responsibility that the machine's rule names.

    To report an incident is everybody's: the one thing that guests and auditors write.
    """

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    ADMIN = "admin"
    AUDIT = "audit"
    REPORT = "report"


class Label(StrEnum):
    """How widely a case or a file may be seen, from wide to narrow."""

    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


ROLES: Mapping[str, frozenset[Action]] = {
    "admin":   frozenset({Action.READ, Action.WRITE, Action.DELETE, Action.ADMIN, Action.REPORT}),
    "user":    frozenset({Action.READ, Action.WRITE, Action.REPORT}),
    "auditor": frozenset({Action.READ, Action.AUDIT, Action.REPORT}),
    "guest":   frozenset({Action.READ, Action.REPORT}),
}

SEE_CONFIDENTIAL = frozenset({"admin", "auditor"})
"""Roles that see what is confidential without being people of the case."""


class NotPermitted(IsmsError):
    """The person's access role doesn't allow it."""

    status = 403

    def __init__(self, role: str, action: str, what: str) -> None:
        super().__init__(role, action, what)
        self.role, self.action, self.what = role, action, what

    def __str__(self) -> str:
        able = ", ".join(role for role in ROLES if permits(role, self.action)) or "nobody"
        lacking = f"takes the right to {self.action}, which role {self.role} doesn't have"
        return f"{self.what} {lacking}; roles that do: {able}."


class NotShown(IsmsError):
    """It is confidential, and the person is neither of the case nor of a role that sees such things."""

    status = 403

    def __init__(self, what: str, name: str) -> None:
        super().__init__(what, name)
        self.what, self.name = what, name

    def __str__(self) -> str:
        return (
            f"{self.what.capitalize()} {self.name} is confidential: it is shown to the people of its case "
            f"and to roles {' and '.join(sorted(SEE_CONFIDENTIAL))}."
        )


def permits(role: str, action: str) -> bool:
    """Whether an access role has this right; False for a role or a right that nobody defined."""
    return action in ROLES.get(role, frozenset())


def strictest(*labels: str) -> str:
    """The narrowest of some labels: a file is never seen more widely than its case. Raises `ValueError`."""
    order = list(Label)
    return max((Label(label) for label in labels), key=order.index)


def may_see(person: Person, label: str, is_case_person: bool) -> bool:
    """Whether somebody may see a case or a file under this label; False for an unknown label or role."""
    if not person.active or not permits(person.role, Action.READ):
        return False
    if is_case_person and label in list(Label):
        return True
    if label == Label.CONFIDENTIAL:
        return person.role in SEE_CONFIDENTIAL
    return label == Label.INTERNAL


def require(person: Person, action: Action, what: str) -> None:
    """Nothing, or `NotPermitted`; `what` begins the refusal's sentence, e.g. `Opening the access log`."""
    if not (person.active and permits(person.role, action)):
        raise NotPermitted(person.role, action, what)


def require_sight(person: Person, label: str, is_case_person: bool, what: str, name: str) -> None:
    """Nothing, or a refusal; one of something restricted reads like that of something that isn't there.

    `name` is what the person asked by, never what the record says: it stands in the sentence.
    """
    if may_see(person, label, is_case_person):
        return
    if label == Label.CONFIDENTIAL and person.active:
        raise NotShown(what, name)
    raise Unknown(what, name)
