"""Refuses requests that would wait too long, so that those admitted are answered in time.

Under overload the queue stands where no limit of requests in flight counts it: in sockets and in
the event loop. So each iteration of the loop starts a few requests, fewer once iterations are long;
the others wait here, in order, and one whose turn would come too late is refused before it costs
anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING

import structlog

from chassis.exchange import ARRIVED
from chassis.problems import Problem, ProblemResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.service import Service

log = structlog.get_logger(__name__)

LONG_SECONDS = 0.005
"""Seconds from which an iteration of the event loop is long: the next one starts half as many."""
FIRST_STARTS, MAX_STARTS = 4, 16
"""Requests that one iteration starts while none waits, and at most."""
SMOOTHING = 8
"""Iterations over which the time of a start is averaged."""
BURST_SECONDS = 0.1
"""Seconds for which a queue may be of any length: a burst is no overload, a queue that stays is."""
MIN_QUEUE = 8
"""Requests that may wait in any case: so many callers in a closed loop are no overload."""
LOG_SECONDS = 10
"""Seconds between two log lines about refused requests."""


class LoadShedding:
    """The outermost middleware: HTTP requests wait for their turn here, or are refused.

    Requests of probes never wait. A refused request has neither an access line nor an id, so that
    it costs a fraction of a served one; it is counted.
    """

    def __init__(self, app: ASGIApp, service: Service, max_wait_seconds: float) -> None:
        self.app = app
        self.service = service
        self.max_wait_seconds = max_wait_seconds
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.iterating = False
        """Whether requests were started in this iteration, so that `end_iteration` will run."""
        self.began = 0.0
        self.queued_since = 0.0
        """When the queue last began to fill, in seconds of `perf_counter`."""
        self.started = 0
        """Requests that this iteration has started."""
        self.max_starts = FIRST_STARTS
        """Requests that an iteration starts; between 1 and `MAX_STARTS`."""
        self.start_seconds = 0.0
        """Seconds that pass, on average, until the next waiting request is started."""
        self.logged_shed = 0
        self.logged_at = -float(LOG_SECONDS)
        problem = Problem(503, "The service is overloaded.", headers={"Retry-After": "1"})
        self.response = ProblemResponse(problem)  # made once: refusing must be cheap
        self.response.raw_headers += service.headers.items()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request when its turn comes, or respond with 503."""
        if scope["type"] == "http" and scope["path"] not in self.service.probes:
            if not self.iterating:
                self.begin_iteration()
            if self.waiting or self.started >= self.max_starts or self.is_long():
                if self.expected_wait() > self.max_wait_seconds:
                    await self.refuse(send)
                    return
                scope[ARRIVED] = now = perf_counter()
                if not self.waiting:
                    self.queued_since = now
                turn = asyncio.get_running_loop().create_future()
                self.waiting.append(turn)
                await turn
            else:
                self.started += 1
        await self.app(scope, receive, send)

    def expected_wait(self) -> float:
        """Return the seconds after which a further request would start; 0 if that is a burst."""
        queue = len(self.waiting)
        if queue < MIN_QUEUE or perf_counter() - self.queued_since < BURST_SECONDS:
            return 0.0
        return queue * self.start_seconds

    def is_long(self) -> bool:
        """Return whether this iteration has taken too long already."""
        return perf_counter() - self.began > LONG_SECONDS

    def begin_iteration(self) -> None:
        """Start the clock of this iteration; have the next one stop it."""
        self.iterating = True
        self.began = perf_counter()
        self.started = 0
        asyncio.get_running_loop().call_soon(self.end_iteration)

    def end_iteration(self) -> None:
        """Start waiting requests; adapt how many an iteration starts to how long it took."""
        if not self.waiting:
            self.iterating, self.max_starts = False, FIRST_STARTS
            return
        seconds = perf_counter() - self.began
        self.start_seconds += (seconds / max(1, self.started) - self.start_seconds) / SMOOTHING
        if seconds > LONG_SECONDS:
            self.max_starts = max(1, self.max_starts // 2)
        else:
            self.max_starts = min(MAX_STARTS, self.max_starts + 1)
        self.begin_iteration()
        while self.waiting and self.started < self.max_starts:
            turn = self.waiting.popleft()
            if not turn.done():  # a request that was cancelled waits no longer
                turn.set_result(None)
                self.started += 1

    async def refuse(self, send: Send) -> None:
        """Respond with 503, with the headers that every response has."""
        self.service.requests_shed += 1
        now = perf_counter()
        if now - self.logged_at >= LOG_SECONDS:
            shed = self.service.requests_shed
            log.warning("overload: requests refused", refused=shed - self.logged_shed)
            self.logged_at, self.logged_shed = now, shed
        headers = self.response.raw_headers
        if self.service.draining:
            headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": self.response.body})
