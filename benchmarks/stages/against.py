"""The carved service and each of the others, under load at the same time on the same core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.pairing import compare

if TYPE_CHECKING:
    from benchmarks.bench import Bench


def measure(bench: Bench) -> dict[str, Any]:
    """Compare the carved service with what its targets name."""
    peers = bench.peers
    quiet = "--no-access-log"
    service = carvings.program(bench.small)
    rows = {}
    for name, title, program, base in (
        ("uvicorn", "`uvicorn main:app`", service, peers.uvicorn("bare")),
        ("careful", "careful pure ASGI stack", service, peers.uvicorn("careful", quiet)),
        ("recipe", "widespread recipe", service, peers.uvicorn("recipe", quiet)),
        (
            "untraced",
            "itself; here, `tracing` is on, without an endpoint",
            carvings.program(bench.traced),
            service,
        ),
        (
            "closing",
            "bare FastAPI; here, both have a dependency that yields, which FastAPI serves in both",
            carvings.program(bench.carve("closing", *carvings.OFF, features=("closing",))),
            peers.uvicorn("closing", quiet),
        ),
    ):
        if bench.chosen(name):
            seen = compare(program, base, bench.effort)
            rows[name] = {"title": title, **seen.row()}
            bench.say(seen.line(name))
    return {
        "title": "The carved service beside each of them",
        "note": "The trivial service again, with the base that the line names: requests of the"
        " carved service while the other one answers one.",
        "rows": rows,
    }
