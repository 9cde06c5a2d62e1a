"""What each notice about a corrective action says."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from isms_workflow.notify.facts import Line, Names, OfCase, Text, Waiting


class OfAction(OfCase):
    """What it is about, who answers for it, and how it stands when the mail leaves. `title` is `(erased)` once it is."""

    title: Line
    owner: Line
    stands: Line
    reason: Text = ""


class ActionIneffective(OfAction):
    """To its owner, whoever opened it, the ISMS manager: a check found it not effective, the `failed`-th to do so."""

    by: Line
    at: AwareDatetime
    failed: int
    referred: bool
    yours: bool


class ActionReferred(OfAction, Waiting):
    """To top management: it wasn't effective again, and they say how it goes on."""

    by: Line
    failed: int
    waits_for: Names


class ActionEnded(OfAction):
    """To its owner, whoever opened it, the ISMS manager and top management: how it ended."""

    how: Literal["effective", "accepted", "cancelled"]
    by: Line
    at: AwareDatetime


class ActionUncheckable(OfAction):
    """To the ISMS manager and top management: its check is due, and everybody who could do it had part in it."""

    responsibility: Line
    at: AwareDatetime


class ActionHandedOver(OfAction):
    """To whoever answered for it, and to whoever does now (`yours`)."""

    before: Line
    after: Line
    yours: bool
    by: Line
    at: AwareDatetime
