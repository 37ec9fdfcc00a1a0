"""R10: what is sent to break the service is refused, is no error of its own, and costs little."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved, Replica

MEGABYTE = 1_000_000
MOST_GROWTH = 64 * MEGABYTE
FLOOD = 30
ENDLESS = 64 * MEGABYTE
READ_SECONDS = 1.0
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
ERRORS = {"error", "critical"}


def get(target: bytes, *headers: bytes, host: bytes = b"Host: a") -> bytes:
    lines = [b"GET " + target + b" HTTP/1.1", host, b"Connection: close", *headers]
    return b"\r\n".join(filter(None, lines)) + b"\r\n\r\n"


def post(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    own = (b"Host: a", b"Content-Type: application/json", b"Content-Length: %d" % size)
    return b"\r\n".join([b"POST /greetings HTTP/1.1", *own, *headers]) + b"\r\n\r\n" + body


def chunked(*chunks: bytes, headers: tuple[bytes, ...] = ()) -> bytes:
    own = (b"Host: a", b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    head = b"\r\n".join([b"POST /greetings HTTP/1.1", *own, *headers]) + b"\r\n\r\n"
    return head + b"".join(chunks)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def named(value: bytes) -> bytes:
    return post(b'{"names": [' + value + b"]}")


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"0\r\n\r\n"
REFUSED = {
    "oversized, as declared": post(b"{", length=50 * MEGABYTE),
    "oversized beyond 64 bits": post(b"{", length=2**70),
    "a length below zero": post(b"{", length=-1),
    "oversized in one chunk": chunked(chunk(b" " * 2 * MEGABYTE), LAST),
    "oversized in many chunks": chunked(*[chunk(b" " * 1000)] * 2000, LAST),
    "a chunk of every byte": chunked(b"ffffffffffffffff\r\n"),
    "a chunk size that is none": chunked(b"xyz\r\nabc\r\n", LAST),
    "a chunk size below zero": chunked(b"-5\r\nabcde\r\n", LAST),
    "a chunk longer than its size": chunked(b"2\r\nabcdef\r\n", LAST),
    "a chunk with an endless extension": chunked(b"1;" + b"x" * 100_000 + b"\r\na\r\n", LAST),
    "deep lists": post(b"[" * MEGABYTE),
    "deep lists that close": post(b"[" * 100_000 + b"]" * 100_000),
    "deep objects": post(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "NaN": named(b"NaN"),
    "Infinity": named(b"-Infinity"),
    "a number beyond a float": named(b"1e999"),
    "a number of a million digits": named(b"9" * 900_000),
    "a lone surrogate": named(b'"\\ud800"'),
    "a pair the wrong way round": named(b'"\\udc00\\ud800"'),
    "a key that is a lone surrogate": post(b'{"\\udfff": 1}'),
    "a body that is no UTF-8": named(b'"\xff\xfe"'),
    "a body in UTF-16": post('{"names": ["ada"]}'.encode("utf-16")),
    "a body that is cut": post(b'{"names": ["ada"'),
    "no body": post(b""),
    "nothing but NUL": post(b"\0" * 1000),
    "twin keys and rubbish": post(b'{"names": 1, "names": {}} x'),
    "many wrong values": post(b'{"names": [' + b"1," * 300_000 + b"1]}"),
    "a path that is no UTF-8": get(b"/\xff\xfe\x80"),
    "an escaped path that is no UTF-8": get(b"/%ff%fe%80"),
    "escapes that are none": get(b"/%zz%%%"),
    "a NUL in the path": get(b"/%00/%0d%0aX-Evil:%201"),
    "a path out of the root": get(b"/../../../../etc/passwd"),
    "an escaped path out of the root": get(b"/%2e%2e/%2e%2e/etc/passwd"),
    "a very long path": get(b"/" + b"a" * 100_000),
    "a very long query": get(b"/?" + b"a=b&" * 100_000),
    "a host that is none": get(b"/greetings/a", host=b"Host: a b/c?d#e@f"),
    "a host with bytes": get(b"/greetings/a", host=b"Host: \xff\x80"),
    "an empty host": get(b"/greetings/a", host=b"Host:"),
    "no host": get(b"/greetings/a", host=b""),
    "two hosts": get(b"/greetings/a", b"Host: b"),
    "a header with NUL": get(b"/greetings/a", b"X: a\0b"),
    "a header with a bare line feed": get(b"/greetings/a", b"X: a\rY: b"),
    "a header without a colon": get(b"/greetings/a", b"nonsense"),
    "a header folded": get(b"/greetings/a", b"X: a\r\n\tb: c", b" : d"),
    "a header name with a space": get(b"/greetings/a", b"Content-Length : 5"),
    "a huge header": get(b"/greetings/a", b"X: " + b"x" * MEGABYTE),
    "many headers": get(b"/greetings/a", *[b"X%d: y" % i for i in range(10_000)]),
    "a head without an end": get(b"/greetings/a", b"X: " + b"x" * 20_000)[:-4],
    "a length and chunks": chunked(chunk(b"{}"), LAST, SMUGGLED, headers=(b"Content-Length: 4",)),
    "two lengths": post(b"{}" + SMUGGLED, b"Content-Length: 40", length=2),
    "two lengths in one": post(b"{}" + SMUGGLED, b"Content-Length: 2, 40"),
    "a length with a sign": post(b"{}" + SMUGGLED, b"Content-Length: +2"),
    "chunks that are not last": chunked(LAST, SMUGGLED, headers=(b"Transfer-Encoding: identity",)),
    "chunks in disguise": post(b"0\r\n\r\n" + SMUGGLED, b"Transfer-Encoding: xchunked"),
    "an unknown method": b"BREAK / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method the route has not": b"DELETE /greetings HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2.0": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x80" * 500,
    "rubbish": bytes(range(256)) * 200,
    "a wrong token and bytes": get(b"/nowhere", b"Authorization: Bearer \xff\xfe"),
}
EXACTLY = {
    "oversized, as declared": 413,
    "oversized in one chunk": 413,
    "oversized in many chunks": 413,
    "a very long path": 431,
    "a huge header": 431,
    "many headers": 431,
    "a head without an end": 431,
    "a chunk of every byte": 408,
    "NaN": 400,
    "a number beyond a float": 400,
    "a lone surrogate": 400,
    "deep lists": 400,
    "no host": 400,
    "a length and chunks": 400,
}
ODD = {
    "absolute form": get(b"http://b.example/livez"),
    "absolute form with a password": get(b"http://u:p@b.example:99999/livez"),
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "a query that is no UTF-8": get(b"/greetings/a?\xff=\xfe&%ff=%zz"),
    "a name with everything": get(b"/greetings/%F0%9F%98%80%00%E2%80%AE%0A"),
    "a name that is no UTF-8": get(b"/greetings/%ff%ed%a0%80"),
    "a request id that is none": get(b"/greetings/a", b"X-Request-ID: \xff\x01 evil"),
    "a broken trace": get(b"/greetings/a", b"traceparent: 00-\xff-0-0"),
    "a broken origin": get(b"/greetings/a", b"Origin: \xff\xfe"),
    "a token that is no text": get(b"/health", b"Authorization: Bearer \xff\xfe"),
    "an upgrade": get(b"/greetings/a", b"Upgrade: websocket", b"Sec-WebSocket-Key: \xff"),
    "an upgrade that is asked for": get(
        b"/greetings/a",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: x",
    ),
    "a type that is none": b"POST /greetings HTTP/1.1\r\nHost: a\r\nContent-Type: \xff;=/json"
    b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "an expectation": post(b'{"names": ["a"]}', b"Expect: 100-continue", b"Connection: close"),
    "a length with zeros": post(b'{"names": ["a"]}', b"Connection: close", length=16),
    "HTTP/1.0": b"GET /greetings/a HTTP/1.0\r\n\r\n",
    "line feeds alone": b"GET /greetings/a HTTP/1.1\nHost: a\nConnection: close\n\n",
}


@pytest.fixture(scope="module")
def replica(everything: Carved) -> Iterator[Replica]:
    with everything.serve(SERVER_READ_SECONDS=f"{READ_SECONDS:g}", LOG_LEVEL="DEBUG") as started:
        yield started
        assert started.stop() == 0
        assert not [line for line in started.lines if line["level"] in ERRORS]


@pytest.fixture(autouse=True)
def unharmed(replica: Replica) -> Iterator[None]:
    """Whatever is done, it logs no error and answers as before, and memory stays bounded."""
    before, already = memory(replica), len(replica.lines)
    yield
    answer = replica.ask("/greetings/ada")
    assert (answer.status, "ada" in answer.body) == (200, True)
    assert not [line for line in replica.lines[already:] if line["level"] in ERRORS]
    assert memory(replica) - before < MOST_GROWTH


def memory(replica: Replica) -> int:
    """Give the most bytes the process has ever had in memory."""
    status = Path(f"/proc/{replica.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def exchange(replica: Replica, sent: bytes) -> bytes:
    """Send bytes, whoever closes first; return all that came back."""
    came = bytearray()
    with socket.create_connection(replica.address, timeout=30) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(sent)
        with contextlib.suppress(ConnectionError):
            while piece := client.recv(1 << 16):
                came += piece
                if b"\r\n\r\n" in came and whole(bytes(came)):
                    break
    return bytes(came)


def whole(answer: bytes) -> bool:
    """Return whether a first answer, which the server may keep the connection open after, is in."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return b"connection: close" not in head and length is not None and len(body) >= int(length[1])


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_served_is_refused(replica: Replica, kind: str) -> None:
    came = exchange(replica, REFUSED[kind])
    statuses = [int(status) for status in STATUS.findall(came)]
    assert statuses, came
    assert all(400 <= status < 500 for status in statuses), came
    assert statuses[0] == EXACTLY.get(kind, statuses[0])
    assert b"smuggled" not in b"".join(replica.output)


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_is_no_error_of_the_service(replica: Replica, kind: str) -> None:
    statuses = [int(status) for status in STATUS.findall(exchange(replica, ODD[kind]))]
    assert statuses
    assert all(status < 500 for status in statuses), statuses


