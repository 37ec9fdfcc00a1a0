from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING

import httpx2
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from chassis.metrics import server
from chassis.metrics.exposition import expose
from chassis.metrics.operations import OperationCollector
from chassis.metrics.server import serve_metrics
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.metrics.server import Expose


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("cups_total", "Cups.", registry=registry).inc(3)
    return registry


@pytest.fixture
def show(registry: CollectorRegistry) -> Expose:
    return partial(expose, registry=registry, collectors=[OperationCollector()])


@pytest.fixture
def url(show: Expose) -> Iterator[str]:
    with serve_metrics("127.0.0.1", 0, show) as url:
        yield url


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60)


def test_metrics_are_given_as_text(url: str) -> None:
    answer = httpx2.get(f"{url}/metrics?a=b")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "\ncups_total 3.0\n" in answer.text


def test_labels_are_escaped(url: str) -> None:
    with track('test "quoted" \\ \n'):
        pass
    families = text_string_to_metric_families(httpx2.get(f"{url}/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    assert 'test "quoted" \\ \n' in {sample.labels.get("operation") for sample in samples}


@pytest.mark.parametrize(
    "path", ["/", "/timings", "/favicon.ico", "/metrics/", "/../etc/passwd", "/%00", "//["]
)
def test_nothing_else_is_there(url: str, path: str) -> None:
    with connect(url) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.0 404 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /metrics HTTP/1.1\r\n\r\n",
        b"__init__ /metrics HTTP/1.1\r\n\r\n",
        b"\xff\xfe\x00 / HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 70_000,
        b"\r\n",
        b"",
    ],
)
def test_a_hostile_request_is_refused_and_prints_nothing(
    url: str, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with connect(url) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(100)
    assert not answer.startswith((b"HTTP/1.0 2", b"HTTP/1.0 500"))
    assert httpx2.get(f"{url}/metrics").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_a_silent_client_is_dropped(show: Expose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.MetricsHandler, "timeout", 0.1)
    with serve_metrics("127.0.0.1", 0, show) as url, connect(url) as client:
        client.sendall(b"GET /met")
        assert client.recv(1) == b""


def test_a_collector_that_fails_is_logged_and_hurts_no_later_scrape(
    registry: CollectorRegistry, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def collect(self) -> Iterator[None]:
            raise LookupError("broken")

    broken = Broken()
    registry.register(broken)  # type: ignore[arg-type]
    with pytest.raises(httpx2.HTTPError):
        httpx2.get(f"{url}/metrics")
    registry.unregister(broken)  # type: ignore[arg-type]
    assert httpx2.get(f"{url}/metrics").status_code == 200
    assert "LookupError" in caplog.text


def test_a_taken_port_is_told_in_one_sentence_that_names_the_variable(
    show: Expose, url: str
) -> None:
    taken = int(url.rpartition(":")[2])
    message = rf"^METRICS_PORT: cannot listen on 127.0.0.1 port {taken}: Address already in use\. "
    with pytest.raises(OSError, match=message), serve_metrics("127.0.0.1", taken, show):
        pass


def test_the_port_is_free_again_after_the_block(show: Expose) -> None:
    with serve_metrics("127.0.0.1", 0, show) as url:
        httpx2.get(f"{url}/metrics")
    with pytest.raises(ConnectionRefusedError):
        connect(url)
    with serve_metrics("127.0.0.1", int(url.rpartition(":")[2]), show) as again:
        assert again == url


def test_an_ipv6_address_is_served_too(show: Expose) -> None:
    with serve_metrics("::1", 0, show) as url:
        assert url.startswith("http://[::1]:")
        assert httpx2.get(f"{url}/metrics").status_code == 200
