from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from chassis.cache import Caching
from chassis.cache.json_cache import JsonCache
from chassis.cache.single_flight import SingleFlight
from chassis.service import Identity, Service


class Work:
    """Takes until it is released, then fails so many times."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.begun = 0
        self.released = asyncio.Event()

    async def __call__(self, _: object) -> bytes:
        self.begun += 1
        number = self.begun
        await self.released.wait()
        await asyncio.sleep(0)
        if number <= self.failures:
            raise LookupError(number)
        return str(number).encode()


async def begun(work: Work, number: int = 1) -> None:
    async with asyncio.timeout(5):
        while work.begun < number:  # noqa: ASYNC110 - every turn of the loop is looked at
            await asyncio.sleep(0)


async def test_those_who_wait_get_what_the_first_one_made() -> None:
    flights, work = SingleFlight(), Work()
    asking = [asyncio.create_task(flights.run(b"key", work)) for _ in range(10)]
    await begun(work)
    work.released.set()
    assert await asyncio.gather(*asking) == [b"1"] * 10
    assert await flights.run(b"key", work) == b"2", "and then it is over"


async def test_when_the_first_one_is_cancelled_the_next_does_the_work() -> None:
    flights, work = SingleFlight(), Work()
    first, *others = [asyncio.create_task(flights.run(b"key", work)) for _ in range(10)]
    await begun(work)
    first.cancel()
    await begun(work, 2)
    work.released.set()
    assert await asyncio.gather(*others) == [b"2"] * 9
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_one_who_stops_waiting_stops_nobody_else() -> None:
    flights, work = SingleFlight(), Work()
    first, second, third = [asyncio.create_task(flights.run(b"key", work)) for _ in range(3)]
    await begun(work)
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
    work.released.set()
    assert await asyncio.gather(*[first, third]) == [b"1"] * 2


async def test_an_error_is_everybodys_who_waited() -> None:
    flights, work = SingleFlight(), Work(failures=1)
    asking = [asyncio.create_task(flights.run(b"key", work)) for _ in range(10)]
    await begun(work)
    work.released.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 10
    assert await flights.run(b"key", work) == b"2", "a later caller retries"


@pytest.mark.parametrize("change", ["delete", "set"])
async def test_what_is_being_made_while_the_truth_changes_is_not_kept(change: str) -> None:
    service = Service(identity=Identity(name="test"), environment="test")
    Caching().install(service)
    cache: JsonCache = service.resources[JsonCache]
    reading, released = asyncio.Event(), asyncio.Event()

    async def make() -> str:
        reading.set()
        await released.wait()
        return "old"

    async def remake() -> str:
        return "new"

    early = asyncio.create_task(cache.get_or_set("key", str, make))
    await reading.wait()
    await (cache.delete("key") if change == "delete" else cache.set("key", "new"))
    assert await cache.get_or_set("key", str, remake) == "new", "who asks now does not wait"
    released.set()
    assert await early == "old"
    assert await cache.get("key", str) == "new"
