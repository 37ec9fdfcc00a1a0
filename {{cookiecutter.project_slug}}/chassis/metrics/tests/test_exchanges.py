from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.exchange import Exchange
from chassis.metrics.exchanges import OTHER, ExchangeCollector
from chassis.service import Identity, Service
from chassis.timing.histogram import Histogram

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request


@pytest.fixture
def service() -> Service:
    return Service(identity=Identity(name="t"), environment="test")


@pytest.fixture
def table(service: Service) -> ExchangeCollector:
    table = ExchangeCollector((0.1, 1.0), 50)
    service.observers.append(table.observe)
    return table


def samples(table: ExchangeCollector, name: str) -> dict[tuple[str, ...], float]:
    """Values by method, route and status (and bound, where there is one)."""
    text = "".join(family.text() for family in table.families())
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def requests(table: ExchangeCollector) -> dict[tuple[str, ...], float]:
    """Count them without those that were refused because of overload."""
    counted = samples(table, "http_requests_total")
    return {key: number for key, number in counted.items() if "shed" not in key}


async def ask(app: FastAPI, method: str, path: str, headers: Any = ()) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pass

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"headers": headers, "query_string": b"", "root_path": "", "http_version": "1.1"}
    await app({**scope, "scheme": "http", "server": ("t", 80)}, receive, send)


def plain(_: Request) -> Response:
    return PlainTextResponse("hello")


def test_requests_are_counted_by_method_route_and_status(
    service: Service, table: ExchangeCollector
) -> None:
    app = Application(service)

    @app.post("/orders/{number}", status_code=201)
    def order(number: int) -> None: ...

    with TestClient(app) as client:
        for number in ("1", "2", "x"):
            client.post(f"/orders/{number}?a=b")
    assert requests(table) == {
        ("POST", "/orders/{number}", "201"): 2,
        ("POST", "/orders/{number}", "422"): 1,
    }


def test_the_route_is_the_full_template_wherever_it_was_declared(
    service: Service, table: ExchangeCollector, tmp_path: Path
) -> None:
    (tmp_path / "a.css").touch()
    inner, outer, sub = APIRouter(prefix="/lines"), APIRouter(prefix="/orders/{number}"), FastAPI()

    @inner.get("/{line}")
    def line(number: int, line: int) -> None: ...

    @sub.get("/reports/{name}")
    def report(name: str) -> None: ...

    outer.include_router(inner)
    service.routers.append(outer)
    app = Application(service)
    app.mount("/sub", sub)
    app.mount("/star", Starlette(routes=[Route("/things/{name}", plain)]))
    app.mount("/static", StaticFiles(directory=tmp_path))
    app.router.routes.append(Mount("/t/{tenant}", routes=[Route("/home", plain)]))
    app.router.routes.append(Route("/plain/{name}", plain))
    expected = {
        "/orders/7/lines/8": "/orders/{number}/lines/{line}",
        "/sub/reports/may": "/sub/reports/{name}",
        "/star/things/cup": "/star/things/{name}",
        "/static/a.css": "/static/{path}",
        "/t/acme/home": "/t/{tenant}/home",
        "/plain/x": "/plain/{name}",
        "/nowhere": "unmatched",
    }
    with TestClient(app) as client:
        for path in expected:
            client.get(path)
        client.delete("/orders/7/lines/8")
    seen = {(method, route) for method, route, _ in requests(table)}
    assert seen == {
        *(("GET", route) for route in expected.values()),
        ("DELETE", "/orders/{number}/lines/{line}"),
    }


async def test_ten_thousand_invented_paths_and_methods_make_no_more_series(
    service: Service, table: ExchangeCollector
) -> None:
    app = Application(service)

    @app.get("/orders/{number}")
    async def order(number: str) -> None: ...

    dice = random.Random(0)  # noqa: S311 - repeatable, not secret
    for round_ in range(2):
        for number in range(100 if round_ == 0 else 5000):
            letters = "".join(dice.choices("ABCDEFGHIJ", k=8))
            await ask(app, letters, f"/{letters}")
            await ask(app, dice.choice([letters, "GET", "PUT"]), f"/orders/{number}")
        if round_ == 0:
            before = set(requests(table))
    assert set(requests(table)) == before
    assert sum(requests(table).values()) == 10_200
    assert {method for method, _, _ in before} == {"GET", "PUT", OTHER}


