"""What a service does while nobody reads its log lines, or when their reader has gone."""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.processes import HELLO, SERVERS, Server, free_ports, saturate
from benchmarks.table import Table
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

SECONDS = 3.0
DROPPED = re.compile(r"^log_lines_dropped_total(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


def measure(bench: Bench) -> dict[str, Any]:
    """Load it with a reader, without one that reads, and without any."""
    table = Table(
        "Log lines",
        ("standard output", "requests a second", "failed", "lines dropped", "ends in s"),
        note="One line a request. A pipe holds 64 KiB, which is full at once; the service keeps"
        f" 8 MiB more, and drops and counts what comes after. {SECONDS:.0f} s of load each.",
    )
    for title, way in (("read", "read"), ("a full pipe", "full"), ("a closed pipe", "closed")):
        bench.say(table.add(title, *loaded(bench.small, way)))
    return {"tables": [table.figures()]}


def loaded(service: Path, way: str) -> tuple[float, int, float, float]:
    """Give requests per second, failed ones, dropped lines, seconds to the end."""
    with serving(service, way) as server:
        (epoch,) = saturate({"it": server}, warm=SECONDS, epochs=1, seconds=SECONDS)
        seen = epoch["it"]
        dropped = counted(server.spare)
        began = time.monotonic()
        server.process.terminate()
        server.process.wait(30)
        took = time.monotonic() - began
    return seen["answered"] / SECONDS, seen["failed"], dropped, took


@contextmanager
def serving(service: Path, way: str) -> Iterator[Server]:
    """Run a service whose standard output is read, full or closed."""
    port, spare = free_ports(2)
    variables = {
        name: value.format(port=port, spare=spare) for name, value in carvings.PRODUCTION.items()
    }
    mouth, pipe = os.pipe()
    process = subprocess.Popen(
        [service / ".venv/bin/python", "-m", "app"],
        cwd=service,
        env=clean(PYTHONPATH=str(service), PYTHONDONTWRITEBYTECODE="1", **variables),
        stdout=pipe,
        stderr=subprocess.DEVNULL if way != "closed" else pipe,
    )
    os.close(pipe)
    os.sched_setaffinity(process.pid, {SERVERS})
    reader = subprocess.Popen(["cat"], stdin=mouth, stdout=subprocess.DEVNULL)
    try:
        if way == "full":
            reader.kill()
        server = Server(process, port, spare, time.monotonic())
        server.learn(HELLO)
        if way == "closed":
            reader.kill()
            os.close(mouth)
            mouth = -1
        yield server
    finally:
        process.kill()
        process.wait()
        reader.kill()
        reader.wait()
        if mouth >= 0:
            os.close(mouth)


def counted(port: int) -> float:
    """Lines that the service says it has dropped."""
    client = HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/metrics")
    found = DROPPED.search(client.getresponse().read().decode())
    client.close()
    if not found:
        raise ValueError("it has no log_lines_dropped_total")
    return float(found[1])
