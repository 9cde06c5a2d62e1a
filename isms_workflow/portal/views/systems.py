"""The register of information systems, and what it says of one."""

from __future__ import annotations

from dataclasses import dataclass

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.parts import Fact, HistoryEntry, Link, Listing, Who


@dataclass(frozen=True)
class SystemLine:
    """One system in the register."""

    link: Link  # its name, and its page
    owner: Who
    confidentiality: str  # "low", "medium", "high"
    integrity: str
    availability: str
    data: str  # "internal, personal"
    description: str = ""
    state: str = "in use"  # "retired"


@dataclass(frozen=True)
class Register:
    """systems.html: what the organisation runs, who answers for it, what it needs."""

    systems: Listing[SystemLine]  # columns: name, owner, three needs, data
    actions: tuple[Action, ...] = ()  # add one, import many; or why not
    problems: tuple[Problem, ...] = ()
    title: str = "Register of systems"


@dataclass(frozen=True)
class SystemEntry:
    """registered.html: one system, with its history."""

    title: str  # its name
    state: str  # "in use", "retired"
    description: str
    owner: Who
    facts: tuple[Fact, ...]  # three needs, data, in the register since
    history: tuple[HistoryEntry, ...]
    actions: tuple[Action, ...] = ()  # change, retire; or why not
    problems: tuple[Problem, ...] = ()
