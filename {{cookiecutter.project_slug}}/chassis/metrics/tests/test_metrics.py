from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.environment import Environment
from chassis.metrics import Metrics
from chassis.metrics.exposition import warn_about_taken_name
from chassis.series import series
from chassis.service import Identity, Service
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

Scrape = dict[str, dict[tuple[str, ...], float]]


def installed(metrics: Metrics) -> Service:
    identity = Identity(name="orders", version="1.2.3", revision="abc")
    service = Service(identity=identity, environment="test")
    metrics.install(service)
    return service


@contextmanager
def running(app: FastAPI, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[TestClient, str]]:
    """Give a client of the service and the address of its metrics, learnt from its log."""
    with caplog.at_level(logging.INFO, logger="chassis.metrics"), TestClient(app) as client:
        yield client, vars(caplog.records[-1])["url"]


def scrape(url: str) -> Scrape:
    found: Scrape = {}
    for family in text_string_to_metric_families(httpx2.get(url).text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_a_scrape_shows_the_service_the_process_and_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application(installed(Metrics(port=0)))
    with running(app, caplog) as (client, url):
        client.get("/nowhere")
        found = scrape(url)
        info = "name", "version", "revision", "environment", "host"
        [identity] = found["service_info"]
        assert dict(zip(info, identity, strict=True)) == {
            "name": "orders",
            "version": "1.2.3",
            "revision": "abc",
            "environment": "test",
            "host": socket.gethostname(),
        }
        assert found["http_requests_total"] == {
            ("GET", "unmatched", "404"): 1,
            ("_OTHER", "shed", "503"): 0,
        }
        assert found["process_resident_memory_bytes"][()] > 1e6
        assert found["event_loop_lag_seconds"][()] >= 0


def test_a_metric_of_a_team_is_shown_with_its_labels(caplog: pytest.LogCaptureFixture) -> None:
    orders = Counter("test_orders_total", "Orders taken.", ["channel"])
    prices = Histogram("test_price_euros", "Prices.", ["channel"], buckets=[10, 100])
    try:
        with running(Application(installed(Metrics(port=0))), caplog) as (_, url):
            orders.labels(channel="web").inc()
            orders.labels(channel="desk").inc(2)
            prices.labels("web").observe(20)
            found = scrape(url)
        assert found["test_orders_total"] == {("web",): 1, ("desk",): 2}
        assert found["test_price_euros_bucket"] == {
            ("web", "10.0"): 0,
            ("web", "100.0"): 1,
            ("web", "+Inf"): 1,
        }
    finally:
        REGISTRY.unregister(orders)
        REGISTRY.unregister(prices)


def test_a_metric_that_takes_the_name_of_the_services_own_is_left_out_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Both together would be counted twice."""
    theirs = Counter("http_requests_total", "Of a library.", ["handler"])
    warn_about_taken_name.cache_clear()
    try:
        with running(Application(installed(Metrics(port=0))), caplog) as (client, url):
            theirs.labels("/orders").inc()
            client.get("/nowhere")
            answers = [httpx2.get(url).text for _ in range(3)]
    finally:
        REGISTRY.unregister(theirs)
    kinds = [re.findall("^# TYPE http_requests(?:_total)? .+", a, re.MULTILINE) for a in answers]
    assert [len(kind) for kind in kinds] == [1, 1, 1]
    assert not any("handler=" in answer for answer in answers)
    assert 'status="404"' in answers[-1]
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert vars(warning)["metric"] == "http_requests"


def test_two_services_of_one_process_count_apart(caplog: pytest.LogCaptureFixture) -> None:
    one, two = (Application(installed(Metrics(port=0))) for _ in range(2))
    with running(one, caplog) as (client, first), running(two, caplog) as (_, second):
        client.get("/")
        assert sum(scrape(first)["http_requests_total"].values()) == 1
        assert sum(scrape(second)["http_requests_total"].values()) == 0


def test_requests_in_flight_are_counted_while_they_last(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(installed(Metrics(port=0)))
    seen: list[float] = []

    @app.get("/look")
    async def look() -> None:
        found = await asyncio.to_thread(scrape, vars(caplog.records[-1])["url"])
        seen.append(found["http_requests_in_flight"][()])

    with running(app, caplog) as (client, url):
        client.get("/look")
        assert seen == [1]
        assert scrape(url)["http_requests_in_flight"] == {(): 0}


def test_scrapes_are_answered_while_the_loop_is_blocked_and_show_the_lag_grow(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application(installed(Metrics(port=0)))
    blocked, released = threading.Event(), threading.Event()

    @app.get("/block")
    async def block() -> None:
        blocked.set()
        time.sleep(2)  # noqa: ASYNC251 - the mistake this is about
        released.set()

    with running(app, caplog) as (client, url):
        request = threading.Thread(target=client.get, args=("/block",))
        request.start()
        assert blocked.wait(5)
        time.sleep(0.5)
        early = scrape(url)
        time.sleep(0.3)
        late = scrape(url)
        assert not released.is_set()
        request.join()
        after = scrape(url)
    assert 0.1 < early["event_loop_lag_seconds"][()] < late["event_loop_lag_seconds"][()]
    assert early["http_requests_in_flight"] == {(): 1}
    assert after["event_loop_lag_seconds"][()] > 1, "a stall is remembered for a while"


def test_figures_of_the_board_are_shown_and_a_broken_one_left_out_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = installed(Metrics(port=0))
    service.gauges["pool_in_use"] = lambda: 3
    service.counters[series("calls_total", to='the "desk"')] = lambda: 7
    service.counters[series("calls_total", to="billing")] = lambda: 8
    service.gauges["broken_pool"] = lambda: 1 / 0
    for table in ("teas", "cups"):
        name = series("statement_seconds", operation="SELECT", table=table)
        service.histograms[name] = lambda: ([("0.5", 1), ("+Inf", 3)], 7.5)
    service.histograms["broken_seconds"] = lambda: ([], 1 / 0)
    with running(Application(service), caplog) as (_, url):
        for _ in range(3):
            found = scrape(url)
    assert found["pool_in_use"] == {(): 3}
    assert found["calls_total"] == {('the "desk"',): 7, ("billing",): 8}
    for table in ("teas", "cups"):
        labels = ("SELECT", table)
        assert found["statement_seconds_bucket"][(*labels, "0.5")] == 1
        assert found["statement_seconds_count"][labels] == 3
        assert found["statement_seconds_sum"][labels] == 7.5
    assert not {"broken_pool", "broken_seconds_count"} & found.keys()
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [vars(warning)["metric"] for warning in warnings] == ["broken_pool", "broken_seconds"]


def test_tracked_operations_are_shown_with_their_failures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("test.metrics", "test.\ud800"):
        with pytest.raises(LookupError), track(name):
            raise LookupError
    with running(Application(installed(Metrics(port=0))), caplog) as (_, url):
        found = scrape(url)
    for name in ("test.metrics", "test.?"):
        assert found["operation_duration_seconds_count"][(name,)] == 1
        assert found["operation_failures_total"][(name,)] == 1


def test_disabled_it_pins_nothing() -> None:
    service = installed(Metrics(enabled=False))
    assert not service.observers + service.lifespans
    assert not service.gauges


def test_a_taken_port_fails_the_start(caplog: pytest.LogCaptureFixture) -> None:
    with running(Application(installed(Metrics(port=0))), caplog) as (_, url):
        taken = int(url.rpartition(":")[2].removesuffix("/metrics"))
        late = Application(installed(Metrics(port=taken)))
        with pytest.raises(OSError, match=r"^METRICS_PORT: "), TestClient(late):
            pass


def test_a_variable_sets_the_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    class Settings(Environment):
        metrics: Metrics = Metrics()

    monkeypatch.setenv("METRICS_BUCKETS", "0.1, 0.5,2")
    monkeypatch.setenv("METRICS_MAX_SERIES", "7")
    assert Settings().metrics == Metrics(buckets=(0.1, 0.5, 2), max_series=7)


@pytest.mark.parametrize("bounds", ["1,0.5", "0,1", "1,1", "nan", "1,inf", "fast"])
def test_bounds_that_make_no_histogram_are_refused(bounds: str) -> None:
    with pytest.raises(ValidationError, match="buckets"):
        Metrics.model_validate({"buckets": bounds})
