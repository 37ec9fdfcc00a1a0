"""Bounds tries again as a share of calls: they help when little fails, and hurt when all does."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 10.0
"""Tries again that can be saved up."""
A_SECOND = 1.0
"""Tries again that a client with few calls may make."""


class Budget:
    """A token bucket that each call adds a share of a token to, and each try again takes one from.

    Where there are so few calls that this gives less than one token a second, time adds the rest.
    """

    def __init__(self, ratio: float, clock: Callable[[], float] = monotonic) -> None:
        """Begin with nothing; take the time, in seconds, from the clock."""
        self._ratio = ratio
        self._clock = clock
        self._tokens = 0.0
        self._latest = clock()

    def deposit(self) -> None:
        """Add what one call brings."""
        now = self._clock()
        earned = max(self._ratio, A_SECOND * (now - self._latest))
        self._tokens = min(MOST, self._tokens + earned)
        self._latest = now

    def withdraw(self) -> bool:
        """Take a token; tell whether there was one."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
