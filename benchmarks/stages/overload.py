"""What a service does with more requests than it can serve: the curve from half to four times."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.processes import Request
from benchmarks.table import Table
from tests.proofs.load import Address
from tests.proofs.open_loop import OpenLoop

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.processes import Program
    from tests.proofs.open_loop import Outcome

PATH = "/busy"
LOADS = (0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Shares of the capacity that are asked for."""
CALLERS = 8
SECONDS = 3.0
IN_TIME = 1.0
"""Seconds after which a client has given up: an answer that comes later is not goodput."""


def measure(bench: Bench) -> dict[str, Any]:
    """Draw the curve of the carved service, of bare FastAPI and of the widespread recipe."""
    quiet = "--no-access-log"
    busy = bench.carve("busy", *carvings.OFF, features=("busy",))
    curves = {}
    for title, program in (
        ("**carved service**", carvings.program(busy)),
        ("bare FastAPI", bench.peers.uvicorn("busy", quiet)),
        ("widespread recipe", bench.peers.uvicorn("busy_recipe", quiet)),
    ):
        curves[title] = curve(program)
        bench.say(f"{title}: {curves[title]}")
    return {"tables": [table(curves).figures()], "curves": curves}


def curve(program: Program) -> list[dict[str, float]]:
    """Measure the capacity, then each load, in one process."""
    with program.running((Request(PATH),)) as server:

        def run(rate: float) -> Outcome:
            async def load() -> Outcome:
                loop = OpenLoop(Address("127.0.0.1", server.port), PATH, SECONDS)
                return await (loop.run(rate) if rate else loop.run_closed(CALLERS))

            return asyncio.run(load())

        capacity = run(0).rate
        return [point(load, run(load * capacity), capacity) for load in LOADS]


def point(load: float, outcome: Outcome, capacity: float) -> dict[str, float]:
    """Say what became of a load."""
    return {
        "load": load,
        "goodput": sum(it <= IN_TIME for it in outcome.served) / SECONDS / capacity,
        "p99": outcome.percentile(0.99),
        "refused": outcome.statuses[503],
        "failed": outcome.statuses.total() - outcome.statuses[503] - outcome.statuses[200],
    }


def table(curves: dict[str, list[dict[str, float]]]) -> Table:
    """Make the table: a row for each load, goodput and p99 of each."""
    columns = [f"{name}, {what}" for name in curves for what in ("goodput", "p99 in ms")]
    made = Table(
        "Overload",
        ("asked, in times of the capacity", *columns),
        note=f"A route that takes 8 ms of CPU, on one core; requests come at random, whether or"
        f" not earlier ones were answered, for {SECONDS:g} s. Goodput is the share of the capacity"
        f" (what {CALLERS} callers get that wait for their answers) that was answered within"
        f" {IN_TIME:g} s; p99 is of all requests that were answered with 200. The carved service"
        " refuses the others with 503 and `Retry-After`.",
    )
    for points in zip(*curves.values(), strict=True):
        figures = [x for it in points for x in (f"{it['goodput']:.0%}", it["p99"] * 1000)]
        made.add(f"{points[0]['load']:g}", *figures)
    return made
