from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from chassis.outbound import Rejected
from chassis.outbound.retry_budget import RetryBudget
from chassis.outbound.tests.calling import NEVER, calling, count
from chassis.outbound.tests.faults import truncate
from chassis.testing.dependency import faulty_server, hang, reset, respond

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.testing.dependency import Fault


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        *((method, reset) for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")),
        *(("GET", respond(status)) for status in (429, 502, 503, 504)),
    ],
)
async def test_what_may_be_repeated_is_tried_again(
    generous: None, method: str, fault: Fault
) -> None:
    async with (
        faulty_server(None, fault, fault) as server,
        calling(server.url) as (client, service),
    ):
        assert (await client.request(method, "/")).status_code == 200
        assert len(server.received) == 3
        assert count(service, "outbound_retries_total") == 2
        assert count(service, "outbound_calls_total", outcome="success") == 1


@pytest.mark.parametrize("fault", [truncate, hang])
async def test_an_answer_that_breaks_off_or_does_not_come_is_tried_again(
    generous: None, fault: Fault
) -> None:
    async with (
        faulty_server(None, fault) as server,
        calling(server.url, try_timeout_seconds=0.1) as (client, _),
    ):
        assert (await client.get("/")).status_code == 200


@pytest.mark.parametrize("status", [200, 301, 400, 404, 500, 501])
async def test_other_answers_are_not(generous: None, status: int) -> None:
    async with faulty_server(respond(status)) as server, calling(server.url) as (client, _):
        assert (await client.get("/")).status_code == status
        assert len(server.received) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("fault", [reset, respond(503), respond(429), truncate, hang])
async def test_what_may_have_an_effect_twice_is_never_repeated(
    generous: None, method: str, fault: Fault
) -> None:
    async with (
        faulty_server(fault) as server,
        calling(server.url, try_timeout_seconds=0.1) as (client, _),
    ):
        try:
            answered = await client.request(method, "/", json={})
        except httpx2.TransportError:
            pass
        else:
            assert answered.status_code in {429, 503}
        await asyncio.sleep(0.15)
        assert len(server.received) == 1


async def test_with_an_idempotency_key_it_is_and_has_the_same_key_and_body(
    generous: None,
) -> None:
    async with (
        faulty_server(None, reset, respond(503)) as server,
        calling(server.url) as (client, _),
    ):
        await client.post("/", json={"a": 1}, headers={"Idempotency-Key": "k"})
        sent = [(it.headers["idempotency-key"], it.body) for it in server.received]
        assert sent == [("k", b'{"a":1}')] * 3


async def test_a_body_that_is_gone_once_it_was_sent_is_not_sent_again(generous: None) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"

    async with faulty_server(respond(503)) as server, calling(server.url) as (client, _):
        assert (await client.put("/", content=pieces())).status_code == 503
        assert len(server.received) == 1


async def test_the_last_answer_is_given_when_the_tries_are_used_up(generous: None) -> None:
    async with faulty_server(respond(503, b"sorry")) as server, calling(server.url) as (client, _):
        answered = await client.get("/")
        assert (answered.status_code, answered.content) == (503, b"sorry")
        assert len(server.received) == 3


async def test_no_try_again_if_none_is_wanted(generous: None) -> None:
    async with faulty_server(respond(503)) as server, calling(server.url, retries=0) as (client, _):
        await client.get("/")
        assert len(server.received) == 1


async def test_when_every_call_fails_tries_are_a_tenth_more_than_calls_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chassis.outbound.retry_budget.TOKENS_PER_SECOND", 0)
    calls = 1000
    settings = {"breaker_minimum_tries": NEVER, "breaker_window_seconds": 0.001}
    async with (
        faulty_server(respond(503)) as server,
        calling(server.url, **settings) as (client, service),
    ):

        async def caller() -> None:
            for _ in range(calls // 20):
                assert (await client.get("/")).status_code == 503

        await asyncio.gather(*(caller() for _ in range(20)))
        assert calls * 1.09 <= len(server.received) <= calls * 1.1
        assert count(service, "outbound_retries_total") == len(server.received) - calls
        assert count(service, "outbound_retries_refused_total") >= calls * 0.9


def test_a_quiet_client_may_try_again_once_a_second() -> None:
    now = 0.0
    budget = RetryBudget(0.1, clock=lambda: now)
    allowed = []
    for _ in range(10):
        now += 1
        budget.record_call()
        allowed.append(budget.take_token())
    assert all(allowed)


def test_what_is_saved_up_is_bounded() -> None:
    now = 0.0
    budget = RetryBudget(0.1, clock=lambda: now)
    now += 3600
    budget.record_call()
    assert sum(budget.take_token() for _ in range(100)) == 10


async def test_no_try_follows_once_the_circuit_has_opened(generous: None) -> None:
    async with (
        faulty_server(respond(503)) as server,
        calling(server.url, breaker_minimum_tries=2) as (client, service),
    ):
        with pytest.raises(Rejected):
            await client.get("/")
        assert len(server.received) == 2
        assert count(service, "outbound_calls_total", outcome="rejected") == 1


async def test_a_call_cancelled_in_a_pause_leaves_nothing_behind(generous: None) -> None:
    async with (
        faulty_server(respond(503, retry_after="5")) as server,
        calling(server.url, max_concurrent=1, wait_seconds=0) as (client, service),
    ):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), client.stream("GET", "/"):
                pass
        assert count(service, "outbound_in_flight") == 0
        server.always = respond()
        assert (await client.get("/")).status_code == 200


async def test_a_streamed_answer_is_replaced_by_that_of_the_next_try(generous: None) -> None:
    bad = respond(503, b"bad")
    async with (
        faulty_server(respond(200, b"good"), bad, bad) as server,
        calling(server.url) as (client, _),
        client.stream("GET", "/") as answered,
    ):
        assert await answered.aread() == b"good"
        assert len(server.received) == 3
        await asyncio.sleep(0.05)
        assert server.connections == 1
