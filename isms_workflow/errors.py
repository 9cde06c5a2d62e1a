"""The root of every error this product raises on purpose: a sentence with its data."""

from __future__ import annotations


class IsmsError(Exception):
    """What was wrong, where, and what would be right; `status` is its HTTP status.

    Subclasses hand every argument to `super().__init__`, so that they survive pickling, and say
    their sentence in `__str__`.
    """

    status: int = 400
