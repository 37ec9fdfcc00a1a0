"""Limits retries to a share of the calls, to prevent retry storms on a failing service (R9)."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TOKENS = 10.0
"""Most retries that can be saved up."""
TOKENS_PER_SECOND = 1.0
"""Retries per second that a client with few calls may make."""


class RetryBudget:
    """A token bucket: each call adds a fraction of a token, each retry takes a whole one.

    If there are so few calls that this gives less than one token a second, time adds the rest.
    """

    def __init__(self, ratio: float, clock: Callable[[], float] = monotonic) -> None:
        """Start empty; `clock` returns the time in seconds."""
        self._ratio = ratio
        self._clock = clock
        self._tokens = 0.0
        self._updated_at = clock()

    def record_call(self) -> None:
        """Add the fraction for one call."""
        now = self._clock()
        earned = max(self._ratio, TOKENS_PER_SECOND * (now - self._updated_at))
        self._tokens = min(MAX_TOKENS, self._tokens + earned)
        self._updated_at = now

    def take_token(self) -> bool:
        """Take a token; return whether there was one."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
