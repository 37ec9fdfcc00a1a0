"""Whatever becomes of the collector, requests and the end of the service do not wait for it."""

from __future__ import annotations

import logging
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.service import Identity, Service
from chassis.tests.collector import until
from chassis.tracing import Tracing
from chassis.tracing.tests.conftest import routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.tracing.tests.conftest import Make
    from chassis.tracing.tests.receiver import Receiver

FLUSH = 0.3
BUSY = 5.0
"""Seconds that a machine which others use may add."""


def figures(service: Service) -> dict[str, float]:
    names = ("exported", "failed", "dropped")
    return {name: service.counters[f"tracing_spans_{name}_total"]() for name in names}


@pytest.fixture
def nowhere() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def silent() -> Iterator[str]:
    """Give the address of a server that does not even accept."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as taken:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines, without those of the HTTP client."""
    return [r.getMessage() for r in caplog.records if not r.name.startswith("httpx")]


def traced(endpoint: str, **settings: Any) -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    given = {"ratio": 1, "interval_seconds": 0.05, "flush_seconds": FLUSH, **settings}
    Tracing(endpoint=endpoint, **given).install(service)
    service.routers.append(routes(service))
    return service


def used(service: Service, requests: int = 20) -> tuple[float, float]:
    """Send requests; give the seconds of the slowest one, and of the service's end."""
    slowest = 0.0
    with TestClient(Application(service)) as client:
        for _ in range(requests):
            began = time.monotonic()
            assert client.get("/orders/2/alive").status_code == 200
            slowest = max(slowest, time.monotonic() - began)
        began = time.monotonic()
    return slowest, time.monotonic() - began


def test_spans_are_flushed_at_the_end_though_the_interval_is_long(
    make: Make, collector: Receiver
) -> None:
    service = make(interval_seconds=60, batch_size=3)
    used(service, 2)
    assert len(collector.spans) == 4
    assert figures(service) == {"exported": 4, "failed": 0, "dropped": 0}


def test_a_full_batch_is_sent_before_the_interval_is_over(make: Make, collector: Receiver) -> None:
    with TestClient(Application(make(interval_seconds=60, batch_size=4))) as client:
        client.get("/orders/2/alive")
        client.get("/orders/2/alive")
        collector.wait(lambda: len(collector.spans) == 4)


@pytest.mark.parametrize("mood", ["dead", "silent", "hang", "drip", 503])
def test_neither_a_request_nor_the_end_waits_for_a_collector(
    collector: Receiver,
    nowhere: str,
    silent: str,
    caplog: pytest.LogCaptureFixture,
    mood: str | int,
) -> None:
    collector.mood = mood
    endpoint = {"dead": nowhere, "silent": silent}.get(str(mood), collector.url)
    service = traced(endpoint, timeout_seconds=20)
    with caplog.at_level(logging.INFO):
        slowest, end = used(service, 200)
    assert slowest < BUSY
    assert end < FLUSH + BUSY
    assert figures(service) == {"exported": 0, "failed": 400, "dropped": 0}
    said = [line.split(":")[0] for line in messages(caplog)]
    away = ["collector unavailable, spans are queued"] if mood in {"dead", 503} else []
    assert said == [*away, "spans were lost"]


def test_spans_wait_for_a_collector_that_is_away_and_one_line_says_so(
    make: Make, collector: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    collector.mood = 503
    service = make(batch_size=2)
    with caplog.at_level(logging.INFO), TestClient(Application(service)) as client:
        client.get("/orders/2/alive")
        collector.wait(lambda: len(collector.asked) >= 3)
        client.get("/orders/3/alive")
        collector.mood = 200
        collector.wait(lambda: len(collector.spans) == 4)
        until(lambda: figures(service)["exported"] == 4)
    assert messages(caplog) == [
        "collector unavailable, spans are queued",
        "collector accepts spans again",
    ]


@pytest.mark.parametrize("status", [400, 401, 301, 500])
def test_rejected_spans_are_counted_as_failed_and_not_retried(
    make: Make, collector: Receiver, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    collector.mood = status
    service = make(batch_size=2)
    with TestClient(Application(service)) as client:
        for _ in range(3):
            client.get("/orders/2/alive")
        until(lambda: figures(service)["failed"] == 6)
    assert len(collector.asked) <= 6, "at most once for each span"
    assert [line.split(":")[0] for line in messages(caplog)] == [
        "collector rejected spans",
        "spans were lost",
    ]


def test_past_the_bound_further_spans_are_dropped_and_counted(
    make: Make, collector: Receiver
) -> None:
    collector.mood = 503
    service = make(queue_size=10, batch_size=10)
    with TestClient(Application(service)) as client:
        client.get("/orders/2/alive")
        collector.wait(lambda: collector.asked)
        for _ in range(20):
            client.get("/orders/2/alive")
        waiting = service.gauges["tracing_spans_waiting"]()
        assert figures(service) == {"exported": 0, "failed": 0, "dropped": 32}
        collector.mood = 200
        until(lambda: figures(service)["exported"] == 10)
    assert waiting == 10


def test_a_span_that_cannot_be_encoded_loses_its_batch_and_nothing_else(
    make: Make, collector: Receiver
) -> None:
    service = make()
    tracer = service.resources[TracerProvider].get_tracer("library")
    with TestClient(Application(service)) as client:
        tracer.start_span("\udc80").end()
        until(lambda: figures(service)["failed"] == 1)
        client.get("/orders/2/alive")
        collector.one("orders.alive")


def test_the_headers_are_sent_to_the_path_of_the_endpoint(make: Make, collector: Receiver) -> None:
    used(make(headers="api-key=pl4nted%3D,tenant=blue"), 1)
    path, heads = collector.asked[0]
    assert path == "/v1/traces"
    assert heads["content-type"] == "application/x-protobuf"
    assert (heads["api-key"], heads["tenant"]) == ("pl4nted=", "blue")
