"""Load whose requests come when they come, whether or not earlier ones were answered.

Clients that wait for an answer slow down with the service, and so never overload it; users do not.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.proofs.load import Address

PATIENCE = 30.0
"""Seconds in which the last answers have to come."""


@dataclass
class Outcome:
    """What became of the requests; times from when each was due, in seconds."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    """By status; 0 is a connection that was refused, reset or ended early."""
    served: list[float] = field(default_factory=list)
    shed_heads: set[bytes] = field(default_factory=set)
    """Heads of answers with 503."""

    @property
    def rate(self) -> float:
        """Requests that were answered with 200, per second."""
        return len(self.served) / self.seconds

    def percentile(self, share: float) -> float:
        """Time within which this share of the served requests were answered."""
        return sorted(self.served)[int(share * (len(self.served) - 1))]

    def __add__(self, other: Outcome) -> Outcome:
        """Return both as one."""
        return Outcome(
            self.seconds + other.seconds,
            self.statuses + other.statuses,
            self.served + other.served,
            self.shed_heads | other.shed_heads,
        )

    def add(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        if status == 200:
            self.served.append(seconds)


class Client(asyncio.Protocol):
    """A kept-alive connection with one request at a time."""

    def __init__(self, load: OpenLoop) -> None:
        self.load = load
        self.received = b""
        self.due: float | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, due: float) -> None:
        self.due = due
        assert self.transport is not None
        self.transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, whole, body = self.received.partition(b"\r\n\r\n")
        head = head.lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if not whole or len(body) < length:
            return
        self.received = b""
        self.end(int(head.split(maxsplit=2)[1]))
        if b"connection: close" not in head:
            self.load.idle.append(self)
        if head.split(maxsplit=2)[1] == b"503":
            self.load.outcome.shed_heads.add(head)

    def end(self, status: int) -> None:
        if self.due is not None:
            self.load.end(status, self.due)
        self.due = None

    def connection_lost(self, _: Exception | None) -> None:
        if self in self.load.idle:
            self.load.idle.remove(self)
        self.end(0)


class OpenLoop:
    """One run of load: Poisson arrivals at a rate, over as many connections as that takes."""

    def __init__(self, address: Address, path: str, seconds: float) -> None:
        self.address = address
        self.request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self.outcome = Outcome(seconds)
        self.idle: list[Client] = []
        self.connecting: set[asyncio.Task[None]] = set()
        self.pending = 0
        self.ended = asyncio.Event()

    def end(self, status: int, due: float) -> None:
        self.pending -= 1
        self.outcome.add(status, asyncio.get_running_loop().time() - due)
        self.ended.set()

    def ask(self, due: float) -> None:
        """Send a request over an idle connection, or over a new one."""
        self.pending += 1
        if self.idle:
            self.idle.pop().send(due)
        else:
            task = asyncio.get_running_loop().create_task(self.connect(due))
            self.connecting.add(task)
            task.add_done_callback(self.connecting.discard)

    async def connect(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, client = await loop.create_connection(lambda: Client(self), *self.address)
        except OSError:
            self.end(0, due)
        else:
            client.send(due)

    async def run(self, rate: float) -> Outcome:
        """Send requests at this rate, and wait for the answers."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        end = due + self.outcome.seconds
        while due < end:
            await asyncio.sleep(max(0, due - loop.time()))
            self.ask(due)
            due += random.expovariate(rate)
        await self.finish()
        return self.outcome

    async def run_closed(self, callers: int) -> Outcome:
        """Let so many callers send their next request when the last one is answered."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.outcome.seconds
        while loop.time() < end:
            self.ended.clear()
            for _ in range(callers - self.pending):
                self.ask(loop.time())
            await self.ended.wait()
        await self.finish()
        return self.outcome

    async def finish(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.pending:
                self.ended.clear()
                await self.ended.wait()
        for client in self.idle[:]:
            assert client.transport is not None
            client.transport.close()
