from __future__ import annotations

import json
import socket
import threading
import time
import tomllib
from contextlib import ExitStack, closing, suppress
from importlib import import_module
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from chassis.application import Application
from chassis.route_names import websocket_paths
from chassis.testing.process import ROOT, Running
from chassis.tests.test_process import in_background

PROGRAM = ("-m", "chassis.tests.serving")
UPGRADE = (
    "GET {} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def opened(running: Running, path: str, **options: Any) -> ClientConnection:
    host, port = running.address
    client: ClientConnection = connect(f"ws://{host}:{port}{path}", proxy=None, **options)
    return client


def close_code(client: ClientConnection) -> int | None:
    """Read on until it is closed; return the code that the service sent."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(timeout=60)
    return client.close_code


def test_a_websocket_has_a_request_id_and_a_line_at_its_end() -> None:
    with Running(*PROGRAM) as running:
        headers = {"X-Request-ID": "from-outside"}
        with opened(running, "/echo?token=hush", additional_headers=headers) as client:
            assert client.response
            assert client.response.headers["x-request-id"] == "from-outside"
            client.send("hello")
            assert client.recv() == "hello"
        line = running.said("WebSocket /echo closed with 1000")
        assert line["request_id"] == running.said("echoing")["request_id"] == "from-outside"
        assert line["http.route"] == "/echo"
        assert line["websocket.close_code"] == 1000
        assert line["websocket.messages_received"] == line["websocket.messages_sent"] == 1
        assert line["duration_ms"] > 0
        assert line["client.address"] == "127.0.0.1"
        assert "hush" not in json.dumps(running.lines)
        assert not [it for it in running.lines if it["level"] in {"warning", "error"}]


def test_an_open_websocket_does_not_disturb_the_drain() -> None:
    with Running(*PROGRAM, SERVER_DRAIN_SECONDS="1") as running:
        with opened(running, "/echo") as client:
            thread, outcome = in_background(running, "/slow/3")
            running.signal()
            running.said("draining")
            client.send("still there")
            assert client.recv() == "still there"
            assert running.get("/livez")[0] == 200
            assert close_code(client) == 1012
        assert running.exit_code() == 0
        thread.join()
        assert outcome == ["200"]
        assert running.said("WebSocket /echo closed with 1012")["level"] == "info"
        assert not [it for it in running.lines if it["level"] in {"warning", "error"}]


def test_many_websockets_of_every_kind_are_closed_with_1012() -> None:
    with Running(*PROGRAM) as running, ExitStack() as stack:
        clients = [
            stack.enter_context(opened(running, path))
            for path in ("/echo", "/ticks", "/deaf")
            for _ in range(20)
        ]
        thread, outcome = in_background(running, "/slow/2")
        asked = time.monotonic()
        running.signal()
        codes = [close_code(client) for client in clients]
        assert codes == [1012] * len(clients)
        assert running.exit_code() == 0
        assert time.monotonic() - asked < 10
        thread.join()
        assert outcome == ["200"]
        closed = [it for it in running.lines if it["message"].endswith("closed with 1012")]
        assert len(closed) == len(clients)
        assert not [it for it in running.lines if it["level"] in {"warning", "error"}]


def test_clients_that_close_nothing_or_take_nothing_hold_nothing_up() -> None:
    with Running(*PROGRAM) as running, ExitStack() as stack:
        for path in ("/echo", "/ticks"):
            client = stack.enter_context(socket.create_connection(running.address))
            client.sendall(UPGRADE.format(path).encode() + b"\r\n")
            assert client.recv(12) == b"HTTP/1.1 101"
        time.sleep(1)  # until /ticks has filled what the client does not read
        asked = time.monotonic()
        running.signal()
        assert running.exit_code() == 0
        assert time.monotonic() - asked < 5


def test_a_handshake_that_is_not_over_is_refused_at_the_end() -> None:
    with Running(*PROGRAM) as running:
        statuses: list[int] = []

        def shake() -> None:
            with pytest.raises(InvalidStatus) as refused:
                opened(running, "/undecided")
            statuses.append(refused.value.response.status_code)

        thread = threading.Thread(target=shake)
        thread.start()
        running.said("undecided")
        with socket.create_connection(running.address) as half:
            half.sendall(UPGRADE.format("/echo").encode())
            running.get("/livez")
            running.signal()
            assert running.exit_code() == 0
        thread.join()
        assert statuses == [503]
        assert running.said("GET /undecided 503")["level"] == "error"


def test_a_client_that_vanishes_is_an_end_like_any_other() -> None:
    with Running(*PROGRAM) as running:
        with socket.create_connection(running.address) as client:
            client.sendall(UPGRADE.format("/echo").encode() + b"\r\n")
            assert client.recv(12) == b"HTTP/1.1 101"
            running.said("echoing")
        running.said("WebSocket /echo closed with 1005")
        assert not [it for it in running.lines if it["level"] in {"warning", "error"}]


def test_a_body_behind_a_handshake_is_refused_not_taken_for_a_request() -> None:
    with Running(*PROGRAM) as running:
        hidden = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        head = UPGRADE.format("/echo") + f"Content-Length: {len(hidden)}\r\n\r\n"
        with socket.create_connection(running.address, timeout=60) as client:
            client.sendall(head.encode() + hidden)
            assert client.makefile("rb").read().count(b"HTTP/1.1") == 1


def test_other_protocols_are_still_ignored() -> None:
    with Running(*PROGRAM) as running, closing(running.connect()) as client:
        client.request("GET", "/livez", headers={"Connection": "Upgrade", "Upgrade": "h2c"})
        assert client.getresponse().status == 200


def test_a_message_has_a_limit() -> None:
    with Running(*PROGRAM, SERVER_MAX_MESSAGE_BYTES="1000") as running:
        with opened(running, "/echo") as client:
            client.send("x" * 1000)
            assert len(client.recv()) == 1000
            client.send("x" * 1001)
            assert close_code(client) == 1009
        assert running.said("WebSocket /echo closed with 1009")


def test_a_route_without_a_library_is_told_at_the_start() -> None:
    program = (
        "import sys; sys.modules['websockets'] = sys.modules['wsproto'] = None\n"
        "from chassis.tests.serving import main; sys.exit(main())"
    )
    with Running("-c", program) as running:
        running.said("serving")
        (line,) = [it for it in running.lines if it["level"] == "warning"]
        assert "uv add websockets" in line["message"]
        assert "/echo" in line["routes"]
        running.signal()
        assert running.exit_code() == 0


def test_a_library_that_routes_need_is_no_mere_tool_of_the_tests(logging_as_it_was: None) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installed = " ".join(project["dependencies"])
    main = import_module("app.main")
    paths = websocket_paths(Application(main.compose(main.Test())).routes)
    assert not paths or "websockets" in installed or "wsproto" in installed, (
        f"{paths} are WebSockets, and only the tests have a library for them. "
        "Run: uv add websockets"
    )
