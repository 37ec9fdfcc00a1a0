"""Refuses requests that would wait too long, so that those admitted are answered in time.

Under overload requests queue where a limit of requests in flight does not count them: in sockets
and in the event loop. So while iterations of the loop take long, fewer requests are started than
end. The others wait in a queue, and a request that would wait too long is refused before it costs
anything.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from chassis.exchange import ARRIVED
from chassis.problems import Problem, ProblemResponse
from chassis.waiting_line import WaitingLine

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.service import Service

LONG_SECONDS = 0.0025
"""Seconds from which an iteration of the event loop counts as long."""


class LoadShedding:
    """The outermost middleware: HTTP requests wait for their turn here, or are refused.

    Requests of probes never wait. A refused request has neither an access line nor an id, so that
    it costs a fraction of a served one; it is counted.
    """

    def __init__(self, app: ASGIApp, service: Service, max_wait_seconds: float) -> None:
        self.app = app
        self.service = service
        self.line = WaitingLine("a turn", max_wait_seconds)
        self.iterating = False
        """Whether a request arrived in this iteration, so that `end_iteration` will run."""
        self.began = 0.0
        self.started = self.ended = 0
        """Requests started in this iteration, and ended since the last one."""
        self.max_starts = 1
        """Requests that may start in this iteration."""
        problem = Problem(503, "The service is overloaded.", headers={"Retry-After": "1"})
        self.response = ProblemResponse(problem)  # created once, because refusing must be cheap
        self.response.raw_headers += service.headers.items()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request when its turn comes, or respond with 503."""
        if scope["type"] != "http" or scope["path"] in self.service.probes:
            await self.app(scope, receive, send)
            return
        if not self.iterating:
            self.begin_iteration()
        if self.line.waiting or self.started >= self.max_starts:
            if self.line.refuses():
                await self.refuse(send)
                return
            scope[ARRIVED] = perf_counter()
            await self.line.join()
        else:
            self.started += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.ended += 1

    def begin_iteration(self) -> None:
        """Start the clock of this iteration; the next one stops it."""
        self.iterating = True
        self.began = perf_counter()
        self.started = 0
        asyncio.get_running_loop().call_soon(self.end_iteration)

    def end_iteration(self) -> None:
        """Adapt how many requests the next iteration starts to how long this one took."""
        if perf_counter() - self.began > LONG_SECONDS:
            self.max_starts = max(1, self.ended // 2)
        else:
            self.max_starts = self.ended + 1
        self.ended = 0
        self.iterating = False
        if self.line.waiting:
            self.begin_iteration()
            self.started = self.line.start(self.max_starts)

    async def refuse(self, send: Send) -> None:
        """Respond with 503, with the headers that every response has."""
        self.service.requests_shed += 1
        headers = self.response.raw_headers
        if self.service.draining:
            headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": self.response.body})
