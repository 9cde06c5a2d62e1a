"""Who calls: a token, its person, what both allow, and what they may see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import Connection, Select, select

from isms_workflow.domain.access import may_see, require_sight, strictest
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.sight import people_of
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.accounts import tokens
from isms_workflow.engine.accounts.tokens import TokenView
from isms_workflow.errors import IsmsError
from isms_workflow.portal.api.problems import KeyReused, MatchNeeded, NoToken, OutOfScope, WeakMatch
from isms_workflow.portal.asking import Later
from isms_workflow.portal.deps import Portal
from isms_workflow.store.bulk import insert_many
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import mails as questions
from isms_workflow.store.tables import answers


@dataclass(frozen=True)
class Asked:
    """What a write is recognised by when it is repeated: its key, and a digest of everything it says."""

    key: str | None
    digest: str


@dataclass(frozen=True)
class Caller:
    """A request of a program in a person's name."""

    request: Request
    portal: Portal
    now: datetime
    token: TokenView
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """The person, acting through the API."""
        return Actor(self.token.person.id, "api")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One look at the truth."""
        with self.portal.store.read() as conn:
            yield conn

    def sees(self, conn: Connection, view: CaseView, *labels: str) -> bool:
        """Whether role and every label, the case's and these, let the person see something in the case."""
        try:
            self._require_sight(conn, view, "case", view.case.reference, labels)
        except IsmsError:
            return False
        return True

    def view(self, conn: Connection, case: str, what: str, name: str, *labels: str) -> CaseView:
        """A case whole, if the person may see it; a refusal of something restricted reads like `Unknown`."""
        view = reading.view(conn, case, self.now)
        try:
            self._require_sight(conn, view, what, name, labels)
        except IsmsError:
            self.request.state.denied = True
            raise
        return view

    def expect(self, conn: Connection, ids: Collection[str]) -> None:
        """Asks at once who was told of these cases, for a list that asks of each whether it is seen."""
        self._reached.update(reading.reached_of(conn, ids))

    def _require_sight(self, conn: Connection, view: CaseView, what: str, name: str, labels: tuple[str, ...]) -> None:
        narrow = strictest(view.case.label, *labels)  # what is restricted is never called confidential
        if may_see(self.token.person, narrow, is_case_person=False):
            return  # whoever the people of the case are: a list of hundreds doesn't ask after them
        if view.case.id not in self._reached:
            self._reached[view.case.id] = frozenset(conn.execute(questions.reached_of(view.case.id)).scalars())
        inside = self.token.person.id in people_of(view, self._reached[view.case.id], self.now)
        require_sight(self.token.person, narrow, inside, what, name)

    def write(self, body: BaseModel | None, deed: Callable[[Transaction, When], Any],
              status: int | Callable[[Any], int] = 200, **more: str) -> Response:
        """Carries a write out in one transaction, with its answer if it has a key: both, or neither.

        A repeat under the same key is answered as the first was, and changes nothing: whatever it comes to is taken back, for
        almost all are no repeats. One that was refused left nothing behind, and is tried anew. `status` may depend on what was
        done; `more` is what the request says beside its body. Raises `KeyReused`.
        """
        asked = self._asked(body, more)
        try:
            with self.portal.store.write() as tx:
                done = deed(tx, When.at(self.now))
                answer = _answer(done, status if isinstance(status, int) else status(done))
                if asked.key:
                    self._keep(tx, asked, answer)
        except Exception:
            if (again := self._answered(asked)) is None:
                raise
            return again
        return answer

    def _keep(self, tx: Transaction, asked: Asked, answer: Response) -> None:
        """The answer, for a repeat. The database refuses a second; of two at one instant the later waits for the other."""
        insert_many(tx, answers, [{
            "person": self.token.person.id, "key": asked.key, "request": asked.digest, "status": answer.status_code,
            "body": bytes(answer.body).decode(), "answered_at": self.now}])

    def _answered(self, asked: Asked) -> Response | None:
        """What the request was answered before, if it was. Raises `KeyReused` if another was under its key."""
        if asked.key is None:
            return None
        found = self.portal.store.ask(lambda conn: conn.execute(self._under(asked.key)).one_or_none())
        if found is None:
            return None
        if found.request != asked.digest:
            raise KeyReused(asked.key)
        again = _answer(json.loads(found.body), found.status)
        again.headers["Idempotent-Replayed"] = "true"
        return again

    def _under(self, key: str | None) -> Select[Any]:
        return select(answers).where(answers.c.person == self.token.person.id, answers.c.key == key)

    def has_answer(self, conn: Connection) -> bool:
        """Whether this key was answered before, so that nothing is asked anew that the first request was let."""
        return conn.execute(self._under(self.request.headers.get("idempotency-key", ""))).first() is not None

    def _asked(self, body: BaseModel | None, more: dict[str, str]) -> Asked:
        request, key = self.request, self.request.headers.get("idempotency-key")
        if key is not None and not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
            raise Wrong("Idempotency-Key", key[:40], "1 to 200 printable ASCII characters, e.g. a UUID")
        said = [request.method, request.url.path, request.headers.get("if-match", ""),
                body.model_dump(mode="json") if body else None, more]
        return Asked(key, hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest())

    def seen(self) -> int | None:
        """The version that `If-Match` names; None for `*`, which takes whatever is there. Raises `MatchNeeded`, `WeakMatch`."""
        given = self.request.headers.get("if-match")
        if given is None:
            raise MatchNeeded()
        if given.strip() == "*":
            return None
        if given.strip().startswith("W/"):
            raise WeakMatch(given[:40])
        text = given.strip().strip('"')
        if not text.isdecimal() or len(text) > 9:
            raise Wrong("If-Match", given[:40], 'an ETag as a GET gave it, e.g. "3"')
        return int(text)


