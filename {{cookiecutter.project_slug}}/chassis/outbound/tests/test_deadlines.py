from __future__ import annotations

import asyncio
from contextlib import aclosing
from time import perf_counter

import httpx2
import pytest

from chassis.outbound import Client, DeadlineExceeded, Rejected
from chassis.outbound.tests.calling import calling, count
from chassis.outbound.tests.faults import trickle
from chassis.testing.dependency import delay, faulty_server, hang, respond

BUSY = 0.5
"""Seconds that a machine with other work to do may add."""


async def test_a_call_ends_at_its_deadline_however_often_it_could_be_tried(generous: None) -> None:
    settings = {"timeout_seconds": 0.5, "try_timeout_seconds": 0.1, "retries": 9}
    async with faulty_server(hang) as server, calling(server.url, **settings) as (client, service):
        began = perf_counter()
        with pytest.raises(DeadlineExceeded):
            await client.get("/")
        assert perf_counter() - began < 0.5 + BUSY
        assert len(server.received) > 1
        assert count(service, "outbound_calls_total", outcome="timeout") == 1


async def test_a_try_that_is_late_leaves_time_for_another(generous: None) -> None:
    settings = {"timeout_seconds": 5, "try_timeout_seconds": 0.1}
    async with faulty_server(None, hang) as server, calling(server.url, **settings) as (client, _):
        assert (await client.get("/")).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_trickles_in_is_cut_at_the_deadline(*, stream: bool) -> None:
    async def read(client: Client) -> None:
        answered = await client.send(client.build_request("GET", "/"), stream=stream)
        async with aclosing(answered):
            await answered.aread()

    async with (
        faulty_server(trickle(0.02)) as server,
        calling(server.url, timeout_seconds=0.3) as (client, service),
    ):
        began = perf_counter()
        with pytest.raises(DeadlineExceeded):
            await read(client)
        assert 0.25 <= perf_counter() - began < 0.3 + BUSY
        assert count(service, "outbound_in_flight") == 0


async def test_waiting_for_a_place_is_part_of_the_time() -> None:
    settings = {"timeout_seconds": 0.3, "max_concurrent": 1, "wait_seconds": 60}
    async with faulty_server(hang) as server, calling(server.url, **settings) as (client, _):
        first = asyncio.create_task(client.post("/"))
        await asyncio.sleep(0.15)
        began = perf_counter()
        with pytest.raises(DeadlineExceeded):  # with a place from 0.3 to 0.45
            await client.post("/")
        assert 0.25 <= perf_counter() - began < 0.3 + BUSY
        with pytest.raises(DeadlineExceeded):
            await first


async def test_waiting_for_a_place_ends_with_the_time() -> None:
    settings = {"timeout_seconds": 0.2, "max_concurrent": 1, "wait_seconds": 60}
    async with (
        faulty_server() as server,
        calling(server.url, **settings) as (client, _),
        client.stream("GET", "/"),
    ):
        began = perf_counter()
        with pytest.raises(Rejected):
            await client.get("/")
        assert perf_counter() - began < 0.2 + BUSY


async def test_a_streamed_answer_that_falls_silent_is_given_up() -> None:
    async def head_only(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 -\r\ncontent-length: 9\r\n\r\n")
        await hang(writer)

    async with (
        faulty_server(head_only) as server,
        calling(server.url, try_timeout_seconds=0.1) as (c, _),
    ):
        with pytest.raises(httpx2.ReadTimeout):
            async with c.stream("GET", "/") as answered:
                await answered.aread()


async def test_a_queue_for_places_is_short() -> None:
    settings = {"max_concurrent": 2, "wait_seconds": 0.05}
    async with faulty_server(hang) as server, calling(server.url, **settings) as (client, service):
        calls = [asyncio.create_task(client.get("/")) for _ in range(6)]
        await asyncio.sleep(0.02)
        assert count(service, "outbound_in_flight") == 2
        assert count(service, "outbound_waiting") == 4
        done, under_way = await asyncio.wait(calls, timeout=1)
        assert [type(call.exception()) for call in done] == [Rejected] * 4
        assert len(server.received) == 2
        assert count(service, "outbound_waiting") == 0
        for call in under_way:
            call.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        assert count(service, "outbound_in_flight") == 0
        assert count(service, "breaker_calls_total", outcome="failure") == 0


async def test_a_place_that_is_given_back_goes_to_who_waits() -> None:
    settings = {"max_concurrent": 1, "wait_seconds": 5}
    async with faulty_server(delay(0.05)) as server, calling(server.url, **settings) as (client, _):
        answers = await asyncio.gather(*(client.get("/") for _ in range(4)))
        assert [it.status_code for it in answers] == [200] * 4
        assert len(server.received) == 4


async def test_a_streamed_answer_keeps_its_place_until_it_is_closed() -> None:
    async with (
        faulty_server(respond(200, b"body")) as server,
        calling(server.url) as (client, service),
    ):
        async with client.stream("GET", "/") as answered:
            assert count(service, "outbound_in_flight") == 1
            assert await answered.aread() == b"body"
            assert count(service, "outbound_in_flight") == 0
            assert answered.elapsed.total_seconds() > 0
        async with client.stream("GET", "/"):
            assert count(service, "outbound_in_flight") == 1
        assert count(service, "outbound_in_flight") == 0
