"""How many series a service has, and how long a scrape of them takes, by its number of routes."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.kernel import resident_mb
from benchmarks.processes import Request
from benchmarks.table import Table

if TYPE_CHECKING:
    from benchmarks.bench import Bench

ROUTES = (10, 100, 1000)
SCRAPES = 15


def measure(bench: Bench) -> dict[str, Any]:
    """Ask every route once, then scrape."""
    service = bench.carve("many", *carvings.OFF, features=("many",))
    table = Table(
        "Series",
        ("routes", "series", "ms a scrape", "least", "most", "kB", "MB resident"),
        note=f"Every route has been asked once; median of {SCRAPES} scrapes of an idle service.",
    )
    for routes in ROUTES:
        asked = [Request(f"/many/{number}/a") for number in range(routes)]
        with carvings.program(service, MANY_ROUTES=str(routes)).running(asked) as server:
            scrapes = [scrape(server.spare) for _ in range(SCRAPES)]
            took = [seconds * 1000 for seconds, _ in scrapes]
            text = scrapes[-1][1]
            figures = (median(took), min(took), max(took), len(text) / 1000)
            held = resident_mb(server.process.pid)
        bench.say(table.add(f"{routes:,}", series(text), *figures, held))
    return {"tables": [table.figures()]}


def scrape(port: int) -> tuple[float, str]:
    """Seconds that a scrape took, and what it gave."""
    client = HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.monotonic()
    client.request("GET", "/metrics")
    text = client.getresponse().read().decode()
    took = time.monotonic() - began
    client.close()
    return took, text


def series(text: str) -> int:
    """Count the series of a scrape."""
    return sum(bool(line) and not line.startswith("#") for line in text.splitlines())