def _answer(done: Any, status: int) -> Response:
    body = done.model_dump(mode="json") if isinstance(done, BaseModel) else done
    headers = {"ETag": f'"{body["version"]}"'} if isinstance(body, dict) and "version" in body else {}
    return JSONResponse(body, status, headers=headers)


def tagged(response: Response, version: int) -> None:
    """The ETag of what is answered: the row's version."""
    response.headers["ETag"] = f'"{version}"'


def _caller(request: Request, given: HTTPAuthorizationCredentials | None, scopes: tuple[str, ...]) -> Caller:
    """Who calls. Raises `NoToken`, `OutOfScope`."""
    portal: Portal = request.app.state.portal
    now = portal.now()
    found = None if given is None else portal.store.ask(lambda conn: tokens.token(conn, given.credentials, now))
    if found is None:
        raise NoToken()
    request.state.person = found.person.id
    caller = Caller(request, portal, now, found)
    require_scope(caller, *scopes)
    return caller


def require_scope(found: Caller, *scopes: str) -> None:
    """Raise `OutOfScope` unless the caller's token has one of these."""
    if not any(found.token.allows(scope) for scope in scopes):
        raise OutOfScope(" or ".join(scopes))


class Scoped(HTTPBearer):
    """A dependency: a caller whose token has one of these scopes; a request that can't be read is refused by it first.

    It is FastAPI's scheme itself and doesn't depend on one: each dependency of a dependency is solved anew for each request.
    """

    def __init__(self, *scopes: str) -> None:
        super().__init__(scheme_name=HTTPBearer.__name__, auto_error=False,
                         description="A token made in the portal, with the scopes that it needs.")
        self._scopes = scopes

    async def __call__(  # type: ignore[override]  # what FastAPI fills in
        self, request: Request,
        _key: Annotated[str | None, Header(alias="Idempotency-Key", description="On writes: a key of its own.")] = None,
    ) -> Later[Caller]:
        """Who calls, to be found out in the endpoint's thread."""
        request.state.caller = Later(partial(_caller, request, await super().__call__(request), self._scopes))
        return request.state.caller  # type: ignore[no-any-return]


Reads = Annotated[Caller, Depends(Scoped("read"))]
Writes = Annotated[Caller, Depends(Scoped("write"))]
Reports = Annotated[Caller, Depends(Scoped("report"))]
Follows = Annotated[Caller, Depends(Scoped("report", "read"))]
Decides = Annotated[Caller, Depends(Scoped("decide"))]
Administers = Annotated[Caller, Depends(Scoped("admin"))]
Match = Annotated[str | None, Header(alias="If-Match", description="The ETag that a GET of this gave, or `*`.")]
