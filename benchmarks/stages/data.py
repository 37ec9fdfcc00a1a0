"""What a row, a cached value and a call to a service cost through the features, and without."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import LOAD, SERVERS
from benchmarks.table import Table
from tests.proofs import servers
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from benchmarks.bench import Bench

PROGRAM = Path(__file__).parent.parent / "calls.py"
WITHOUT = ("tracing=false", "auth=false")


def measure(bench: Bench) -> dict[str, Any]:
    """Time them on one core, their servers on the other."""
    service = bench.carve("data", *WITHOUT)
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgres())
        cache = stack.enter_context(servers.redis())
        server = stack.enter_context(bench.bare.running(core=LOAD))
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
    told = json.loads(ended.stdout.splitlines()[-1])
    table = Table(
        "Database, cache and calls",
        ("", "µs", "least", "most"),
        note="One at a time, over loopback; median of rounds in turn. `Session` begins a"
        " transaction and commits it, as SQLAlchemy's does here. The call goes to bare FastAPI.",
    )
    for what, ways in told.items():
        for way, figures in ways.items():
            bench.say(table.add(f"{what}: {way}", *figures))
    return {"tables": [table.figures()]}
