from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from app.quotes import Quotes, QuotesApi
from chassis.application import Application
from chassis.problems import Problems
from chassis.service import Identity, Service
from chassis.testing.dependency import faulty_server, reset, respond

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.testing.dependency import Fault


def quote(symbol: str, price: float) -> Fault:
    return respond(200, json.dumps({"symbol": symbol, "price": price}).encode())


@asynccontextmanager
async def asking(url: str, kept: int = 10, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    service = Service(identity=Identity(name="test"), environment="test")
    for feature in (Problems(), QuotesApi(base_url=url, **settings), Quotes(kept=kept)):
        feature.install(service)
    app = Application(service)
    transport = httpx2.ASGITransport(app)
    async with (
        service.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        yield client


async def test_a_quote_comes_from_the_service_that_knows() -> None:
    async with faulty_server(quote("ABC", 7.5)) as server, asking(server.url) as client:
        answers = await client.get("/quotes/ABC")
        assert answers.json() == {"symbol": "ABC", "price": 7.5, "stale": False}
        assert server.received[-1].path == "/quotes/ABC"


@pytest.mark.parametrize("fault", [reset, respond(500), respond(401), respond(200, b"no quote")])
async def test_the_last_one_known_stands_in_when_that_fails(fault: Fault) -> None:
    async with (
        faulty_server(fault, quote("ABC", 1), quote("ABC", 2)) as server,
        asking(server.url) as client,
    ):
        for _ in range(2):
            await client.get("/quotes/ABC")
        answers = await client.get("/quotes/ABC")
        assert answers.json() == {"symbol": "ABC", "price": 2, "stale": True}


async def test_the_last_one_known_stands_in_while_the_circuit_is_open() -> None:
    async with (
        faulty_server(reset, quote("ABC", 1)) as server,
        asking(server.url, breaker_minimum_tries=2, retries=0) as client,
    ):
        answers = [await client.get("/quotes/ABC") for _ in range(9)]
        assert [it.json()["stale"] for it in answers] == [False, *[True] * 8]
        assert len(server.received) == 2


async def test_what_is_not_known_is_a_problem() -> None:
    async with (
        faulty_server(respond(500), respond(404), respond(200, b"no quote")) as server,
        asking(server.url) as client,
    ):
        answers = [await client.get("/quotes/ABC") for _ in range(3)]
        assert [it.status_code for it in answers] == [404, 502, 502]
    async with asking("") as client:
        assert (await client.get("/quotes/ABC")).status_code == 503


async def test_only_so_many_are_kept_those_asked_for_last() -> None:
    asked = ["A", "B", "A", "C"]
    async with (
        faulty_server(reset, *(quote(symbol, 1) for symbol in asked)) as server,
        asking(server.url, kept=2) as client,
    ):
        for symbol in asked:
            await client.get(f"/quotes/{symbol}")
        answers = [(await client.get(f"/quotes/{it}")).status_code for it in "ABC"]
        assert answers == [200, 502, 200]


@pytest.mark.parametrize("symbol", ["abc", "..%2Fadmin", "A" * 9, "%0A"])
async def test_what_is_no_symbol_is_not_asked_for(symbol: str) -> None:
    async with faulty_server() as server, asking(server.url) as client:
        assert (await client.get(f"/quotes/{symbol}")).status_code in {404, 422}
        assert not server.received
