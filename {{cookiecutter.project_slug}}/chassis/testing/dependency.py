"""A real HTTP server that fails as scripted, and records the requests it received.

`async with faulty_server(respond(200), reset, delay(1)) as server` resets the connection of the
first request, answers the second one after a second, and every further one with 200.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

__all__ = [
    "Fault",
    "FaultyServer",
    "ReceivedRequest",
    "delay",
    "faulty_server",
    "hang",
    "reset",
    "respond",
    "serve_during",
]

Fault: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What the server does to a connection once it has read a request."""


def respond(status: int = 200, body: bytes = b"{}", **headers: str) -> Fault:
    """Respond at once; `retry_after="1"` sets the header Retry-After."""

    async def act(writer: asyncio.StreamWriter) -> None:
        fields = {"content-length": str(len(body))}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return act


def delay(seconds: float, then: Fault | None = None) -> Fault:
    """Wait, then respond, or do `then`."""

    async def act(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await (then or respond())(writer)

    return act


async def hang(_: asyncio.StreamWriter) -> None:
    """Never respond."""
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    writer.transport.abort()
    raise ConnectionResetError


@dataclass
class ReceivedRequest:
    """One request, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FaultyServer:
    """Plays the script, one fault per request, and then `always`."""

    always: Fault = field(default_factory=respond)
    script: deque[Fault] = field(default_factory=deque)
    received: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0
    """Number of open connections."""
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        try:
            while True:
                self.received.append(await read_request(reader))
                fault = self.script.popleft() if self.script else self.always
                await fault(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # either side has closed it
        finally:
            self.connections -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> ReceivedRequest:
    """Read one request with its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = await reader.readuntil(b"0\r\n\r\n")
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return ReceivedRequest(method, path, headers, body)


@asynccontextmanager
async def faulty_server(always: Fault | None = None, *script: Fault) -> AsyncIterator[FaultyServer]:
    """Serve on a free port until the block ends."""
    faulty = FaultyServer(always or respond(), deque(script))
    tasks: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(faulty.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    faulty.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield faulty
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def serve_during(request: pytest.FixtureRequest, always: Fault) -> FaultyServer:
    """Serve in a thread until the test or fixture of this request ends, for tests that block."""
    stack = ExitStack()
    request.addfinalizer(stack.close)
    portal = stack.enter_context(start_blocking_portal())
    return stack.enter_context(portal.wrap_async_context_manager(faulty_server(always)))
