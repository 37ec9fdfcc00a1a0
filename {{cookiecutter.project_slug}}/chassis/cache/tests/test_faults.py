"""Whatever a server does, the service goes on without it, at once, and returns to it by itself."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from chassis.cache.json_cache import JsonCache
from chassis.cache.tests.impatient import MARGIN, OPEN, TIMEOUT, opened
from chassis.timing import operations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def pretending(behave: Behaviour) -> AsyncIterator[str]:
    """Listen, and behave like that on each connection."""
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await behave(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
        for task in connections:
            task.cancel() if task else None
        await asyncio.gather(*filter(None, connections))


async def command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
    """Read the next command that is more than a ping, as a server does."""
    words = [b"PING"]
    while words == [b"PING"]:
        words = []
        for _ in range(int((await reader.readuntil())[1:])):
            length = int((await reader.readuntil())[1:])
            words.append((await reader.readexactly(length + 2))[:-2])
        if words == [b"PING"]:
            writer.write(b"+PONG\r\n")
    return words


def says(answer: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await command(reader, writer)
            writer.write(answer)

    return behave


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await command(reader, writer)
    writer.write(b"$1000\r\nand then")
    await writer.drain()
    writer.transport.abort()


async def trickles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"+")
        await asyncio.sleep(0.01)


FAULTS: dict[str, Behaviour] = {
    "hangs": hangs,
    "resets": resets,
    "trickles": trickles,
    "speaks another protocol": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "sends noise": says(b"\x00\xff*$\r\n:x\r\n"),
    "sends a length that is none": says(b"$many\r\n"),
    "sends no text": says(b"-\xff\xfe\r\n"),
    "answers with a number": says(b":1\r\n"),
    "answers with a list": says(b"*1\r\n:1\r\n"),
    "is out of memory": says(b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
    "is a replica": says(b"-READONLY You can't write against a read only replica.\r\n"),
    "is loading": says(b"-LOADING Redis is loading the dataset in memory\r\n"),
    "wants a password": says(b"-NOAUTH Authentication required.\r\n"),
}


async def make() -> list[int]:
    return [1]


async def use(cache: JsonCache) -> None:
    """Do everything once, and nothing of it may fail."""
    assert await cache.get("key", list) is None
    await cache.set("key", [1])
    await cache.delete("key")
    assert await cache.get_or_set("key", list, make) == [1]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_server_fails_nothing_and_soon_costs_nothing(fault: str) -> None:
    async with (
        pretending(FAULTS[fault]) as url,
        opened(url, breaker_open_seconds=60) as service,
    ):
        cache = service.resources[JsonCache]
        began = time.monotonic()
        await use(cache)
        assert time.monotonic() - began < 3 * TIMEOUT + MARGIN
        began = time.monotonic()
        for _ in range(50):
            await use(cache)
        assert time.monotonic() - began < MARGIN, "with a closed circuit, 200 times the timeout"


async def test_one_call_tries_a_server_that_is_down_and_the_others_do_not_wait() -> None:
    tried = 0
    trying = asyncio.Event()

    async def counts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        trying.set()
        await hangs(reader, writer)

    async with pretending(counts) as url, opened(url) as service:
        cache = service.resources[JsonCache]
        await use(cache)
        await asyncio.sleep(OPEN * 1.2)
        tried = 0
        trying.clear()
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(cache.get("other", list)) for _ in range(100)]
            await trying.wait()
            answered = sum(call.done() for call in calls)
    assert tried == 1
    assert answered >= 99, "while one tries, the others have their answer"


async def test_an_answer_that_came_too_late_is_nobody_elses() -> None:
    asked = 0

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while True:
            name = (await command(reader, writer))[1].rpartition(b":")[2]
            asked += 1
            await asyncio.sleep(TIMEOUT * 1.05 if asked % 3 == 0 else 0)
            writer.write(b"$%d\r\n%s\r\n" % (len(name), name))

    async with (
        pretending(echo) as url,
        opened(url, pool_size=2, breaker_open_seconds=0.001, retries=0) as service,
    ):
        cache = service.resources[JsonCache]
        found = {number: await cache.get(str(number), int) for number in range(100, 130)}
    assert None in found.values()
    assert all(value in (None, number) for number, value in found.items())
    assert sum(value is not None for value in found.values()) > 10


async def test_no_connection_is_lost_to_calls_that_ran_out_of_time() -> None:
    async with (
        pretending(hangs) as url,
        opened(url, pool_size=3, breaker_open_seconds=0.001) as service,
    ):
        cache = service.resources[JsonCache]
        for _ in range(3):
            await asyncio.gather(*(cache.get(str(number), int) for number in range(100)))
        store = cache._store  # noqa: SLF001 - its pool is what this is about
        assert isinstance(store, Redis)
        assert not store.connection_pool._in_use_connections  # noqa: SLF001


async def test_who_watches_runs_is_told_that_another_system_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded: list[object] = []

    async with pretending(says(b"$-1\r\n")) as url, opened(url) as service:
        monkeypatch.setattr(operations, "observer", lambda *run: recorded.append(run))
        await service.resources[JsonCache].get("key", str)
    async with opened("memory://") as service:
        await service.resources[JsonCache].get("key", str)
    assert recorded == [("cache.get", {"db.system.name": "redis"}), ("cache.get", None)]
