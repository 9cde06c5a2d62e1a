"""Who is on call as the page shows it."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from isms_workflow.portal.pages.on_call import NONE
from tests.portal.cast import ARON, LUCIA, YOU, at, entry

END = v.Action("end-first_line-1", "End the cover", "/on-call/covers/1/return")
COVER = v.Action("cover-first_line", "Cover a shift", "/on-call/first_line/cover", (
    v.Field("person", "On call", "select", required=True, choices=(v.Choice("3", "Aron Novak"), v.Choice("6", "Ines Haddad"))),
    v.Field("starts", "From", "datetime-local", required=True), v.Field("ends", "Until", "datetime-local", required=True)),
    reason_required=True, then="They are told, and so is whoever has their turn in that time.")
DUTIES = (
    v.Duty("First line", at(-2), at(1), ARON), v.Duty("First line", at(1), at(3), YOU, ARON, END),
    v.Duty("First line", at(3), at(5), ARON, layer="Weekend"), v.Duty("First line", at(5), at(12), None),
    v.Duty("First line", at(12), at(28), LUCIA),
)
TURNS = v.Turns(
    "first_line", "First line", "Whoever holds the responsibility Incident responder takes turns of 7 days, handed over at "
    "09:00 (Europe/Berlin).", DUTIES[0], DUTIES[1], DUTIES,
    (("Nobody is on call from Sat 14 Mar 2026 09:00 CET to Sat 21 Mar 2026 09:00 CET: Sofia Marchetti was to cover, and can't act "
     "any more. In that time a ladder's level tells the others that it names, at its instant; where it names nobody else, the "
     "next level is told at once."),), COVER,
    (v.Duty("First line", at(150), at(155), ARON, end=v.Action("end-first_line-2", "End the cover", "/on-call/covers/2/return")),), (
        v.Row("Weekend", "Whoever holds the responsibility Control owner takes turns of 7 days, on Saturday, Sunday from 08:00 to 20:00.", (
            v.Place(LUCIA),)),
        v.Row("First line", "Whoever holds the responsibility Incident responder takes turns of 7 days.", (
            v.Place(ARON, down=v.Action("down-1", "Move down", "/on-call/order")),
            v.Place(YOU, up=v.Action("up-2", "Move up", "/on-call/order")))),
        v.Row("Night", "Whoever holds the responsibility Risk owner takes turns of 7 days.", ()),
    ), (("First line, Weekend: Lucía Prado may not acknowledge an incident, which takes the responsibility Incident responder, ISMS "
         "manager or Top management."),))
ON_CALL = v.OnCall((TURNS,), (DUTIES[1],), (
    entry(812, at(-1), ARON, "put Ines Haddad on call from Tue 10 Mar 2026 09:00 CET until Thu 12 Mar 2026 09:00 CET", reason="leave"),))
REFUSED = replace(COVER, typed={"person": "3", "starts": "2026-03-12T09:00", "ends": "2026-03-11T09:00", "reason": "leave"},
                  errors={"ends": "ends: '2026-03-11 09:00' can't be; it ends after it starts, and after now."})
ON_CALL_REFUSED = v.OnCall((replace(TURNS, cover=REFUSED, gaps=()),), (), problems=v.problems(REFUSED))
NO_ROTATION = v.OnCall((), (), (), NONE)

RULE = v.Action("add", "Add a rule", "/notifications/add", (
    v.Field("channel", "By", "select", required=True, choices=(v.Choice("mail", "mail"), v.Choice("chat", "chat"))),
    v.Field("delay", "After so many minutes", "number", "0: at once.", "0"),
    v.Field("what", "Of", "select", choices=(v.Choice("all", "everything"),))), then="Every rule that fits a message sends it.")
HOURS = v.Action("hours", "Set the quiet hours", "/notifications/quiet", (v.Field("quiet_from", "From"), v.Field("quiet_until", "Until")))
NOTIFICATIONS = v.Notifications((
    v.RuleLine("mail", "at once", "everything", v.Action("remove-0", "Remove", "/notifications/remove")),
    v.RuleLine("chat", "after 10 minutes", "only what is critical", v.Action("remove-1", "Remove", "/notifications/remove"))),
    "22:00 to 07:00, Europe/Berlin", RULE, HOURS, ("chat",))
BY_MAIL = v.Notifications((), "", replace(RULE, why_not="Your access role reads."), replace(HOURS, why_not="Your access role reads."))
