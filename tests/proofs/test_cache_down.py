"""R3 and R8: whatever becomes of the cache's server, the service serves, and says degraded."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from tests.proofs.carved import Carved
from tests.proofs.load import Address, Request, load
from tests.proofs.servers import Slowly, redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Replica
    from tests.proofs.load import Tally
    from tests.proofs.servers import Server

TIMEOUT = 0.25
"""Seconds that a command may take: the service's default."""
ERRORS = 3
MAKING = 0.002
"""Seconds that a value takes to be made without the cache."""
BUSY = 0.25
"""Seconds that two cores shared with the load, the server and others may add."""
RETURN = 5.0
ROUTE = '''
"""Squares, slowly."""

from asyncio import sleep

from fastapi import APIRouter

from chassis.cache import Cache
from chassis.service import Feature, Service


class Squares(Feature):
    """Nothing to set."""

    def install(self, service: Service) -> None:
        """Pin the route."""
        router = APIRouter()

        @router.get("/squares/{number}")
        async def square(number: int, cache: Cache) -> int:
            async def make() -> int:
                await sleep(%g)
                return number * number

            return await cache.get_or_set(f"square:{number}", int, make, ttl=0.5)

        @router.delete("/squares/{number}", status_code=204)
        async def forget(number: int, cache: Cache) -> None:
            await cache.delete(f"square:{number}")

        service.routers.append(router)
'''


@pytest.fixture(scope="module")
def caching(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service that only caches, with a route that does."""
    off = dict.fromkeys(("metrics", "database"), False)
    carved = Carved.make(tmp_path_factory.mktemp("caching"), **off, ci="none")
    (carved.path / "app" / "squares.py").write_text(ROUTE % MAKING)
    main = carved.path / "app" / "main.py"
    field = "    cache: Caching = Caching()\n"
    text = main.read_text()
    assert field in text
    text = text.replace(field, f"{field}    squares: Squares = Squares()\n")
    line = "from chassis.service import Identity, Service\n"
    main.write_text(text.replace(line, f"from app.squares import Squares\n{line}"))
    return carved.sync()


@contextmanager
def serving(caching: Carved, url: str) -> Iterator[Replica]:
    """Run the service against that server."""
    with caching.serve(CACHE_URL=url, HEALTH_DETAILS="always") as replica:
        yield replica


def ask(address: Address, path: str) -> tuple[int, Any, float]:
    """Give the status, the body and the seconds of one answer."""
    connection = HTTPConnection(*address, timeout=10)
    began = time.monotonic()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        return answer.status, body, time.monotonic() - began
    finally:
        connection.close()


async def wait_for_state(address: Address, state: str, within: float) -> float:
    """Wait until /health reports it, while readiness stays 200; return the seconds it took."""
    began = time.monotonic()
    while True:
        status, body, seconds = await asyncio.to_thread(ask, address, "/readyz")
        assert (status, seconds < 2) == (200, True), (body, seconds)
        status, body, seconds = await asyncio.to_thread(ask, address, "/health")
        assert (status, seconds < 2) == (200, True), (body, seconds)
        passed = time.monotonic() - began
        if body["checks"]["cache"]["status"] == state:
            assert body["status"] == state
            return passed
        assert passed < within, body
        await asyncio.sleep(0.05)


async def measured(address: Address, seconds: float) -> list[float]:
    """Seconds that each answer took to a client that asks on and on, one at a time."""
    took = []
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1
        status, _, passed = await asyncio.to_thread(ask, address, f"/squares/{number % 7}")
        assert status == 200
        took.append(passed)
        await asyncio.sleep(0.01)
    return took


async def under(fault: str, replica: Replica, server: Server, way: Slowly) -> dict[str, Any]:
    """Load the service, break the server, repair it, and return what that cost."""
    address = replica.address
    requests = [
        *(Request(path=f"/squares/{number}") for number in range(50)),
        Request("DELETE", "/squares/7"),
    ]
    over = False
    loading = asyncio.create_task(
        load(lambda: [address], requests, until=lambda _: over, clients=4)
    )
    await wait_for_state(address, "pass", RETURN)
    match fault:
        case "stopped":
            await asyncio.to_thread(server.stop)
        case "hung":
            server.hang()
        case "slow":
            way.delay = 1.0
    warned = await wait_for_state(address, "warn", RETURN)
    took = await measured(address, 6)
    match fault:
        case "stopped":
            await asyncio.to_thread(server.start)
        case "hung":
            server.resume()
        case "slow":
            way.delay = 0.0
    back = await wait_for_state(address, "pass", RETURN)
    began = time.monotonic()
    while not any(line["message"] == "circuit closed" for line in replica.lines):
        assert time.monotonic() - began < RETURN - back
        await asyncio.sleep(0.05)
    back += time.monotonic() - began
    await asyncio.sleep(0.5)
    over = True
    tally: Tally = await loading
    return {"tally": tally, "warned": warned, "took": took, "back": back}


@pytest.mark.parametrize("fault", ["stopped", "hung", "slow"])
def test_the_service_serves_without_its_cache_and_returns_to_it(
    caching: Carved, fault: str
) -> None:
    async def scenario(server: Server) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        way = Slowly(server)
        async with way.open():
            with serving(caching, way.url if fault == "slow" else server.url) as replica:
                return await under(fault, replica, server, way), replica.lines

    with redis() as server:
        found, lines = asyncio.run(scenario(server))
    tally, took = found["tally"], sorted(found["took"])
    assert not tally.failed, tally.reasons
    assert set(tally.statuses) == {200, 204}
    assert took[-1] < ERRORS * TIMEOUT + MAKING + BUSY, "a cache that is away costs little, at most"
    assert took[len(took) // 2] < MAKING + BUSY, "and mostly nothing"
    assert sum(passed > TIMEOUT for passed in took) <= len(took) // 10
    said = [line["message"] for line in lines if line.get("breaker") == "cache"]
    assert said == ["circuit open", "circuit closed"], "one warning per outage"
    assert "hunter2" not in json.dumps(lines)
    print(  # noqa: T201 - the figures
        f"R8 {fault}: 0 failed of {tally.total}; said warn after {found['warned']:.1f} s; "
        f"median {took[len(took) // 2] * 1000:.0f} ms, worst {took[-1] * 1000:.0f} ms of "
        f"{len(took)}; back after {found['back']:.1f} s"
    )


def test_the_service_starts_without_its_cache(caching: Carved) -> None:
    with redis() as server:
        server.stop()
        with serving(caching, server.url) as replica:
            assert ask(replica.address, "/readyz")[:2] == (200, {"status": "pass"})
            assert ask(replica.address, "/squares/12")[:2] == (200, 144)
            assert ask(replica.address, "/health")[1]["status"] == "warn"
