"""A queue of requests, which estimates whether a further one would wait too long."""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter

import structlog

log = structlog.get_logger(__name__)

BURST_SECONDS = 0.05
"""Seconds for which the queue may have any length: a burst is not an overload."""
MIN_LENGTH = 8
"""Requests that may always wait: as many callers in a closed loop are no overload."""
OVERLOADED_SHARE = 2 / 3
"""Share of the longest wait from which requests are refused during overload."""
DECAY = 31 / 32
"""Decay of the measured rate of starts, at each start."""
LOG_SECONDS = 10
"""Seconds between two log lines about refused requests."""


class WaitingLine:
    """Requests that wait for `what`, such as a turn or a connection.

    A request is refused if it would wait longer than `max_wait_seconds`, as estimated from the
    recent rate of starts. From then on, until the queue is empty, the limit is two thirds of that.
    So random peaks are served, and under overload the wait is short.
    """

    def __init__(self, what: str, max_wait_seconds: float, min_length: int = MIN_LENGTH) -> None:
        self.what = what
        self.max_wait_seconds = max_wait_seconds
        self.min_length = min_length
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.refused = 0
        """Requests that were refused."""
        self._overloaded = False
        self._began = self._advanced = 0.0
        """When the queue began to fill, and when it last advanced."""
        self._seconds = self._starts = 0.0
        """Recent time, and starts in it."""
        self._logged = 0
        self._logged_at = -float(LOG_SECONDS)

    def refuses(self) -> bool:
        """Return whether a further request would wait too long; count it then."""
        length = len(self.waiting)
        if length < self.min_length or (now := perf_counter()) - self._began < BURST_SECONDS:
            return False
        wait = length * self._seconds / max(1, self._starts)
        if wait <= self.max_wait_seconds * (OVERLOADED_SHARE if self._overloaded else 1):
            return False
        self._overloaded = True
        self.refused += 1
        if now - self._logged_at >= LOG_SECONDS:
            refused = self.refused - self._logged
            log.warning("overload: requests refused", waiting_for=self.what, refused=refused)
            self._logged_at, self._logged = now, self.refused
        return True

    def join(self) -> asyncio.Future[None]:
        """Join the end of the queue; the future is done when it is this request's turn."""
        if not self.waiting:
            self._began = self._advanced = perf_counter()
            self._overloaded = False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        return turn

    def start(self, count: int) -> int:
        """Start up to `count` waiting requests; return how many were started."""
        if not self.waiting:
            return 0
        started = 0
        while self.waiting and started < count:
            turn = self.waiting.popleft()
            if not turn.done():  # a request that was cancelled waits no longer
                turn.set_result(None)
                started += 1
        now = perf_counter()
        self._seconds = self._seconds * DECAY + now - self._advanced
        self._starts = self._starts * DECAY + started
        self._advanced = now
        return started
