"""A queue that persists is refused with 503; short ones, callers that wait and probes are not."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from chassis.security import Security
from chassis.service import Identity, Service
from chassis.waiting_line import MIN_LENGTH

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

WORK = 0.01
"""Seconds of the event loop that each request takes."""
STEPS = 10
"""Iterations that a request takes which waits for something in between."""
MAX_WAIT = 0.24


async def nothing() -> Any:
    """Receive nothing: the requests have no body."""


class Busy:
    """An application that blocks the loop, behind the entrance of a service."""

    def __init__(self, steps: int = 1) -> None:
        self.steps = steps
        self.in_flight = self.most_in_flight = 0
        self.service = Service(identity=Identity(name="t"), environment="test")
        self.service.probes.add("/livez")
        Security(max_wait_seconds=MAX_WAIT).install(self.service)
        assert self.service.entrance is not None
        self.app = self.service.entrance(self.work)
        self.answers: list[Message] = []
        self.waits: list[float] = []

    async def work(self, _: Scope, __: Receive, send: Send) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        for _step in range(self.steps):
            time.sleep(WORK / self.steps)  # noqa: ASYNC251 - what overload is made of
            await asyncio.sleep(0)
        self.in_flight -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, path: str = "/busy") -> None:
        began = time.monotonic()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers.append(message)
                if message["status"] == 200:
                    self.waits.append(time.monotonic() - began)

        await self.app({"type": "http", "path": path}, nothing, send)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(message["status"] for message in self.answers)


async def overload(busy: Busy, seconds: float = 1.5) -> None:
    """Send twice what can be served, whenever it is due."""
    began, asked = time.monotonic(), 0
    async with asyncio.TaskGroup() as group:
        while (elapsed := time.monotonic() - began) < seconds:
            while asked < 2 * elapsed / WORK:
                group.create_task(busy.ask())
                asked += 1
            await asyncio.sleep(0)


def test_under_overload_admitted_requests_wait_no_longer_than_allowed() -> None:
    busy = Busy()
    asyncio.run(overload(busy))
    assert set(busy.statuses) == {200, 503}
    assert sorted(busy.waits)[len(busy.waits) * 9 // 10] < 2 * MAX_WAIT
    assert busy.service.requests_shed == busy.statuses[503]


def test_requests_of_many_short_steps_do_not_pile_up_inside() -> None:
    busy = Busy(STEPS)
    asyncio.run(overload(busy))
    assert set(busy.statuses) == {200, 503}
    assert busy.most_in_flight < 1.5 * STEPS


def test_a_burst_is_no_overload() -> None:
    busy = Busy()

    async def run() -> None:
        await asyncio.gather(*(busy.ask() for _ in range(30)))

    asyncio.run(run())
    assert busy.statuses == {200: 30}


def test_a_refusal_has_retry_after_and_the_headers_of_every_response() -> None:
    busy = Busy()
    busy.service.draining = True
    asyncio.run(overload(busy))
    headers = dict(next(it for it in busy.answers if it["status"] == 503)["headers"])
    assert headers[b"retry-after"] == b"1"
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"connection"] == b"close"


def test_refusals_are_logged_once_in_a_while() -> None:
    with capture_logs() as lines:
        asyncio.run(overload(Busy()))
    assert [line["event"] for line in lines] == ["overload: requests refused"]


def test_eight_callers_that_wait_for_their_answers_are_no_overload() -> None:
    busy = Busy()

    async def call() -> None:
        for _ in range(10):
            await busy.ask()

    async def run() -> None:
        await asyncio.gather(*(call() for _ in range(8)))

    asyncio.run(run())
    assert busy.statuses == {200: 80}


def test_a_probe_never_waits() -> None:
    busy = Busy()

    async def run() -> None:
        load = asyncio.create_task(overload(busy))
        await asyncio.sleep(0.3)
        before = busy.statuses[200]
        await busy.ask("/livez")
        assert busy.statuses[200] - before < MIN_LENGTH
        await load

    asyncio.run(run())


def test_a_cancelled_request_takes_no_turn_and_the_queue_empties() -> None:
    busy = Busy()

    async def run() -> None:
        waiting = [asyncio.create_task(busy.ask()) for _ in range(12)]
        await asyncio.sleep(0)
        for task in waiting[6:]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await busy.ask()

    asyncio.run(run())
    assert busy.statuses == {200: 7}