async def test_past_the_cap_further_series_become_one_per_class_of_status(
    service: Service, table: ExchangeCollector, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application(service)

    async def hello() -> None: ...

    for number in range(200):
        app.get(f"/{number}")(hello)
    for number in range(200):
        await ask(app, "GET", f"/{number}")
    for _ in range(2):
        await ask(app, "GET", "/nowhere")
    assert len(requests(table)) == 52
    assert requests(table)[(OTHER, OTHER, "2xx")] == 150
    assert requests(table)[(OTHER, OTHER, "4xx")] == 2
    assert len(caplog.records) == 1
    assert "METRICS_MAX_SERIES" in caplog.text


def test_bodies_are_measured_where_their_length_is_known(
    service: Service, table: ExchangeCollector
) -> None:
    app = Application(service)

    @app.post("/echo")
    async def echo() -> StreamingResponse:
        return StreamingResponse(iter([b"x" * 700, b"y" * 800]))

    with TestClient(app) as client:
        client.post("/echo", content=b"z" * 20_000)
        client.post("/echo", content=iter([b"chunked"]))
    key = ("POST", "/echo", "200")
    assert samples(table, "http_request_body_bytes_sum") == {key: 20_000}
    assert samples(table, "http_response_body_bytes_sum") == {key: 3000}
    assert samples(table, "http_response_body_bytes_count") == {key: 2}
    buckets = samples(table, "http_response_body_bytes_bucket")
    assert [buckets[(*key, bound)] for bound in ("1000.0", "10000.0", "+Inf")] == [0, 2, 2]


@pytest.mark.parametrize("length", [b"-1", b"1e9", b"", b"\xb2", b"9" * 5000])
async def test_a_strange_content_length_hurts_nobody(
    service: Service, table: ExchangeCollector, length: bytes
) -> None:
    notified: list[Exchange] = []
    service.observers.append(notified.append)
    await ask(Application(service), "GET", "/", [(b"content-length", length)])
    assert len(notified) == 1, "the next observer is called too"
    assert requests(table) == {("GET", "unmatched", "404"): 1}
    assert not samples(table, "http_request_body_bytes_count")


async def test_an_exchange_that_is_cut_before_its_answer_counts_as_a_failure(
    service: Service, table: ExchangeCollector
) -> None:
    app = Application(service)

    @app.get("/cut")
    async def cut() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await ask(app, "GET", "/cut")
    assert requests(table) == {("GET", "/cut", "500"): 1}


def exchange(service: Service, status: int) -> Exchange:
    """Make an exchange that has ended."""
    scope = {"type": "http", "method": "GET", "headers": [], "path": "/"}
    ended = Exchange(scope, lambda _: None, service)  # type: ignore[arg-type,return-value]
    ended.status, ended.seconds = status, 0.05
    return ended


def test_an_exchange_that_ends_during_a_scrape_is_in_count_and_duration_or_in_neither(
    service: Service, table: ExchangeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(histogram: Histogram) -> list[tuple[str, int]]:
        found = buckets(histogram)
        table.observe(exchange(service, 200))
        table.observe(exchange(service, 300 + len(runs)))
        runs.append(None)
        return found

    runs: list[None] = []
    buckets = Histogram.buckets
    monkeypatch.setattr(Histogram, "buckets", interrupted)
    table.observe(exchange(service, 200))
    lines = "".join(family.text() for family in table.families()).splitlines()
    labels = '{method="GET",route="unmatched",status="200"}'
    assert f"http_requests_total{labels} 1" in lines
    assert f"http_request_duration_seconds_count{labels} 1" in lines


def test_requests_refused_because_of_overload_are_counted_with_a_route_of_their_own() -> None:
    total, *_ = ExchangeCollector((0.5, 1.0), 10, lambda: 7).families()
    assert 'http_requests_total{method="_OTHER",route="shed",status="503"} 7' in total.text()
