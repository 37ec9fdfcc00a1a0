"""A real process: it gets ready, and at SIGTERM it turns clients away before it closes."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

from chassis.testing.process import Running

PROGRAM = ("-m", "chassis.testing.serving")


def test_a_signal_drains_and_what_is_running_is_finished() -> None:
    with Running(*PROGRAM, SERVER_DRAIN_SECONDS="0.3", SERVER_GRACE_SECONDS="5") as running:
        assert running.get("/readyz")[0] == 200
        statuses: list[int] = []
        slow = threading.Thread(target=lambda: statuses.append(running.get("/slow/1")[0]))
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


def test_a_head_that_is_too_long_is_refused_before_there_is_a_request() -> None:
    with Running() as running, socket.create_connection(running.address, timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")
        answer = client.recv(1000)
    assert answer.split()[1] == b"431"
    assert b"application/problem+json" in answer