def test_many_requests_in_one_piece_are_answered_though_the_last_head_is_cut(
    replica: Replica,
) -> None:
    one = b"GET /greetings/ada HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100 + b"\r\n"
    sent = (one + b"\r\n") * 200 + one + b"Connection: close\r\n\r\n"
    came = bytearray()
    with socket.create_connection(replica.address, timeout=10) as client:
        client.sendall(sent[:-30])
        time.sleep(READ_SECONDS / 4)
        client.sendall(sent[-30:])
        while piece := client.recv(1 << 16):
            came += piece
    assert STATUS.findall(bytes(came)) == [b"200"] * 201


def test_endless_bodies_of_many_clients_at_once_are_refused_while_they_come(
    replica: Replica,
) -> None:
    before = memory(replica)
    piece = chunk(b"[" * 60_000)

    def pour(_: int) -> int:
        sent = 0
        with socket.create_connection(replica.address, timeout=10) as client:
            client.sendall(chunked())
            while sent < ENDLESS and not select.select([client], [], [], 0)[0]:
                client.sendall(piece)
                sent += len(piece)
            assert STATUS.findall(client.recv(1000)) == [b"413"]
        return sent

    with ThreadPoolExecutor(FLOOD) as threads:
        most = max(threads.map(pour, range(FLOOD)))
    growth = memory(replica) - before
    result = f"{FLOOD} endless bodies: {most / MEGABYTE:.1f} MB sent at most"
    print(f"R10: {result}, {growth / MEGABYTE:.1f} MB of memory")  # noqa: T201 - the figures
    assert most < ENDLESS


