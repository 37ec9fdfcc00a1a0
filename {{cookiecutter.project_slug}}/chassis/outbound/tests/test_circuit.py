from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from chassis.outbound import Client, DeadlineExceeded, Rejected
from chassis.outbound.tests.calling import calling, count
from chassis.testing.dependency import delay, faulty_server, hang, reset, respond

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service
    from chassis.testing.dependency import Fault

CALLERS = 200
PERMITS = 3


async def open_it(client: Client) -> None:
    for _ in range(2):
        try:
            await client.post("/")
        except httpx2.TransportError as error:
            assert not isinstance(error, Rejected)  # noqa: PT017 - some faults raise


def state(service: Service) -> float:
    return count(service, "breaker_state")


@pytest.mark.parametrize("fault", [respond(500), respond(503), reset, hang])
async def test_a_dead_service_gets_no_more_tries_than_there_are_permits(fault: Fault) -> None:
    settings = {"breaker_minimum_tries": 2, "breaker_open_seconds": 60, "try_timeout_seconds": 0.2}
    async with faulty_server(fault) as server, calling(server.url, **settings) as (client, service):
        await open_it(client)
        assert state(service) == 2
        client._breaker._circuit._until = 0.0  # noqa: SLF001 - as if those seconds were over
        server.received.clear()
        outcomes = await asyncio.gather(
            *(client.get("/") for _ in range(CALLERS)), return_exceptions=True
        )
        assert len(server.received) <= PERMITS
        assert 1 <= count(service, "breaker_calls_total") - 2 <= PERMITS
        rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
        assert len(rejected) >= CALLERS - PERMITS


async def test_an_open_circuit_answers_in_under_a_millisecond_though_every_place_is_taken(
    generous: None,
) -> None:
    settings = {"breaker_minimum_tries": 1, "max_concurrent": 1, "wait_seconds": 5}
    fault = respond(503, retry_after="5")
    async with faulty_server(fault) as server, calling(server.url, **settings) as (client, service):
        pausing = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0.1)
        assert count(service, "outbound_in_flight") == 1
        took = []
        for _ in range(200):
            began = perf_counter()
            with pytest.raises(Rejected) as raised:
                await client.get("/")
            took.append(perf_counter() - began)
        assert median(took) < 0.001
        assert max(took) < 1
        assert raised.value.retry_after is not None
        assert 0 < raised.value.retry_after <= 6
        pausing.cancel()
        await asyncio.gather(pausing, return_exceptions=True)


async def test_who_has_waited_for_a_place_is_rejected_if_the_circuit_has_opened_meanwhile() -> None:
    settings = {"breaker_minimum_tries": 1, "max_concurrent": 1, "wait_seconds": 5}
    async with (
        faulty_server(delay(0.1, reset)) as server,
        calling(server.url, **settings) as (client, _),
    ):
        calls = (client.post("/") for _ in range(5))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes[1:]] == [Rejected] * 4
        assert len(server.received) == 1


async def test_a_service_that_is_back_is_called_again() -> None:
    settings = {"breaker_minimum_tries": 2, "breaker_open_seconds": 0.05}
    async with (
        faulty_server(None, reset, reset) as server,
        calling(server.url, **settings) as (client, s),
    ):
        await open_it(client)
        await asyncio.sleep(0.1)
        for _ in range(PERMITS):
            assert (await client.get("/")).status_code == 200
        assert state(s) == 0


@pytest.mark.parametrize("status", [400, 404, 429])
async def test_an_answer_that_blames_the_caller_opens_nothing(status: int) -> None:
    async with (
        faulty_server(respond(status)) as server,
        calling(server.url, breaker_minimum_tries=2) as (client, service),
    ):
        for _ in range(5):
            assert (await client.post("/")).status_code == status
        assert state(service) == 0


async def test_time_that_runs_out_is_a_failure_of_the_service() -> None:
    settings = {"breaker_minimum_tries": 2, "timeout_seconds": 0.1}
    async with faulty_server(hang) as server, calling(server.url, **settings) as (client, service):
        for _ in range(2):
            with pytest.raises(DeadlineExceeded):
                await client.get("/")
        assert state(service) == 2


async def test_a_caller_who_leaves_tells_nothing_of_the_service() -> None:
    async with (
        faulty_server(delay(0.2)) as server,
        calling(server.url, breaker_minimum_tries=1) as (client, service),
    ):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.get("/")
        assert count(service, "breaker_calls_total", outcome="neutral") == 3
        assert state(service) == 0
        assert count(service, "outbound_calls_total", outcome="cancelled") == 3
        assert count(service, "outbound_in_flight") == 0


class LeftError(Exception):
    """What an upload ends with whose sender has left."""


async def left() -> AsyncIterator[bytes]:
    yield b"half"
    raise LeftError


BROKEN: list[tuple[type[Exception], dict[str, Any]]] = [
    (httpx2.LocalProtocolError, {"headers": {"x-broken": "a\nb"}}),
    (LeftError, {"content": left}),
]


@pytest.mark.parametrize(("error", "request_of_ours"), BROKEN)
async def test_what_breaks_on_our_side_neither_opens_a_circuit_nor_closes_one(
    error: type[Exception], request_of_ours: dict[str, Any]
) -> None:
    settings = {"breaker_minimum_tries": 2, "breaker_open_seconds": 60}
    async with faulty_server(reset) as server, calling(server.url, **settings) as (client, service):

        async def ask_wrongly() -> None:
            for _ in range(2 * PERMITS):
                given = {name: it() if callable(it) else it for name, it in request_of_ours.items()}
                with pytest.raises(error):
                    await client.put("/", **given)

        server.always = respond()
        await ask_wrongly()
        assert state(service) == 0
        server.always = reset
        await open_it(client)
        client._breaker._circuit._until = 0.0  # noqa: SLF001 - as if those seconds were over
        await ask_wrongly()
        assert state(service) == 1
