from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from chassis.probe import probe

if TYPE_CHECKING:
    from collections.abc import Iterator

WELL = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"status":"pass"}'


@contextmanager
def answering(*parts: bytes, pause: float = 0, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve one connection: send the parts with pauses between them, then close."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(10_000)
                for part in parts:
                    time.sleep(pause)
                    try:
                        peer.sendall(part)
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_ready_service_is_well() -> None:
    with answering(WELL) as port:
        assert probe("127.0.0.1", port) is None


@pytest.mark.parametrize(("wildcard", "host"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])  # noqa: S104
def test_a_wildcard_is_asked_on_the_loopback(wildcard: str, host: str) -> None:
    with answering(WELL, host=host) as port:
        assert probe(wildcard, port) is None
    assert f" to {host} port " in str(probe(wildcard, port))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_each_address_that_is_listened_on_is_asked(host: str) -> None:
    with answering(WELL, host=host) as port:
        assert probe("0.0.0.0,::", port) is None


def test_the_message_has_what_each_address_answers() -> None:
    with answering(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", host="127.0.0.1") as port:
        message = str(probe("0.0.0.0,::", port))
    assert "It responded 500" in message
    assert " to ::1 port " in message


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"503 Service Unavailable", b'{"status":"fail","reason":"draining"}'),
        (b"500 Internal Server Error", b'{"status":"pass"}'),
        (b"307 Temporary Redirect\r\nLocation: /livez", b'{"status":"pass"}'),
        (b"204 No Content", b""),
        (b"200 OK", b""),
        (b"200 OK", b"It works!"),
        (b"200 OK", b'"pass"'),
        (b"200 OK", b'{"status":"warn"}'),
        (b"200 OK", b"[" * 9000),
        (b"200 OK", b"\xff" * 100),
    ],
)
def test_any_other_answer_is_not_well_and_is_told(head: bytes, body: bytes) -> None:
    with answering(b"HTTP/1.1 " + head + b"\r\n\r\n" + body) as port:
        why = probe("127.0.0.1", port)
    assert why is not None
    assert why.startswith(f"It responded {head[:3].decode()}: ")
    assert len(why) < 300


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_not_well(answer: bytes) -> None:
    with answering(answer) as port:
        assert probe("127.0.0.1", port) is not None


def test_a_refused_connection_is_told_with_its_place() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert probe("127.0.0.1", port) == (
        f"Cannot connect to 127.0.0.1 port {port}: Connection refused."
    )


@pytest.mark.parametrize(
    ("parts", "pause"),
    [([b""], 1.5), ([WELL[:40], WELL[40:]], 1.5), ([bytes([byte]) for byte in WELL], 0.03)],
)
def test_an_answer_that_is_not_complete_in_time_is_not_well(
    parts: list[bytes], pause: float
) -> None:
    with answering(*parts, pause=pause) as port:
        began = time.monotonic()
        why = probe("127.0.0.1", port, timeout=0.3)
        assert time.monotonic() - began < 1
    assert why == "No response within 0.3 seconds."
