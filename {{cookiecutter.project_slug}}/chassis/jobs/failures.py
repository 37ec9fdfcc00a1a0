"""What a failed try leads to: a later one, or a job that is held."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

UNREAD_TRIES = 10
"""Times that a job which this release cannot read is requeued before it is held."""
UNREAD_SECONDS = 10.0
"""Seconds until a worker sees it again, doubled each time: an hour and a half together."""
MAX_BACKOFF_SECONDS = 3600.0


class PutBack(Exception):  # noqa: N818 - it says what becomes of the job
    """The job goes back to the queue."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__()
        self.seconds = seconds


class Unread(Exception):  # noqa: N818 - it says what is wrong with the job
    """The job has arguments, or a name, of another release."""


def backoff(base: float, attempt: int) -> float:
    """Return the seconds until the next try: doubled each time, with jitter."""
    longest: float = min(MAX_BACKOFF_SECONDS, base * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, hides nothing


def describe(error: ValidationError) -> str:
    """Say which arguments do not fit, without their values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in found)
