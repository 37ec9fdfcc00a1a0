"""A real server that misbehaves as told, and remembers what it was sent."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import TypeAlias

    Fault: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Fault:
    async def act(writer: asyncio.StreamWriter) -> None:
        named = {"content-length": str(len(body))}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} So", *(f"{name}: {text}" for name, text in named.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return act


def slow(seconds: float, then: Fault | None = None) -> Fault:
    async def act(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await (then or answer())(writer)

    return act


def drip(pause: float, pieces: int = 1000) -> Fault:
    """The head at once, the body byte by byte."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 So\r\ncontent-length: {pieces}\r\n\r\n".encode())
        for _ in range(pieces):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(pause)

    return act


async def hang(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    raise ConnectionResetError


async def cut(writer: asyncio.StreamWriter) -> None:
    """Half an answer."""
    writer.write(b"HTTP/1.1 200 So\r\ncontent-length: 100\r\n\r\nhalf")
    await writer.drain()
    raise ConnectionResetError


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Faulty:
    """Acts by the script, one fault a request, and like `always` when that is at its end."""

    always: Fault = field(default_factory=answer)
    script: deque[Fault] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.received.append(await read(reader))
                fault = self.script.popleft() if self.script else self.always
                await fault(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # of either side's making
        finally:
            self.connections -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = await reader.readuntil(b"0\r\n\r\n")
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Received(method, path, headers, body)


@asynccontextmanager
async def faulty(always: Fault | None = None, *script: Fault) -> AsyncIterator[Faulty]:
    """Serve on a free port."""
    told = Faulty(always or answer(), deque(script))
    tasks: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(told.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield told
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
