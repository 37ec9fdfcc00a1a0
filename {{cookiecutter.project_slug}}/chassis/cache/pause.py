"""Leaves a server that fails alone for a while, then lets one call at a time try it."""

from __future__ import annotations

import logging
from math import inf
from time import monotonic
from traceback import format_exception_only

ERRORS = 3
"""Errors in a row after which a server counts as down."""

logger = logging.getLogger(__name__)


class Pause:
    """Keeps a dead server from costing every request its timeout."""

    def __init__(self, seconds: float) -> None:
        """Last for so many seconds; a server that is down is tried as often."""
        self._seconds = seconds
        self._errors = 0
        self._until = -inf

    @property
    def on(self) -> bool:
        """Whether the server counts as down."""
        return self._errors >= ERRORS

    def admits(self) -> bool:
        """Tell whether a call may go; each time that the pause is over, one may."""
        if not self.on:
            return True
        now = monotonic()
        if now < self._until:
            return False
        self._until = now + self._seconds
        return True

    def failed(self, error: Exception) -> None:
        """Count a call that failed; the first pause is logged, those that follow it are not."""
        self._errors += 1
        if self._errors == ERRORS:
            self._until = monotonic() + self._seconds
            reason = format_exception_only(error)[0]
            logger.warning("the cache is down, the service does without: %s", reason.strip())

    def succeeded(self) -> None:
        """Forget the errors."""
        if self.on:
            logger.info("the cache is back")
        self._errors = 0
