"""What a row, a cached value and a call to a service cost through the features, and without."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.bench import Missing
from benchmarks.processes import LOAD, SERVERS
from benchmarks.table import Table
from tests.proofs import servers
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench

PROGRAM = Path(__file__).parent.parent / "calls.py"
WITHOUT = ("tracing=false", "auth=false")


def measure(bench: Bench) -> dict[str, Any]:
    """Time them on one core, their servers on the other."""
    service = bench.carve("data", *WITHOUT)
    with ExitStack() as stack:
        try:
            database = stack.enter_context(servers.postgres())
            cache = stack.enter_context(servers.redis())
        except pytest.skip.Exception as missing:
            raise Missing(f"{missing}".removeprefix("NOT PROVEN: ")) from None
        server = stack.enter_context(bench.bare.running(cores=(LOAD,)))
        address = f"http://127.0.0.1:{server.port}"
        ended = subprocess.run(
            ["taskset", "-c", str(SERVERS), str(service / ".venv/bin/python"), PROGRAM, address],
            cwd=service,
            env=clean(
                PYTHONPATH=str(service),
                ENVIRONMENT="development",
                LOG_LEVEL="WARNING",
                DATABASE_URL=database.url,
                CACHE_URL=cache.url,
                OUTBOUND_QUOTES_BASE_URL=address,
                METRICS_PORT="0",
            ),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    results = json.loads(ended.stdout.splitlines()[-1])
    table = Table(
        "Database, cache and calls",
        ("", "µs", "least", "µs of the core", "more than the line above", "a tenth", "nine tenths"),
        note="PostgreSQL and Redis over loopback, one call at a time; median of 50 rounds of 40"
        " calls, in turn. The time of the core, that of the process which calls, is what the wiring"
        " costs, and is compared round by round; the rest is waiting for the server."
        " A row is found by its key; `Session` is a dependency of the route and commits, as"
        " SQLAlchemy's session does here. `Cache` parses JSON, as is done with redis-py here. The"
        " call goes to bare FastAPI, through deadline, breaker, retry budget and limits.",
    )
    for what, ways in results.items():
        for row in beside(ways):
            bench.say(table.add(f"{what}: {row[0]}", *row[1:]))
    session, own = (
        [ran for _, ran in results["a row"][way]]
        for way in ("**`Session`**", "SQLAlchemy's session")
    )
    return {
        "tables": [table.figures()],
        "session": [ours / theirs for ours, theirs in zip(session, own, strict=True)],
    }


def beside(ways: dict[str, list[list[float]]]) -> Iterator[tuple[str | float, ...]]:
    """Give what each way took, and how much more than the one before, round by round."""
    before: list[float] = []
    for way, rounds in ways.items():
        took, ran = ([it[which] for it in rounds] for which in (0, 1))
        more = [own - other for own, other in zip(ran, before, strict=bool(before))]
        tenths = quantiles(more, n=10) if more else []
        beyond = (median(more), tenths[0], tenths[-1]) if more else ("", "", "")
        yield (way, median(took), min(took), median(ran), *beyond)
        before = ran
