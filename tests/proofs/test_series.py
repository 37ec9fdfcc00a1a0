"""R5: unknown clients cannot create series, and a scrape answers while the event loop cannot."""

from __future__ import annotations

import re
import socket
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import FAULTY, Carved, Replica

if TYPE_CHECKING:
    from collections.abc import Iterator

INVENTED = 10_000
REFUSED = 300
PER_CONNECTION = 100
UNUSUAL = ("PURGE", "PROPFIND", "MKCOL", "LOCK", "REPORT", "M-SEARCH", "SUBSCRIBE", "UNBIND")
USUAL = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE")
SCRAPES = 5
SCRAPE_SECONDS = 0.05
BLOCKED_SECONDS = 2.0
SERIES = re.compile(r"^(\w+(?:\{.*\})?) \S+$", re.MULTILINE)


@pytest.fixture(scope="module")
def replica(everything: Carved, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    with everything.serve(FAULTY, str(tmp_path_factory.mktemp("moods"))) as started:
        yield started


def timed(replica: Replica) -> list[float]:
    """Scrape some times; give the seconds each took."""
    taken = []
    for _ in range(SCRAPES):
        asked = time.monotonic()
        scrape(replica)
        taken.append(time.monotonic() - asked)
    return taken


def scrape(replica: Replica) -> str:
    url = replica.wait_for_line("serving metrics")["url"]
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
        return str(answer.read().decode())


def pipelined(replica: Replica, requests: list[str]) -> int:
    """Send requests over one connection, all at once; count the answers."""
    *others, last = requests
    heads = [f"{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" for line in others]
    heads.append(f"{last} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    answers = bytearray()
    with socket.create_connection(replica.address, timeout=30) as client:
        sender = threading.Thread(target=client.sendall, args=("".join(heads).encode(),))
        sender.start()
        while piece := client.recv(1 << 16):
            answers += piece
        sender.join()
    return answers.count(b"HTTP/1.1 4")


def invent(replica: Replica, label: str, count: int, refused: int) -> None:
    """Ask for paths, names and methods that nobody has seen before."""
    methods = (*USUAL, *UNUSUAL)
    paths = ("/{}", "/tenants/{}", "/greetings/{}/x", "/livez/{}", "/%F0%9F%98%80{}", "/.{}?a={}")
    lines = [
        f"{methods[i % len(methods)]} {paths[i % len(paths)].replace('{}', f'{label}{i}')}"
        for i in range(count)
    ]
    for start in range(0, count, PER_CONNECTION):
        part = lines[start : start + PER_CONNECTION]
        assert pipelined(replica, part) == len(part)
    for i in range(refused):
        assert pipelined(replica, [f"{label.upper()}{i} /"]) == 1


def test_ten_thousand_inventions_make_no_series(replica: Replica) -> None:
    invent(replica, "first", 100, 1)
    replica.ask("/greetings/nobody")
    scrape(replica)
    before = set(SERIES.findall(scrape(replica)))
    began = time.monotonic()
    invent(replica, "later", INVENTED - REFUSED, REFUSED)
    for i in range(50):
        assert replica.ask(f"/greetings/later{i}").status == 200
    seconds = time.monotonic() - began
    text = scrape(replica)
    after = set(SERIES.findall(text))
    assert after == before
    assert "later" not in text
    methods = set(re.findall(r'method="(\w+)"', text))
    assert methods <= {*USUAL, "CONNECT", "_OTHER"}
    total = sum(
        int(count)
        for count in re.findall(
            r'^http_requests_total\{.*"unmatched".*\} (\d+)', text, re.MULTILINE
        )
    )
    assert total >= INVENTED - REFUSED
    print(f"R5: {len(after)} series before and after, {seconds:.1f} s")  # noqa: T201 - the figure


def test_labels_are_whole_route_templates(replica: Replica) -> None:
    assert replica.ask("/tenants/blue/sleeps/0").status == 200
    assert replica.ask("/greetings/ada").status == 200
    routes = set(re.findall(r'route="([^"]*)"', scrape(replica)))
    assert {"/tenants/{tenant}/sleeps/{seconds}", "/greetings/{name}"} <= routes
    assert not [route for route in routes if "blue" in route or "ada" in route]


@pytest.mark.parametrize("block", ["sleeps", "spins"])
def test_a_scrape_answers_while_the_event_loop_is_blocked(replica: Replica, block: str) -> None:
    idle = min(timed(replica))
    began = time.monotonic()
    ended = []

    def ask() -> None:
        replica.ask(f"/tenants/a/{block}/{BLOCKED_SECONDS}")
        ended.append(time.monotonic())

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    taken = timed(replica)
    text = scrape(replica)
    answered = time.monotonic()
    asking.join()
    assert answered < ended[0]
    assert ended[0] - began >= BLOCKED_SECONDS
    lag = re.search(r"^event_loop_lag_seconds (\S+)", text, re.MULTILINE)
    assert lag
    assert float(lag[1]) > 0.05
    timings = f"{min(taken) * 1000:.1f} to {max(taken) * 1000:.1f} ms"
    print(f"R5: scrape while the loop {block}: {timings}, {idle * 1000:.1f} idle")  # noqa: T201
    if block == "sleeps":
        assert min(taken) < max(SCRAPE_SECONDS, 3 * idle)  # a busy machine is slow to both


def listening(replica: Replica) -> set[int]:
    """Ports that the process listens on, as the kernel lists them."""
    process = Path("/proc") / str(replica.process.pid)
    held = set()
    for file in (process / "fd").iterdir():
        if (found := re.fullmatch(r"socket:\[(\d+)\]", str(file.readlink()))) is not None:
            held.add(found[1])
    ports = set()
    for table in ("tcp", "tcp6"):
        for row in (process / "net" / table).read_text().splitlines()[1:]:
            _, local, _, state, *rest = row.split()
            if state == "0A" and rest[5] in held:
                ports.add(int(local.rpartition(":")[2], 16))
    return ports


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_metrics_that_are_off_open_no_port(everything: Carved, enabled: str) -> None:
    with everything.serve(METRICS_ENABLED=enabled) as replica:
        said = [line["message"] for line in replica.lines if "metrics" in line["message"]]
        ports = listening(replica)
        assert replica.address.port in ports
        assert (len(ports), len(said)) == ((2, 1) if enabled == "true" else (1, 0))