def test_clients_that_drip_their_heads_hold_nobody_up_and_are_sent_away(replica: Replica) -> None:
    def drip(_: int) -> float:
        began = time.monotonic()
        with socket.create_connection(replica.address, timeout=10) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(b"GET / HTTP/1.1\r\nX: ")
                while time.monotonic() - began < 8:
                    client.sendall(b"x")
                    time.sleep(0.1)
            with contextlib.suppress(ConnectionError):
                assert STATUS.findall(client.recv(1000)) == [b"408"]
        return time.monotonic() - began

    with ThreadPoolExecutor(FLOOD) as threads:
        dripping = [threads.submit(drip, number) for number in range(FLOOD)]
        time.sleep(READ_SECONDS / 2)
        assert replica.ask("/greetings/ada").seconds < 0.5
        assert max(client.result() for client in dripping) < READ_SECONDS + 3


def test_memory_stays_bounded_over_the_whole_corpus_again_and_again(replica: Replica) -> None:
    before = memory(replica)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda kind: exchange(replica, REFUSED[kind]), [*REFUSED] * 5))
    growth = memory(replica) - before
    count = 5 * len(REFUSED)
    print(f"R10: {count} refusals: {growth / MEGABYTE:.1f} MB more")  # noqa: T201 - the figure
    assert growth < MOST_GROWTH
