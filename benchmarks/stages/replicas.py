"""One, two and four replicas behind nginx, beside as many of bare FastAPI."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.bench import Missing
from benchmarks.kernel import proportional_mb
from benchmarks.processes import CORES, TIMEOUT, free_ports, saturate
from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench
    from benchmarks.processes import Program

COUNTS = (1, 2, 4)
LASTING = 1_000_000
"""Requests of a connection, so that none is cut off while it is measured."""
CONFIGURATION = """\
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests {lasting};
    upstream app {{
        {servers}
        keepalive 64;
        keepalive_requests {lasting};
        keepalive_timeout 2s;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_pass http://app;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Fleet:
    """Replicas behind a proxy of their own; the proxy's time is not theirs."""

    port: int
    pids: list[int]
    asked: list[tuple[str, str]]

    def memory(self) -> float:
        """Megabytes of all replicas; what they share counts once."""
        return sum(map(proportional_mb, self.pids))


def measure(bench: Bench) -> dict[str, Any]:
    """Load both fleets at once for the ratio, then each alone for what the machine serves."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if nginx is None:
        raise Missing("nginx is missing (Debian: apt install nginx)")
    table = Table(
        "Replicas behind nginx",
        ("", "requests a second", "least", "most", "µs", "ratio", "least", "most", "MB", "failed"),
        note=f"Load, nginx and replicas share {len(CORES)} cores, so requests a second show what"
        " they serve together, not how replicas scale; each fleet alone. Ratio and µs are the time"
        " that all replicas of a fleet ran, by request, with both fleets under load at once; nginx"
        " not counted. MB: memory of all replicas, what they share divided (PSS).",
    )
    programs = {"**carved service**": carvings.program(bench.small), "bare FastAPI": bench.bare}
    for count in COUNTS:
        with ExitStack() as stack:
            fleets = {
                name: stack.enter_context(
                    fleet(program, count, nginx, bench.scratch / f"nginx-{count}-{number}")
                )
                for number, (name, program) in enumerate(programs.items())
            }
            for row in compared(bench, fleets, f"{{}}, {count} replica{'s' * (count > 1)}"):
                bench.say(table.add(*row))
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True)
    return {"tables": [table.figures()], "nginx": version.stderr.strip().partition("/")[2]}


def compared(
    bench: Bench, fleets: dict[str, Fleet], title: str
) -> Iterator[tuple[str | float, ...]]:
    """Measure fleets, the last of which is the base; give a row for each."""
    effort = bench.effort

    def loaded(those: dict[str, Fleet]) -> list[dict[str, dict[str, int]]]:
        epochs, seconds = effort.epochs * 2, effort.seconds
        return saturate(those, warm=effort.warm, epochs=epochs, seconds=seconds)

    both = loaded(fleets)
    alone = {name: loaded({name: it}) for name, it in fleets.items()}
    *_, base = fleets
    for name, it in fleets.items():
        rates = [epoch[name]["answered"] / effort.seconds for epoch in alone[name]]
        costs = [epoch[name]["cpu"] / epoch[name]["answered"] / 1000 for epoch in both]
        bare = [epoch[base]["cpu"] / epoch[base]["answered"] / 1000 for epoch in both]
        ratios = [other / own for own, other in zip(costs, bare, strict=True)]
        failed = sum(epoch[name]["failed"] for epoch in [*both, *alone[name]])
        yield (
            title.format(name),
            *(median(rates), min(rates), max(rates), median(costs)),
            *(median(ratios), min(ratios), max(ratios), it.memory(), failed),
        )


@contextmanager
def fleet(program: Program, count: int, nginx: str, folder: Path) -> Iterator[Fleet]:
    """Run so many replicas, and nginx before them, on every core."""
    folder.mkdir()
    (port,) = free_ports(1)
    with ExitStack() as stack:
        servers = [stack.enter_context(program.running(cores=CORES)) for _ in range(count)]
        lines = "\n        ".join(f"server 127.0.0.1:{it.port};" for it in servers)
        text = CONFIGURATION.format(folder=folder, port=port, servers=lines, lasting=LASTING)
        (folder / "nginx.conf").write_text(text, "utf-8")
        everywhere = ("taskset", "-c", ",".join(map(str, CORES)))
        configured = ("-c", folder / "nginx.conf", "-e", folder / "errors")
        proxy = subprocess.Popen([*everywhere, nginx, *configured])
        try:
            until_it_answers(port)
            yield Fleet(port, [it.process.pid for it in servers], servers[0].asked)
        finally:
            proxy.terminate()
            proxy.wait(TIMEOUT)


def until_it_answers(port: int) -> None:
    """Wait for the proxy."""
    latest = time.monotonic() + TIMEOUT
    while True:
        client = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        try:
            client.request("GET", "/hello", headers={"Host": "localhost"})
            if client.getresponse().status == 200:  # noqa: PLR2004 - OK
                return
        except (OSError, HTTPException):
            if time.monotonic() > latest:
                raise
            time.sleep(0.02)
        finally:
            client.close()
