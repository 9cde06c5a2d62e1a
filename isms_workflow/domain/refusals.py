"""Why a command is refused: sentences with data. A refusal writes nothing to the chain."""

from __future__ import annotations

from isms_workflow.errors import IsmsError


class NotAllowed(IsmsError):
    """No rule of the machine leads on from this state by this event."""

    status = 409

    def __init__(self, what: str, event: str, state: str, possible: tuple[str, ...]) -> None:
        super().__init__(what, event, state, possible)  # every argument, so that it survives pickling
        self.what, self.event, self.state, self.possible = what, event, state, possible

    def __str__(self) -> str:
        now = ", ".join(self.possible) or "nothing"
        return f"{self.what} is {self.state}: cannot {self.event}; possible now: {now}."


class Moved(IsmsError):
    """Somebody was quicker: the row is no longer the one that was shown."""

    status = 409

    def __init__(self, what: str, seen: int | None, now: int | None) -> None:
        super().__init__(what, seen, now)
        self.what, self.seen, self.now = what, seen, now

    def __str__(self) -> str:
        return (
            f"{self.what} changed since you looked (you saw version {self.seen}, it is at {self.now}): "
            "look again, then decide anew."
        )


class DigestChanged(IsmsError):
    """What would be approved is not what was shown."""

    status = 409

    def __init__(self, what: str, shown: str, now: str) -> None:
        super().__init__(what, shown, now)
        self.what, self.shown, self.now = what, shown, now

    def __str__(self) -> str:
        return (
            f"What {self.what} covers changed since you looked (shown {self.shown[:12]}, now {self.now[:12]}): "
            "read it again, then decide."
        )


class NotYours(IsmsError):
    """The person isn't the one the rule names."""

    status = 403

    def __init__(self, what: str, event: str, needed: str) -> None:
        super().__init__(what, event, needed)
        self.what, self.event, self.needed = what, event, needed

    def __str__(self) -> str:
        return f"You can't {self.event} {self.what}: that takes {self.needed}."


class Conflicted(IsmsError):
    """The person did, evidenced or waived what would be approved, or was named by somebody who did."""

    status = 403

    def __init__(self, what: str, why: str) -> None:
        super().__init__(what, why)
        self.what, self.why = what, why

    def __str__(self) -> str:
        return f"You can't decide {self.what}: {self.why}. Somebody who had no part in the work decides."


class AlreadyDecided(IsmsError):
    """One natural person counts once a gate, round and digest."""

    status = 409

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"You have decided {self.what} already in this round; one person counts once."


class ReasonNeeded(IsmsError):
    """The decision isn't a plain yes, and says no reason."""

    status = 422

    def __init__(self, event: str) -> None:
        super().__init__(event)
        self.event = event

    def __str__(self) -> str:
        return f"To {self.event} takes a reason: say in a sentence or two why."


class Missing(IsmsError):
    """Something that must be there first isn't."""

    status = 422

    def __init__(self, what: str, missing: str) -> None:
        super().__init__(what, missing)
        self.what, self.missing = what, missing

    def __str__(self) -> str:
        return f"{self.what} can't be done yet: {self.missing}."


class Wrong(IsmsError):
    """A field holds something that can't be."""

    status = 422

    def __init__(self, field: str, value: str, right: str) -> None:
        super().__init__(field, value, right)
        self.field, self.value, self.right = field, value, right

    def __str__(self) -> str:
        return f"{self.field}: {self.value!r} can't be; {self.right}."


class Unknown(IsmsError):
    """Nothing of that name, or nothing that may be seen."""

    status = 404

    def __init__(self, what: str, name: str) -> None:
        super().__init__(what, name)
        self.what, self.name = what, name

    def __str__(self) -> str:
        return f"No {self.what} {self.name!r} was found."


class Frozen(IsmsError):
    """A passed gate covers it: a correction reopens the step by a recorded decision."""

    status = 409

    def __init__(self, what: str, gate: str) -> None:
        super().__init__(what, gate)
        self.what, self.gate = what, gate

    def __str__(self) -> str:
        return f"{self.what} is covered by the passed gate {self.gate}: to correct it, reopen the step with a reason."


class LastInOffice(IsmsError):
    """Without this person nobody would hold what must always be held."""

    status = 409

    def __init__(self, who: str, office: str) -> None:
        super().__init__(who, office)
        self.who, self.office = who, office

    def __str__(self) -> str:
        return (f"{self.who} is the last {self.office}: name a successor first, "
                "somebody whose account doesn't end on a date.")
