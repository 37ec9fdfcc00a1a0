"""What a service does while nobody reads its log lines, or when their reader has gone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.processes import HELLO, SERVERS, Server, free_ports, saturate
from benchmarks.table import Table
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench
    from benchmarks.processes import Program

PROGRAM = Path(__file__).parent.parent / "lines.py"
SECONDS = 3.0
TIMEOUT = 5.0
"""Seconds that a process gets to end."""
WAYS = {"read": "read", "full": "a full pipe", "closed": "a closed pipe"}
DROPPED = re.compile(r"^log_lines_dropped_total(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


def measure(bench: Bench) -> dict[str, Any]:
    """Log, then serve: with a reader, without one that reads, and without any."""
    lines = Table(
        "Log lines",
        ("standard output", "lines a second", "µs of the core", "dropped", "before the first"),
        note=f"Code of the carved service logs for {SECONDS:.0f} s as fast as it can, a message"
        " with three fields. A pipe that nobody reads holds 64 KiB; the service keeps 8 MiB more,"
        " then drops lines and counts them, and goes on. Without a reader all of them are dropped.",
    )
    for way, title in WAYS.items():
        bench.say(lines.add(title, *logged(bench.small, way, bench.scratch / "lines.json")))
    served = Table(
        "Requests while nobody reads",
        ("", "standard output", "requests a second", "failed", "lines dropped", "s to its end"),
        note=f"One line a request, {SECONDS:.0f} s of load. Whoever waits for standard output"
        " answers nothing while the pipe is full, and does not hear SIGTERM either: it is killed"
        f" after {TIMEOUT:.0f} s.",
    )
    service, peers = carvings.program(bench.small), bench.peers
    for title, program in (
        ("**carved service**", service),
        ("`uvicorn main:app`", peers.uvicorn("bare")),
        ("careful pure ASGI stack", peers.uvicorn("careful", "--no-access-log")),
    ):
        for way, description in WAYS.items():
            figures = loaded(program, way, counts=program is service)
            bench.say(served.add(title, description, *figures))
    return {"tables": [lines.figures(), served.figures()]}


def logged(service: Path, way: str, noted: Path) -> tuple[float, float, int, str | int]:
    """Give lines per second, microseconds of a line, dropped ones, and those before the first."""
    variables = {**carvings.PRODUCTION, "SERVER_PORT": "0", "METRICS_PORT": "0"}
    with output(way) as (pipe, hang_up):
        process = subprocess.Popen(
            [service / ".venv/bin/python", PROGRAM, str(SECONDS), noted],
            cwd=service,
            env=clean(PYTHONPATH=str(service), PYTHONDONTWRITEBYTECODE="1", **variables),
            stdout=pipe,
            stderr=pipe if way == "closed" else subprocess.DEVNULL,
        )
        os.sched_setaffinity(process.pid, {SERVERS})
        hang_up()
        process.wait()
    figures = json.loads(noted.read_text("utf-8"))
    noted.unlink()
    rate, cost = figures["logged"] / figures["seconds"], figures["cpu"] / figures["logged"] * 1e6
    return (
        rate,
        cost,
        figures["dropped"],
        "none was" if figures["held"] is None else figures["held"],
    )


def loaded(program: Program, way: str, *, counts: bool) -> tuple[int, int, str | int, str | float]:
    """Give requests per second, failed ones, dropped lines, seconds to the end."""
    with serving(program, way) as server:
        (epoch,) = saturate({"it": server}, warm=SECONDS, epochs=1, seconds=SECONDS)
        seen = epoch["it"]
        dropped = counted(server.spare) if counts else ""
        began = time.monotonic()
        server.process.terminate()
        try:
            server.process.wait(TIMEOUT)
            took: str | float = time.monotonic() - began
        except subprocess.TimeoutExpired:
            took = "killed"
    return round(seen["answered"] / SECONDS), seen["failed"], dropped, took


@contextmanager
def serving(program: Program, way: str) -> Iterator[Server]:
    """Run a server whose standard output is read, full or closed."""
    port, spare = free_ports(2)
    places = {"{port}": str(port), "{spare}": str(spare)}

    def put_in(text: str) -> str:
        for name, value in places.items():
            text = text.replace(name, value)
        return text

    variables = {name: put_in(value) for name, value in program.variables.items()}
    with output(way) as (pipe, hang_up):
        process = subprocess.Popen(
            [put_in(part) for part in program.command],
            cwd=program.folder,
            env=clean(PYTHONPATH=str(program.folder), PYTHONDONTWRITEBYTECODE="1", **variables),
            stdout=pipe,
            stderr=pipe if way == "closed" else subprocess.DEVNULL,
        )
        try:
            os.sched_setaffinity(process.pid, {SERVERS})
            server = Server(process, port, spare, time.monotonic())
            server.learn(HELLO)
            hang_up()
            yield server
        finally:
            process.kill()
            process.wait()


@contextmanager
def output(way: str) -> Iterator[tuple[int, Any]]:
    """Give a pipe, and what ends its reading if that is the way."""
    mouth, pipe = os.pipe()
    reader = subprocess.Popen(["cat"], stdin=mouth, stdout=subprocess.DEVNULL)
    if way == "full":
        reader.kill()
    else:
        os.close(mouth)

    def hang_up() -> None:
        os.close(pipe)
        if way == "closed":
            reader.kill()

    try:
        yield pipe, hang_up
    finally:
        reader.kill()
        reader.wait()
        if way == "full":
            os.close(mouth)


def counted(port: int) -> int:
    """Lines that the service says it has dropped."""
    client = HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/metrics")
    found = DROPPED.search(client.getresponse().read().decode())
    client.close()
    if not found:
        raise ValueError("it has no log_lines_dropped_total")
    return int(float(found[1]))
