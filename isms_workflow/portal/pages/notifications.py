"""How the reader wants to be told: by which way, after how long, of what, and when not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.messages import MAIL
from isms_workflow.domain.notification import WHATS, Quiet, Rule, What, Wishes
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, wishes
from isms_workflow.engine.commands import notifications as commands
from isms_workflow.engine.mailing import ways
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.dates import hour
from isms_workflow.portal.visit import Form, Reader, Sender, Visit

router = APIRouter(prefix="/notifications", route_class=Route)
MENU = "People"
READS = "Your access role reads; nothing is asked of you that a rule could hold back."


@router.get("")
def show(visit: Reader) -> Response:
    """The reader's own rules; nobody sees another's."""
    with visit.portal.store.read() as conn:
        page = _page(conn, visit)
    return visit.page("notifications.html", page, MENU)


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.Notifications, str]:  # noqa: ARG001 - pages are called alike
    """The page, for a form on it that was refused: template, view, menu entry."""
    return "notifications.html", _page(conn, visit), MENU


def _page(conn: Connection, visit: Visit) -> v.Notifications:
    chosen, known = _chosen(conn, visit), _ways(visit)
    why = "" if visit.may(Action.WRITE) else READS
    choices = tuple(v.Choice(name, name) for name in (MAIL, *known))
    add = v.Action("add", "Add a rule", "/notifications/add", (
        v.Field("channel", "By", "select", value=MAIL, required=True, choices=choices),
        v.Field("delay", "After so many minutes", "number", "0: at once. What is answered meanwhile isn't sent.", "0", required=True),
        v.Field("what", "Of", "select", value="all", required=True, choices=tuple(v.Choice(k, said) for k, said in WHATS.items()))),
        why_not=why, then="Every rule that fits a message sends it. The first rule replaces “by mail, at once, of everything”.")
    quiet = chosen.quiet
    hours = v.Action("hours", "Set the quiet hours", "/notifications/quiet", (
        v.Field("quiet_from", "From", hint=f"Hours and minutes on your wall ({visit.person.zone}), e.g. 22:00; empty: none.",
                value=wishes.clock(quiet.begins) if quiet else ""),
        v.Field("quiet_until", "Until", hint="E.g. 07:00.", value=wishes.clock(quiet.ends) if quiet else "")),
        why_not=why, then="What comes meanwhile leaves at their end. Critical incidents and what a law asks come all the same.")
    return v.Notifications(
        tuple(_line(number, rule, bool(why)) for number, rule in enumerate(chosen.rules)),
        f"{wishes.clock(quiet.begins)} to {wishes.clock(quiet.ends)}, {visit.person.zone}" if quiet else "", add, hours, known)


def _line(number: int, rule: Rule, reads: bool) -> v.RuleLine:
    minutes = int(rule.delay.total_seconds()) // 60
    after = "at once" if not minutes else "after 1 minute" if minutes == 1 else f"after {minutes:,} minutes"
    hidden = (("channel", rule.channel), ("delay", str(minutes)), ("what", rule.what))
    remove = None if reads else v.Action(f"remove-{number}", "Remove", "/notifications/remove", hidden=hidden)
    return v.RuleLine(rule.channel, after, WHATS[rule.what], remove)


@router.post("/add")
def add(visit: Sender, form: Form) -> Response:
    """One rule more."""
    rule = _rule(form.text("channel"), form.number("delay"), form.text("what"))
    return _change(visit, lambda chosen: replace(chosen, rules=(*chosen.rules, rule)), "The rule holds from now on.")


@router.post("/remove")
def remove(visit: Sender, form: Form) -> Response:
    """One rule less; without any it is mail at once."""
    rule = _rule(form.text("channel"), form.number("delay"), form.text("what"))
    return _change(visit, lambda chosen: replace(chosen, rules=tuple(r for r in chosen.rules if r != rule)), "The rule is gone.")


@router.post("/quiet")
def quiet(visit: Sender, form: Form) -> Response:
    """Quiet hours, or none."""
    begins, ends = hour(form.text("quiet_from"), "quiet_from"), hour(form.text("quiet_until"), "quiet_until")
    if (begins is None) != (ends is None):
        raise Wrong("quiet_from" if begins is None else "quiet_until", "", "both hours, or neither for no quiet hours")
    found = Quiet(begins, ends) if begins is not None and ends is not None else None
    return _change(visit, lambda chosen: replace(chosen, quiet=found), "Your quiet hours are set." if found else "You have no quiet hours.")


def _change(visit: Visit, changed: Callable[[Wishes], Wishes], done: str) -> Response:
    visit.require(Action.WRITE, "Choosing how you are told")
    with visit.portal.store.write() as tx:
        new = changed(_chosen(tx, visit))
        commands.choose(tx, visit.person.id, new.rules, new.quiet, _ways(visit), visit.actor, When.at(visit.now))
    return visit.go("/notifications", done)


def _chosen(conn: Connection, visit: Visit) -> Wishes:
    return offices.standing(conn, visit.now).wishes.get(visit.person.id) or Wishes((), None, visit.person.zone)


def _ways(visit: Visit) -> tuple[str, ...]:
    return ways.names(visit.portal.settings, visit.session.email if visit.session else "")


def _rule(channel: str, minutes: int | None, what: str) -> Rule:
    if what not in WHATS:
        raise Wrong("what", what, f"one of {', '.join(WHATS)}")
    if minutes is None:
        raise Wrong("delay", "", "minutes from 0 to 1440")
    found: What = what  # type: ignore[assignment]  # it is one of them
    return Rule(channel, timedelta(minutes=minutes), found)
