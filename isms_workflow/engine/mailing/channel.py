"""Ways to people: turns queued notices into letters at the instant at which they leave, and hands them over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from isms_workflow.domain.effects import Answer, Carried, EffectError, Elsewhere, Held, Refused, Unsent
from isms_workflow.domain.flood import Dealt, deal
from isms_workflow.domain.messages import MAIL
from isms_workflow.domain.notification import FLOOD, needless
from isms_workflow.domain.times import iso
from isms_workflow.engine import mail_links, programmes
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mail_links import Made
from isms_workflow.engine.mailing import (
    many,
    of_account,
    of_action,
    of_case,
    of_incident,
    of_on_call,
    of_report,
    of_wait,
)
from isms_workflow.engine.mailing.look import Look
from isms_workflow.errors import IsmsError
from isms_workflow.notify.digest import shared_key, together
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.notify.notices import WrongFacts, address, render
from isms_workflow.store.database import DatabaseGone, Store, Transaction

TO_WHOM_IT_ENDS = frozenset({"deactivated"})
"""Notices that also go to somebody whose account is not in use any more."""

WHATEVER_THE_LABEL = of_incident.REPORTERS
"""Notices that also go to somebody who may not see the case: they say nothing of it that isn't theirs."""

FACTS = {**of_case.FACTS, **of_wait.FACTS, **of_incident.FACTS, **of_account.FACTS, **of_on_call.FACTS, **of_action.FACTS,
         **of_report.FACTS}
"""By notice: what its template is filled with."""


class Post(Protocol):
    """What carries letters: the organisation's SMTP server, or a folder."""

    def send_many(self, letters: Iterable[Letter]) -> Iterator[Delivery | EffectError]:
        """The outcome of each letter, in order."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Some effects, and the one letter that they become; or why there is none."""

    effects: tuple[Effect, ...]
    letter: Letter | EffectError
    link: Made | None = None
    bundled: bool = False

    @property
    def key(self) -> str:
        """The letter's; several effects may share it."""
        return self.letter.key if isinstance(self.letter, Letter) else self.effects[0].key


def anybody(_email: str) -> bool:
    """Mail is open to everybody."""
    return True


