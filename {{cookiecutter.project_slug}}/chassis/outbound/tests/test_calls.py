from __future__ import annotations

import json
import logging
from itertools import count as count_from
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import Depends
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.outbound import Client  # noqa: TC001 - FastAPI reads the annotation
from chassis.outbound.tests.calling import BillingApi, calling, count, serving
from chassis.problems import Problems
from chassis.service import Identity, Service
from chassis.testing.dependency import faulty_server, hang, reset, respond
from chassis.timing import operations

if TYPE_CHECKING:
    from chassis.testing.dependency import Fault


async def test_a_call_carries_the_request_id_and_what_the_board_says_but_no_baggage() -> None:
    async with faulty_server() as server, calling(server.url) as (client, service):
        service.outgoing_headers.append(lambda: {"traceparent": "weaker"})
        service.outgoing_headers.append(lambda: {"traceparent": "stronger"})
        with serving(x_request_id="id-1", baggage="who=ada"):
            await client.get("/")
            await client.get("/", headers={"X-Request-ID": "strongest"})
        first, second = (it.headers for it in server.received)
        assert (first["x-request-id"], first["traceparent"]) == ("id-1", "stronger")
        assert second["x-request-id"] == "strongest"
        assert "baggage" not in first


async def test_a_call_for_no_request_carries_nothing_of_one() -> None:
    async with faulty_server() as server, calling(server.url) as (client, _):
        await client.get("/")
        assert "x-request-id" not in server.received[-1].headers


async def test_each_try_asks_the_board_anew(generous: None) -> None:
    tries = count_from(1)
    async with (
        faulty_server(respond(), respond(503)) as server,
        calling(server.url) as (client, service),
    ):
        service.outgoing_headers.append(lambda: {"traceparent": str(next(tries))})
        await client.get("/")
        assert [it.headers["traceparent"] for it in server.received] == ["1", "2"]


async def test_no_caller_gets_the_cookies_of_another() -> None:
    always = respond(set_cookie="session=1; Path=/")
    async with faulty_server(always) as server, calling(server.url) as (client, _):
        for _ in range(2):
            await client.get("/")
        assert "cookie" not in server.received[-1].headers
        await client.get("/", headers={"cookie": "own=1"})
        assert server.received[-1].headers["cookie"] == "own=1"


async def test_a_redirect_is_an_answer_and_proxies_are_not_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with (
        faulty_server(respond(307, location="/elsewhere")) as server,
        calling(server.url) as (c, _),
    ):
        assert (await c.get("/")).status_code == 307
        assert len(server.received) == 1


@pytest.mark.parametrize("way", ["address", "redirect", "no address of its own"])
async def test_a_client_calls_no_other_service(way: str) -> None:
    async with faulty_server() as other:
        redirect = respond(307, location=f"{other.url}/elsewhere")
        async with (
            faulty_server(redirect) as server,
            calling("" if way.startswith("no") else server.url) as (client, service),
        ):
            path = "/" if way == "redirect" else f"{other.url}/elsewhere"
            with pytest.raises(httpx2.TransportError, match=r"its own base URL only|no base URL"):
                await client.get(path, follow_redirects=True)
            assert not count(service, "outbound_retries_total")
        assert not other.received


async def test_a_client_calls_its_service_by_path_and_by_address() -> None:
    async with faulty_server() as server, calling(server.url) as (client, _):
        for url in ("/a", f"{server.url}/b", f"{server.url.upper().replace('HTTP', 'http')}/c"):
            assert (await client.get(url)).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (reset, 502, "unreachable"),
        (hang, 504, "timeout"),
        (respond(500), 502, "failed"),
        (respond(200, b"no", content_encoding="gzip"), 502, "failed"),
        (respond(429, retry_after="7"), 503, "unavailable"),
        (respond(404), 500, None),
    ],
)
async def test_a_failure_that_no_route_catches_is_a_problem_that_tells_no_address(
    fault: Fault, status: int, kind: str | None
) -> None:
    async with faulty_server(fault) as server:
        answer = await ask(server.url)
        assert answer.status_code == status
        members = answer.json()
        assert members["type"] == (f"/problems/dependency-{kind}" if kind else "about:blank")
        assert ("'billing'" in members.get("detail", "")) == bool(kind)
        assert "127.0.0.1" not in answer.text
        assert answer.headers.get("retry-after") == ("7" if status == 503 else None)


