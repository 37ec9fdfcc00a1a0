"""How long a service takes to start and to end, what it holds, and what it imports."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.kernel import resident_mb
from benchmarks.table import Table

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.processes import Program

STARTS = 5
QUIET = "--no-access-log"
DRAINS = (0.0, 1.0, 2.0)


def measure(bench: Bench) -> dict[str, Any]:
    """Start and stop, over and over."""
    peers = bench.peers
    service = carvings.program(bench.small)
    starts = Table(
        "Start",
        ("", "s to first 200", "least", "most", "MB resident", "packages imported"),
        note="From `python -m app` to the first 200, on one core, all bytecode compiled;"
        f" median of {STARTS}. Packages are top-level ones outside the standard library.",
    )
    names: dict[str, set[str]] = {}
    for title, program in (
        ("**carved service**", service),
        ("bare FastAPI", bench.bare),
        ("careful pure ASGI stack", peers.uvicorn("careful", QUIET)),
        ("starlette-exporter, loguru", peers.uvicorn("loguru_exporter", QUIET)),
        ("widespread recipe", peers.uvicorn("recipe", QUIET)),
        ("OpenTelemetry contrib", peers.uvicorn("opentelemetry_contrib", QUIET, **traced())),
    ):
        seconds, held = [], []
        for _ in range(STARTS):
            with program.running() as server:
                seconds.append(server.seconds)
                held.append(resident_mb(server.process.pid))
        names[title] = imported(program, bench.scratch / "imports.txt")
        figures = (median(seconds), min(seconds), max(seconds), median(held), len(names[title]))
        bench.say(starts.add(title, *figures))
    own, bare = names["**carved service**"], names["bare FastAPI"]
    starts.note += f" What the carved service imports beyond: {', '.join(sorted(own - bare))}."
    ends = Table(
        "End of an idle service",
        ("", "s from SIGTERM to its end", "beyond the delay", "least", "most"),
        note=f"Median of {STARTS}.",
    )
    beyond = []
    for drain in DRAINS:
        took = [ending(service, drain) - drain for _ in range(STARTS)]
        title = f"**carved service**, SERVER_DRAIN_SECONDS={drain:g}"
        bench.say(ends.add(title, median(took) + drain, median(took), min(took), max(took)))
        beyond.append(took)
    took = [ending(bench.bare, 0) for _ in range(STARTS)]
    bench.say(ends.add("bare FastAPI", *(median(took),) * 2, min(took), max(took)))
    return {
        "tables": [starts.figures(), ends.figures()],
        "beyond": beyond,
        "imported": sorted(own),
    }


def traced() -> dict[str, str]:
    """Send spans where nobody listens; none is sampled."""
    return {"COLLECTOR": "http://127.0.0.1:9", "RATIO": "0"}


def ending(service: Program, drain: float) -> float:
    """Seconds that an idle service takes to end."""
    patient = replace(service, variables={**service.variables, "SERVER_DRAIN_SECONDS": str(drain)})
    with patient.running() as server:
        began = time.monotonic()
        server.process.terminate()
        server.process.wait(drain + 30)
        return time.monotonic() - began


def imported(program: Program, noted: Path) -> set[str]:
    """Top-level packages, outside the standard library, that are imported until the first 200."""
    command = ("sh", "-c", f'exec "$@" 2>{noted}', "sh", *program.command)
    variables = {**program.variables, "PYTHONPROFILEIMPORTTIME": "1"}
    with replace(program, command=command, variables=variables).running():
        pass
    lines = noted.read_text("utf-8").splitlines()
    names = {line.split("|")[-1].strip().partition(".")[0] for line in lines if "|" in line}
    return names & installed(program)


def installed(program: Program) -> set[str]:
    """Top-level packages of its environment; what is asked for in vain is noted as well."""
    (packages,) = Path(program.command[0]).parent.parent.glob("lib/python*/site-packages")
    return {path.name.partition(".")[0] for path in packages.iterdir()}
