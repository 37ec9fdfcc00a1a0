import json
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from chassis.testing.process import Running

PROGRAM = ("-m", "chassis.tests.serving")


@pytest.fixture(scope="module")
def impatient() -> Iterator[Running]:
    with Running(*PROGRAM, SERVER_READ_SECONDS="1", SECURITY_MAX_WAIT_SECONDS="60") as running:
        yield running


@pytest.fixture(scope="module")
def selective() -> Iterator[Running]:
    settings = {"SECURITY_ALLOWED_HOSTS": "own.example", "SECURITY_MAX_WAIT_SECONDS": "60"}
    with Running(*PROGRAM, **settings) as running:
        yield running


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000, b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"408"),
        (b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{", b"408"),
        (b"", b"408"),
        (b"\x16\x03\x01 hello\r\n\r\n", b"400"),
    ],
)
def test_long_and_slow_heads_and_stalled_bodies_are_refused(
    impatient: Running, sent: bytes, status: bytes
) -> None:
    with socket.create_connection(impatient.address, timeout=60) as client:
        client.sendall(sent)
        answer = client.recv(1000)
    assert answer.split()[1] == status
    assert b"application/problem+json" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == int(status)
    assert impatient.get("/livez")[0] == 200


def test_a_body_behind_a_wish_to_upgrade_is_refused_not_taken_for_a_request(
    impatient: Running,
) -> None:
    hidden = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    head = f"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: {len(hidden)}\r\n".encode()
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with socket.create_connection(impatient.address, timeout=60) as client:
        client.sendall(head + upgrade + hidden)
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_wish_to_upgrade_without_a_body_is_ignored(impatient: Running) -> None:
    with closing(impatient.connect()) as client:
        client.request("GET", "/livez", headers={"Connection": "Upgrade", "Upgrade": "h2c"})
        assert client.getresponse().status == 200


@pytest.mark.parametrize("line", [b"0\r\nX: %b\r\n\r\n", b"1;%b\r\nx\r\n0\r\n\r\n"])
def test_trailers_and_chunk_extensions_have_the_limit_of_heads(
    impatient: Running, line: bytes
) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(impatient.address, timeout=60) as client:
        client.sendall(head + line % (b"x" * 200_000))
        assert b" 431 " in client.recv(1000)


def test_a_body_may_come_in_chunks_of_one_byte(impatient: Running) -> None:
    with closing(impatient.connect()) as client:
        client.request("POST", "/read", iter([b"x"] * 30_000), encode_chunked=True)
        assert client.getresponse().read() == b"30000"


def test_a_dripping_body_is_ended_though_each_drop_comes_in_time(impatient: Running) -> None:
    with socket.create_connection(impatient.address, timeout=0.3) as client:
        client.sendall(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n")
        answer = b""
        for _ in range(20):
            with suppress(TimeoutError):
                answer = client.recv(1000)
                break
            client.sendall(b"x")
    assert b" 408 " in answer


@pytest.mark.parametrize(
    ("coding", "status"),
    [(b"chunked", b"200"), (b"Chunked", b"200"), (b"gzip, chunked", b"501")],
)
def test_a_transfer_coding_that_is_not_implemented_is_refused(
    impatient: Running, coding: bytes, status: bytes
) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + coding
    with socket.create_connection(impatient.address, timeout=60) as client:
        client.sendall(head + b"\r\n\r\n1\r\nx\r\n0\r\n\r\n")
        assert client.recv(1000).split()[1] == status


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (b"/client", b"own.example", b"200"),
        (b"http://own.example/client", b"own.example", b"200"),
        (b"http://OWN.example:80/client?x=//evil.example", b"own.example", b"200"),
        (b"http://own.example/client", b"evil.example", b"200"),  # RFC 9112, section 3.2.2
        (b"http://evil.example/client", b"own.example", b"400"),
        (b"HTTPS://evil.example/client", b"own.example", b"400"),
        (b"http://evil.example?x=/client", b"own.example", b"400"),
        (b"http://own.example@evil.example/client", b"own.example", b"400"),
        (b"http://own.example/client", b"own.example\r\nHost: own.example", b"400"),
        (b"//evil.example/client", b"own.example", b"404"),  # a path
    ],
)
def test_a_foreign_host_in_the_request_target_is_refused_as_one_in_its_header(
    selective: Running, target: bytes, host: bytes, status: bytes
) -> None:
    with socket.create_connection(selective.address, timeout=60) as client:
        client.sendall(b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, host))
        assert client.recv(1000).split()[1] == status