async def test_a_rejected_call_is_a_503_that_says_when_to_come_back() -> None:
    settings: dict[str, Any] = {"breaker_minimum_tries": 1, "breaker_open_seconds": 2.5}
    async with faulty_server(reset) as server:
        answer = await ask(server.url, times=2, **settings)
        assert (answer.status_code, answer.json()["type"]) == (
            503,
            "/problems/dependency-unavailable",
        )
        assert answer.headers["retry-after"] == "3"


async def test_without_an_address_every_call_is_rejected() -> None:
    answer = await ask("")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/dependency-unavailable")
    assert "retry-after" not in answer.headers


async def ask(url: str, times: int = 1, **settings: Any) -> httpx2.Response:
    """Ask a service whose route calls another one and leaves all errors to it."""
    service = Service(identity=Identity(name="test"), environment="test")
    Problems().install(service)
    BillingApi(base_url=url, timeout_seconds=0.2, **settings).install(service)
    app = Application(service)

    @app.get("/")
    async def route(client: Client = Depends(BillingApi.client)) -> int:  # noqa: B008 - a class inside a test
        return (await client.post("/charges?token=pl4nted")).raise_for_status().status_code

    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        service.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://t") as asking,
    ):
        for _ in range(times):
            answer = await asking.get("/")
        return answer


async def test_a_call_is_one_line_without_query_and_headers_and_one_count(
    generous: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"authorization": "Bearer pl4nted"}
    async with (
        faulty_server(respond(503), respond()) as server,
        calling(server.url) as (client, service),
    ):
        before = operations["outbound.billing"].totals()
        for _ in range(2):
            await client.get("/charges/7?token=pl4nted", headers=secret)
        lines = [
            line for line in caplog.records if line.name.startswith("chassis.outbound.recorder")
        ]
        assert [line.levelname for line in lines] == ["DEBUG", "WARNING"]
        fields = vars(lines[1])
        expected = {
            "dependency": "billing",
            "http.request.method": "GET",
            "url.path": "/charges/7",
            "http.response.status_code": 503,
            "tries": 3,
            "outcome": "error",
        }
        assert {name: fields[name] for name in expected} == expected
        assert fields["duration_ms"] > 0
        assert "pl4nted" not in caplog.text + json.dumps([vars(it) for it in lines], default=str)
        assert [line.name for line in caplog.records if "http" in line.name] == []
        assert count(service, "outbound_calls_total", outcome="success") == 1
        assert count(service, "outbound_calls_total", outcome="error") == 1
        after = operations["outbound.billing"].totals()
        assert after.buckets[-1][1] - before.buckets[-1][1] == 4, "each try is timed"
        assert after.failed - before.failed == 3


async def test_a_call_that_was_never_made_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with calling("") as (client, service):
        with pytest.raises(httpx2.TransportError):
            await client.get("/")
        assert not [line for line in caplog.records if line.levelno >= logging.WARNING]
        assert count(service, "outbound_calls_total", outcome="rejected") == 1


async def test_series_are_as_many_before_the_first_call_as_after_many() -> None:
    async with faulty_server() as server, calling(server.url) as (client, service):
        before = {*service.counters, *service.gauges}
        for number in range(20):
            await client.request("GET", f"/{number}")
        assert {*service.counters, *service.gauges} == before


def test_a_service_opens_and_closes_its_clients_as_often_as_it_is_started() -> None:
    service = Service(identity=Identity(name="test"), environment="test")
    BillingApi().install(service)
    app = Application(service)
    for _ in range(2):
        with TestClient(app):
            client = service.resources[BillingApi]
            assert not client.is_closed
        assert client.is_closed
