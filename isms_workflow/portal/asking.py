"""Who asks is found out in the endpoint's own thread, right before it.

FastAPI gives a dependency that waits for the database a thread of its own, and the endpoint another; handing over takes
as long as a question to the database. So ours say only how to find out (`Later`), and a `Route` does, where it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, TypeVar

from fastapi.routing import APIRoute

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Later(Generic[T]):
    """What a dependency hasn't found out yet; `find` waits for the database, and raises what refuses the request."""

    find: Callable[[], T]


class Route(APIRoute):
    """A route whose endpoint isn't called before all that was put off is found out; what that raises is the answer."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, _informed(endpoint), **more)


def _informed(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(endpoint)
    def informed(**given: Any) -> Any:
        return endpoint(**{name: each.find() if isinstance(each, Later) else each for name, each in given.items()})

    return informed
