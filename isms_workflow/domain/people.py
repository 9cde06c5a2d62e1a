"""Who holds what: responsibilities, deputies and dated delegations, as they are at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

ISMS_MANAGER = "isms_manager"
TOP_MANAGEMENT = "top_management"
INCIDENT_RESPONDER = "incident_responder"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, which may end on a date; names stay outside the domain."""

    id: str
    role: str
    zone: str
    active: bool
    ends: datetime | None = None

    @property
    def may_write(self) -> bool:
        """Whether the access role lets them owe steps and decide gates."""
        return self.active and self.role in ("admin", "user")


@dataclass(frozen=True, slots=True)
class Holding:
    """One responsibility in one person's hands."""

    responsibility: str
    person: str
    granted_at: datetime
    granted_by: str


@dataclass(frozen=True, slots=True)
class Deputy:
    """Who stands in for a person's steps, and who named them; until `ended`, if it has."""

    person: str
    deputy: str
    named_by: str
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delegation:
    """Authority to decide for somebody, from `starts` until before `ends`; one hop."""

    person: str
    delegate: str
    starts: datetime
    ends: datetime
    given_by: str


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody is on call whoever's turn it is, from `starts` until before `ends`."""

    id: str
    rotation: str
    person: str
    starts: datetime
    ends: datetime
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """In which order people take turns in a row of a rotation, from the first hand-over after `set_at` on.

    Of two that were set at one instant the one with the greater `id` is the later: ids are made in the order of time.
    """

    id: str
    row: str
    people: tuple[str, ...]
    set_at: datetime


@dataclass(frozen=True)
class Directory:
    """All people in office. `holdings` are in the order in which they were granted; `addresses` give people's ids by
    their mail addresses in small letters, for a programme that names single persons.
    """

    people: Mapping[str, Person]
    holdings: tuple[Holding, ...] = ()
    deputies: tuple[Deputy, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    former_deputies: tuple[Deputy, ...] = ()
    overrides: tuple[Override, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    on_duty: dict[str, tuple[object, datetime, str | None]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Who was on call when a rotation was asked last (`domain.on_call`): a batch asks of one instant hundreds of times."""

    @cached_property
    def _held(self) -> dict[str, tuple[Holding, ...]]:
        found: dict[str, tuple[Holding, ...]] = {}
        for each in self.holdings:
            person = self.people.get(each.person)
            if person and person.may_write:
                found[each.responsibility] = (*found.get(each.responsibility, ()), each)
        return found

    def holdings_of(self, responsibility: str) -> tuple[Holding, ...]:
        """The holdings of active people, first granted first."""
        return self._held.get(responsibility, ())

    def holders(self, responsibility: str) -> tuple[str, ...]:
        """The active people who hold it, first named first."""
        return tuple(each.person for each in self.holdings_of(responsibility))

    def holds(self, person: str, responsibility: str) -> bool:
        """Whether an active person holds it."""
        return person in self.holders(responsibility)

    def owner(self, responsibility: str) -> str | None:
        """Whom a step of this responsibility belongs to: the first holder, else the first ISMS manager."""
        return next(iter((*self.holders(responsibility), *self.holders(ISMS_MANAGER))), None)

    def deputies_of(self, person: str, responsibility: str) -> tuple[str, ...]:
        """Who stands in for an owner: the named deputy first, then the other holders."""
        named = tuple(d.deputy for d in self.deputies if d.person == person and self.is_active(d.deputy))
        others = tuple(p for p in self.holders(responsibility) if p != person and p not in named)
        return named + others

    def principals(self, delegate: str, now: datetime) -> tuple[Delegation, ...]:
        """The delegations under which somebody may decide for others at `now`."""
        return tuple(d for d in self.delegations if d.delegate == delegate and d.starts <= now < d.ends)

    def is_active(self, person: str) -> bool:
        """Whether they have an account in use that lets them act."""
        found = self.people.get(person)
        return bool(found and found.may_write)

    def person_at(self, address: str) -> str | None:
        """Whoever has this mail address, if their account is in use."""
        found = self.people.get(self.addresses.get(address.lower(), ""))
        return found.id if found and found.active else None

    def missing(self, needed: frozenset[str]) -> tuple[str, ...]:
        """The responsibilities of `needed` that nobody in office holds."""
        return tuple(sorted(name for name in needed if not self.holders(name)))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through what: a person's id, or an agent such as `clock`; channel portal, api, cli, flow …"""

    id: str
    channel: str = "portal"
