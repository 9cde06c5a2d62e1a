"""The mail channel: turns queued notices into letters at the instant at which they leave, and hands them over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from isms_workflow.domain.effects import EffectError, Refused, Unsent
from isms_workflow.domain.messages import MAIL
from isms_workflow.domain.times import iso
from isms_workflow.engine import mail_links
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mail_links import Made
from isms_workflow.engine.mailing import of_account, of_case, of_incident, of_on_call, of_report, of_wait
from isms_workflow.engine.mailing.look import Look
from isms_workflow.errors import IsmsError
from isms_workflow.notify.digest import shared_key, together
from isms_workflow.notify.letters import Delivery, Letter
from isms_workflow.notify.notices import WrongFacts, render
from isms_workflow.store.database import DatabaseGone, Store, Transaction

TO_WHOM_IT_ENDS = frozenset({"deactivated"})
"""Notices that also go to somebody whose account is not in use any more."""

WHATEVER_THE_LABEL = of_incident.REPORTERS
"""Notices that also go to somebody who may not see the case: they say nothing of it that isn't theirs."""

FACTS = {**of_case.FACTS, **of_wait.FACTS, **of_incident.FACTS, **of_account.FACTS, **of_on_call.FACTS,
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


class MailChannel:
    """Carries notices to people. What somebody may not see, or can't get any more, is `Unsent`, and says why."""

    name = MAIL
    batch = 50

    def __init__(self, store: Store, post: Post, public_url: str) -> None:
        self._store, self._post, self._public_url = store, post, public_url

    def carry(self, effects: Sequence[Effect], now: datetime) -> list[EffectError | None]:
        """As `Channel.carry`: several notices of one sort about one case to one person are one letter."""
        with self._store.read() as conn:
            look = Look(conn, now)
            drafts = [draft for group in together(effects) for draft in self._drafts(look, tuple(group))]
        answers: dict[str, EffectError | None] = {}
        letters = [draft.letter for draft in drafts if isinstance(draft.letter, Letter)]
        self._write(mail_links.keep, [draft.link for draft in drafts if draft.link])  # before anybody can press one
        outcomes, stayed = self._post.send_many(letters), []
        for draft in drafts:
            answer = draft.letter if isinstance(draft.letter, EffectError) else next(outcomes)
            said = answer if isinstance(answer, EffectError) else None
            answers |= {effect.id: said for effect in draft.effects}
            stayed += [draft.link] if draft.link and said else []
        self._write(mail_links.take_back, stayed)
        return [answers[effect.id] for effect in effects]

    def _write(self, deed: Callable[[Transaction, Sequence[Made]], None], links: Sequence[Made]) -> None:
        if links:
            with self._store.write() as tx:
                deed(tx, links)

    def _drafts(self, look: Look, effects: tuple[Effect, ...]) -> list[Draft]:
        """One letter; if it can't be written, one for each effect, so that none suffers for another."""
        draft = self._draft(look, effects)
        if isinstance(draft.letter, Letter) or len(effects) == 1:
            return [draft]
        return [self._draft(look, (effect,)) for effect in effects]

    def _draft(self, look: Look, effects: tuple[Effect, ...]) -> Draft:
        """The letter; whatever can't be written is refused alone, so that it doesn't hold up the others."""
        try:
            return self._letter(look, effects)
        except DatabaseGone:
            raise
        except EffectError as answer:
            return Draft(effects, answer)
        except IsmsError as error:
            return Draft(effects, Refused(str(error)))
        except Exception as error:  # noqa: BLE001 - a mistake in one notice must not stop every other mail
            return Draft(effects, Refused(f"It can't be written: {error!r}"))

    def _letter(self, look: Look, effects: tuple[Effect, ...]) -> Draft:
        first = effects[0]
        name, person = str(first.payload["notice"]), str(first.payload["to"])
        to = look.recipient(person, also_gone=name in TO_WHOM_IT_ENDS)
        if first.case is not None and name not in WHATEVER_THE_LABEL and not look.sees(person, first.case):
            raise Unsent("its recipient may not see the case")
        notice, facts = self._facts(look, person, effects)
        marks = of_incident.marks(look, name, first.case)
        link = of_incident.link(look, person, effects[-1])
        if link:
            facts |= {"link": link.path, "once_until": iso(link.row["expires_at"])}
        mail = render(notice, facts, to, look.now, self._public_url, look.organisation, marks)
        key = first.key if len(effects) == 1 else shared_key(effects)
        return Draft(effects, Letter(key, to, mail, first.sensitive or link is not None), link)

    def _facts(self, look: Look, person: str, effects: tuple[Effect, ...]) -> tuple[str, dict[str, Any]]:
        newest = {str(e.payload["about"].get("step") or e.payload["about"].get("gate")): e for e in effects}
        if len(newest) > 1:
            return "several", of_wait.several(look, person, list(newest.values()))
        name = str(effects[-1].payload["notice"])
        if name not in FACTS:
            raise WrongFacts(name, "there is no such notice", f"one of {', '.join(sorted(FACTS))}")
        return name, FACTS[name](look, person, effects[-1])
