"""What a job costs through the feature, beside the library alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.bench import Missing
from benchmarks.processes import SERVERS
from benchmarks.table import Table
from tests.proofs import servers
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from benchmarks.bench import Bench

PROGRAM = Path(__file__).parent.parent / "job_calls.py"
WITHOUT = ("tracing=false", "auth=false", "outbound=false", "cache=false")


def measure(bench: Bench) -> dict[str, Any]:
    """Time them on one core, PostgreSQL on the other."""
    service = bench.carve("jobs", "jobs=true", *WITHOUT)
    python = str(service / ".venv/bin/python")
    try:
        with servers.postgres() as database:
            variables = clean(
                PYTHONPATH=str(service),
                ENVIRONMENT="development",
                LOG_LEVEL="WARNING",
                DATABASE_URL=database.url,
                METRICS_PORT="0",
            )
            upgrade = [python, "-m", "app", "database", "upgrade"]
            subprocess.run(upgrade, cwd=service, env=variables, check=True, capture_output=True)
            ended = subprocess.run(
                ["taskset", "-c", str(SERVERS), python, PROGRAM],
                cwd=service,
                env=variables,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
    except pytest.skip.Exception as missing:
        raise Missing(f"{missing}".removeprefix("NOT PROVEN: ")) from None
    table = Table(
        "Jobs",
        (
            *("", "ms to enqueue", "jobs a second", "least", "most", "ms of the core a job"),
            *("ms to its start", "a tenth", "nine tenths"),
        ),
        note="A job that does nothing, on PostgreSQL over loopback; a worker on one core, ten jobs"
        " at a time; median of 7 rounds of 100 jobs, in turn, which are first enqueued in a"
        " transaction each. To its start: from the end of that transaction, with an idle worker,"
        " 30 jobs. The library alone logs nothing and has no arguments to check; `run.once` adds a"
        " transaction with a receipt.",
    )
    for name, seen in json.loads(ended.stdout.splitlines()[-1]).items():
        tenths = quantiles(seen["latency"], n=10)
        jobs = seen["jobs"]
        figures = (median(seen["enqueue"]), median(jobs), min(jobs), max(jobs), median(seen["ran"]))
        row = (name, *figures, median(seen["latency"]), tenths[0], tenths[-1])
        bench.say(table.add(*row))
    return {"tables": [table.figures()]}