class NoticeChannel:
    """Carries notices to people by one way. What somebody may not see, or can't get any more, is `Unsent`, and says why.

    `is_open_to` says whether the settings give the way to whoever has a mail address. Links that act without signing in
    go by mail alone: other ways are read by more people than one.
    """

    batch = 50

    def __init__(self, name: str, store: Store, post: Post, public_url: str,
                 is_open_to: Callable[[str], bool] = anybody) -> None:
        self.name, self._store, self._post, self._public_url, self._is_open_to = name, store, post, public_url, is_open_to

    def carry(self, effects: Sequence[Effect], now: datetime) -> list[Answer]:
        """As `Channel.carry`: several notices of one sort about one case to one person are one letter."""
        with self._store.read() as conn:
            look = Look(conn, now)
            dropped = [draft for each in effects if each.held != FLOOD and (draft := _dropped(look, each))]
            wanted = {effect.id for effect in effects} - {draft.effects[0].id for draft in dropped}
            drafts = [*dropped, *self._dealt(look, [effect for effect in effects if effect.id in wanted])]
        answers: dict[str, Answer] = {}
        letters = [draft.letter for draft in drafts if isinstance(draft.letter, Letter)]
        self._write(mail_links.keep, [draft.link for draft in drafts if draft.link])  # before anybody can press one
        outcomes, stayed = self._post.send_many(letters), []
        for draft in drafts:
            answer = draft.letter if isinstance(draft.letter, EffectError) else next(outcomes)
            said = answer if isinstance(answer, EffectError) else Carried(
                answer.answer, answer.delivered, draft.key, draft.bundled)
            answers |= {effect.id: said for effect in draft.effects}
            stayed += [draft.link] if draft.link and isinstance(said, EffectError) else []
        self._write(mail_links.take_back, stayed)
        return [answers[effect.id] for effect in effects]

    def told_together(self, conn: Connection, effects: Sequence[Effect], now: datetime) -> Collection[str]:
        """The people to whom one letter would tell of several of these effects, because there is very much for them."""
        return {_person(each[0]) for each in self._deal(conn, effects, now).together}

    def _deal(self, conn: Connection, effects: Sequence[Effect], now: datetime) -> Dealt[Effect]:
        rule, persons = programmes.flood(conn), {_person(effect) for effect in effects}
        return deal(together(effects), _person, _urgency, many.past(conn, self.name, persons, rule, now), rule, now)

    def _write(self, deed: Callable[[Transaction, Sequence[Made]], None], links: Sequence[Made]) -> None:
        if links:
            with self._store.write() as tx:
                deed(tx, links)

    def _dealt(self, look: Look, effects: Sequence[Effect]) -> Iterator[Draft]:
        """What leaves by itself, what together, and what waits, because there is very much for one person."""
        found = self._deal(look.conn, effects, look.now)
        look.expect(effect.case for group in found.alone for effect in group)
        for group in found.alone:
            yield from self._drafts(look, group)
        for each in found.together:
            yield from self._bundle(look, each)
        for group, until in found.held:
            yield Draft(group, Held(until))

    def _bundle(self, look: Look, effects: tuple[Effect, ...]) -> Iterator[Draft]:
        """One letter that names the first of very many messages, and counts the others."""
        shown, stay, more = many.listed(effects, lambda each: self._written(look, each))
        yield from (Draft((effect,), answer) for effect, answer in stay)
        if len(shown) == 1 and not more:
            yield from (replace(draft, bundled=True) for draft in self._drafts(look, (shown[0][0],)))  # the next one waits
            return
        told = tuple(each for each in effects if each.id not in {effect.id for effect, _ in stay})
        if not shown:
            return
        first = shown[0][1]
        facts = many.facts(shown, more, told)
        mail = render("flood", facts, first.to, look.now, self._public_url, look.organisation, ("URGENT",) if facts["urgent"] else ())
        letter = Letter(shared_key(told), first.to, mail, any(each.sensitive for each in told), "flood", "",
                        address("flood", "/", self._public_url), any(each.discreet for _, each in shown), told[0].urgency)
        yield Draft(told, letter, bundled=True)

    def _written(self, look: Look, effect: Effect) -> Letter:
        """The letter that one message would be, without a link that acts. Raises `EffectError` if it can't be written."""
        draft = self._draft(look, (effect,), links=False)
        if isinstance(draft.letter, EffectError):
            raise draft.letter
        return draft.letter

    def _drafts(self, look: Look, effects: tuple[Effect, ...]) -> list[Draft]:
        """One letter; if it can't be written, one for each effect, so that none suffers for another."""
        draft = self._draft(look, effects)
        if isinstance(draft.letter, Letter) or len(effects) == 1:
            return [draft]
        return [self._draft(look, (effect,)) for effect in effects]

    def _draft(self, look: Look, effects: tuple[Effect, ...], *, links: bool = True) -> Draft:
        """The letter; whatever can't be written is refused alone, so that it doesn't hold up the others."""
        try:
            if dropped := _dropped(look, effects[0]) if len(effects) == 1 else None:
                return dropped
            return self._letter(look, effects, links)
        except DatabaseGone:
            raise
        except EffectError as answer:
            return Draft(effects, answer)
        except IsmsError as error:
            return Draft(effects, Refused(str(error)))
        except Exception as error:  # noqa: BLE001 - a mistake in one notice must not stop every other mail
            return Draft(effects, Refused(f"It can't be written: {error!r}"))

    def _letter(self, look: Look, effects: tuple[Effect, ...], links: bool) -> Draft:
        first = effects[0]
        name, person = str(first.payload["notice"]), str(first.payload["to"])
        to = look.recipient(person, also_gone=name in TO_WHOM_IT_ENDS)
        if not self._is_open_to(to.email):
            raise Elsewhere(f"the settings give the way {self.name!r} to others")
        if first.sensitive and self.name != MAIL:
            raise Elsewhere("it carries a secret, which goes by mail alone")
        if first.case is not None and name not in WHATEVER_THE_LABEL and not look.sees(person, first.case):
            raise Unsent("its recipient may not see the case")
        notice, facts = self._facts(look, person, effects)
        marks = of_incident.marks(look, name, first.case)
        link = of_incident.link(look, person, effects[-1]) if links and self.name == MAIL else None
        if link:
            facts |= {"link": link.path, "once_until": iso(link.row["expires_at"])}
        mail = render(notice, facts, to, look.now, self._public_url, look.organisation, marks)
        key = first.key if len(effects) == 1 else shared_key(effects)
        case = look.view(first.case).case if first.case is not None else None
        return Draft(effects, Letter(key, to, mail, first.sensitive or link is not None, notice, case.reference if case else "",
                                     address(notice, str(facts["link"]), self._public_url), case is not None and case.label != "internal",
                                     first.urgency), link)

    def _facts(self, look: Look, person: str, effects: tuple[Effect, ...]) -> tuple[str, dict[str, Any]]:
        newest = {str(e.payload["about"].get("step") or e.payload["about"].get("gate")): e for e in effects}
        if len(newest) > 1:
            return "several", of_wait.several(look, person, list(newest.values()))
        name = str(effects[-1].payload["notice"])
        if name not in FACTS:
            raise WrongFacts(name, "there is no such notice", f"one of {', '.join(sorted(FACTS))}")
        return name, FACTS[name](look, person, effects[-1])


def _person(effect: Effect) -> str:
    return str(effect.payload["to"])


def _urgency(effect: Effect) -> str:
    """What carries a secret is told by itself, as if a law asked for it."""
    return "statutory" if effect.sensitive else effect.urgency


def _dropped(look: Look, effect: Effect) -> Draft | None:
    """What was held and is of no use any more; None for everything else, and for what can't be told."""
    if effect.held is None or effect.case is None:
        return None
    try:
        why = needless(look.view(effect.case), str(effect.payload["notice"]), dict(effect.payload["about"]))
    except IsmsError:
        return None  # it is said where it is written
    return Draft((effect,), Unsent(why)) if why else None


class MailChannel(NoticeChannel):
    """By mail, which is everybody's way unless they choose others."""

    def __init__(self, store: Store, post: Post, public_url: str) -> None:
        super().__init__(MAIL, store, post, public_url)
