"""What a page lets one do: actions, their fields, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

FieldKind = Literal[
    "text", "email", "password", "search", "date", "datetime-local", "number", "textarea", "select", "checkbox",
    "checkboxes", "radios", "file",
]  # fmt: skip
Typed = str | tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """One option of a select, of checkboxes or of radios."""

    value: str  # what is posted
    label: str  # what is read
    hint: str = ""  # said under the label; selects don't show it


@dataclass(frozen=True)
class Field:
    """One input with its label. Its id on the page is `<action.key>-<name>`."""

    name: str  # posted under this name
    label: str  # above the input; a full noun, no colon
    kind: FieldKind = "text"
    hint: str = ""  # under the label: what would be right, with an example
    value: Typed = ""  # shown at first, replaced by what was typed; never shown in passwords and files
    required: bool = False
    readonly: bool = False  # shown, not to be changed; the server doesn't believe it either
    choices: tuple[Choice, ...] = ()  # of select, checkboxes, radios; suggestions of a text
    autocomplete: str = ""  # the HTML token, e.g. "current-password"
    accept: str = ""  # of a file: the HTML accept list
    multiple: bool = False  # of a file: several may be chosen
    group: str = ""  # legend of the fieldset that this field and its neighbours share
    error: str = ""  # a sentence: what was wrong, what would be right

    def chosen(self, value: str) -> bool:
        """Whether this option is ticked or selected."""
        return value in ((self.value,) if isinstance(self.value, str) else self.value)


@dataclass(frozen=True)
class Problem:
    """One line of the error summary."""

    message: str  # a sentence
    anchor: str = ""  # id of the field it leads to; empty: about the form as a whole


@dataclass(frozen=True)
class Action:
    """Something the machine and the reader's rights allow (or why not): a form with one button.

    After a refused POST the route shows the same page with `replace(action, typed=…, errors=…)`:
    nothing typed is lost, and the fields say what was wrong.
    """

    key: str  # unique on its page, a word fit for an id: "complete", "extend"
    label: str  # the button's words: what will happen, e.g. "Approve PLAN"
    url: str  # where the form posts to
    fields: tuple[Field, ...] = ()
    main: bool = False  # the page's one main action
    danger: bool = False  # ends or refuses something
    why_not: str = ""  # not possible now, because …; shown instead of the button
    reason_required: bool = False  # adds a "Reason" field, posted as `reason`
    then: str = ""  # what happens then, and whether it can be undone; said before the button
    version: str = ""  # of the row shown; posted as `version`
    hidden: tuple[tuple[str, str], ...] = ()  # other hidden fields, name and value
    typed: Mapping[str, Typed] = field(default_factory=dict)  # what was posted, by field name
    errors: Mapping[str, str] = field(default_factory=dict)  # by field name; "" is the form as a whole

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The fields with what was typed and what was wrong with it; the reason last."""
        fields = self.fields + ((REASON,) if self.reason_required else ())
        return tuple(
            replace(each, value=self.typed.get(each.name, each.value), error=self.errors.get(each.name, each.error))
            for each in fields
        )

    @property
    def groups(self) -> tuple[tuple[str, tuple[Field, ...]], ...]:
        """The inputs by legend, in their order; an empty legend means no fieldset."""
        return tuple((legend, tuple(fields)) for legend, fields in groupby(self.inputs, key=lambda each: each.group))

    @property
    def uploads(self) -> bool:
        """Whether the form carries a file and so must be sent as multipart."""
        return any(each.kind == "file" for each in self.fields)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The lines of the error summary that this form gives rise to."""
        whole = (Problem(self.errors[""]),) if self.errors.get("") else ()
        return whole + tuple(Problem(each.error, f"{self.key}-{each.name}") for each in self.inputs if each.error)


REASON = Field("reason", "Reason", kind="textarea", required=True, hint="Kept in the history, for the auditor to read.")


def problems(*actions: Action | None) -> tuple[Problem, ...]:
    """The error summary of a page with these forms, in their order."""
    return tuple(problem for action in actions if action for problem in action.problems)
