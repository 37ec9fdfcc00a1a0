import signal
import socket
import threading
import time
from contextlib import closing
from http.client import HTTPException, IncompleteRead

import pytest

from chassis.testing.process import Running

PROGRAM = ("-m", "chassis.tests.serving")


def in_background(running: Running, path: str) -> tuple[threading.Thread, list[str]]:
    """Ask in a thread; the list gets the status, or what went wrong."""
    outcome: list[str] = []

    def ask() -> None:
        try:
            outcome.append(str(running.get(path)[0]))
        except (OSError, HTTPException) as error:
            outcome.append(type(error).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    running.said("waiting")
    return thread, outcome


def test_it_serves_and_ends_with_zero_and_says_how_long_that_took() -> None:
    with Running() as running:
        running.wait_until_ready()
        running.signal()
        assert running.exit_code() == 0
        assert running.lines[-1]["message"] == "stopped"
        assert running.lines[-1]["seconds"] < 10


def test_an_answer_comes_in_one_piece() -> None:
    pieces = set()
    with Running() as running, closing(socket.create_connection(running.address)) as client:
        for _ in range(50):
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, _, body = client.recv(65_536).partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            pieces.add(length - len(body))
    assert pieces == {0}


def test_a_response_that_fails_midway_is_logged_as_one_error() -> None:
    with Running(*PROGRAM) as running:
        with closing(running.connect()) as kept:
            kept.request("GET", "/broken")
            answer = kept.getresponse()
            with pytest.raises(IncompleteRead):
                answer.read()
        running.signal()
        assert running.exit_code() == 0
    errors = [line for line in running.lines if line["level"] == "error"]
    assert [line["exception.message"] for line in errors] == ["no tick is left"]


def test_every_answer_has_the_headers_of_the_service_once() -> None:
    with Running() as running, closing(running.connect()) as kept:
        for method, path in ("GET", "/livez"), ("HEAD", "/livez"), ("GET", "/"), ("PUT", "/livez"):
            kept.request(method, path)
            answer = kept.getresponse()
            answer.read()
            names = [name.lower() for name, _ in answer.getheaders()]
            assert {"x-content-type-options", "x-request-id", "content-length"} <= {*names}
            assert len(names) == len({*names})


def test_readiness_flips_at_once_and_everything_is_served_until_the_drain_is_over() -> None:
    with Running(SERVER_DRAIN_SECONDS="1") as running:
        with closing(running.connect()) as kept:
            kept.request("GET", "/readyz")
            assert kept.getresponse().read()
            running.signal()
            running.said("draining")
            kept.request("GET", "/livez")
            answer = kept.getresponse()
            assert answer.status == 200
            assert answer.headers["connection"] == "close"
        assert running.get("/readyz")[0] == 503
        assert running.get("/livez")[0] == 200
        assert running.exit_code() == 0


def test_a_request_within_the_grace_time_is_finished_and_features_close_in_reverse() -> None:
    with Running(*PROGRAM, SERVER_GRACE_SECONDS="3") as running:
        thread, outcome = in_background(running, "/slow/2")
        running.signal()
        assert running.exit_code() == 0
        thread.join()
        assert outcome == ["200"]
        closed = [line["feature"] for line in running.lines if line["message"] == "closing"]
        assert closed == ["inner", "outer"]


@pytest.mark.parametrize("path", ["/slow/30", "/endless", "/stuck"])
def test_what_outlasts_the_grace_time_is_cut_and_features_still_close(path: str) -> None:
    with Running(*PROGRAM, SERVER_GRACE_SECONDS="1") as running:
        thread, outcome = in_background(running, path)
        asked = time.monotonic()
        running.signal()
        assert running.exit_code() == 0
        assert time.monotonic() - asked < 12
        thread.join()
        assert outcome != ["200"]
        assert running.said("closing")


def test_who_is_connected_when_the_port_closes_is_served() -> None:
    with Running() as running, socket.create_connection(running.address, timeout=60) as client:
        running.get("/livez")  # answered after the connection before it was accepted
        running.signal()
        running.said("draining")
        time.sleep(0.2)
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert running.exit_code() == 0


def test_lines_that_nobody_reads_hold_nothing_up_and_wait_for_who_does() -> None:
    with Running() as running:
        running.wait_until_ready()
        running.reading.clear()
        began = time.monotonic()
        for _ in range(500):  # 200 kB, and a pipe takes 64
            assert running.get("/nowhere")[0] == 404
        assert time.monotonic() - began < 20
        running.reading.set()
        running.signal()
        assert running.exit_code() == 0
        assert sum(line["message"] == "GET (no route) 404" for line in running.lines) == 500
        assert running.lines[-1]["message"] == "stopped"


def test_a_second_signal_ends_it_at_once() -> None:
    with Running(*PROGRAM, SERVER_GRACE_SECONDS="20") as running:
        thread, outcome = in_background(running, "/slow/30")
        running.signal(signal.SIGINT)
        running.said("draining")
        asked = time.monotonic()
        running.signal(signal.SIGTERM)
        assert running.exit_code() == 128 + signal.SIGTERM
        assert time.monotonic() - asked < 10
        thread.join()
        assert outcome != ["200"]


def test_a_taken_port_is_one_clear_line_and_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Running(SERVER_PORT=str(port)) as running:
            assert running.exit_code() not in (0, 78)
            assert "SERVER_PORT" in running.lines[-1]["message"]
            assert running.lines[-1]["port"] == port


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"])
def test_a_host_that_is_none_is_one_clear_line_and_a_failure(host: str) -> None:
    with Running(SERVER_HOST=host) as running:
        assert running.exit_code() == 3
        assert "SERVER_HOST" in running.lines[-1]["message"]
        assert running.lines[-1]["reason"]


def test_requests_on_one_connection_do_not_inherit_from_each_other() -> None:
    with Running(*PROGRAM) as running, socket.create_connection(running.address) as client:
        first = b"GET /bound HTTP/1.1\r\nHost: a\r\n\r\n"
        client.sendall(first + first.replace(b"bound", b"livez/no") * 1)
        running.said("GET (no route) 404")
        assert "user" not in running.said("GET (no route) 404")
        assert running.said("GET /bound 200")["user"] == "ada"


def test_an_idle_connection_is_kept_for_its_seconds_and_no_longer() -> None:
    with Running(SERVER_KEEP_ALIVE_SECONDS="2") as running, closing(running.connect()) as client:
        client.connect()
        connection = client.sock
        for _ in range(2):
            client.request("GET", "/livez")
            assert client.getresponse().read()
            time.sleep(1)
        assert client.sock is connection
        asked = time.monotonic()
        assert connection.recv(1) == b""
        assert 0.2 < time.monotonic() - asked < 3


def test_a_feature_that_fails_to_close_is_told_by_the_exit_code() -> None:
    with Running(*PROGRAM, SERVICE_NAME="does-not-close") as running:
        running.said("serving")
        running.signal()
        assert running.exit_code() == 1
