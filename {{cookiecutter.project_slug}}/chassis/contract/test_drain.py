"""A real process becomes ready, and on SIGTERM turns unready before it closes."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from chassis.testing.process import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = ("-m", "chassis.contract.serving")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One process for all these tests; the last one stops it."""
    with Running(*PROGRAM, SERVER_DRAIN_SECONDS="0.3", SERVER_GRACE_SECONDS="5") as process:
        yield process


def test_a_head_that_is_too_long_is_refused_before_there_is_a_request(
    running: Running,
) -> None:
    with socket.create_connection(running.address, timeout=60) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")
        answer = client.recv(1000)
    assert answer.split()[1] == b"431"
    assert b"application/problem+json" in answer


def test_a_signal_drains_and_what_is_running_is_finished(running: Running) -> None:
    running.wait_until_ready()
    statuses: list[int] = []
    slow = threading.Thread(target=lambda: statuses.append(running.get("/slow/0.5")[0]))
    slow.start()
    running.said("waiting")
    with closing(running.connect()) as kept:
        kept.request("GET", "/livez")
        kept.getresponse().read()
        running.signal()
        running.said("draining")
        assert running.get("/readyz")[0] == 503
        kept.request("GET", "/livez")
        answer = kept.getresponse()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert running.exit_code() == 0
    slow.join()
    assert statuses == [200]
    closed = [line["feature"] for line in running.lines if line["message"] == "closing"]
    assert closed == ["inner", "outer"]
    assert running.lines[-1]["message"] == "stopped"
