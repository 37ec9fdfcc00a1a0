"""What the wiring costs a request of the trivial endpoint, beside the peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.pairing import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench
    from benchmarks.processes import Program

QUIET = "--no-access-log"


def variants(bench: Bench, collector: str) -> Iterator[tuple[str, str, Program]]:
    """Every variant: its name, what it is, how it is started; installs what each one needs."""
    peers = bench.peers
    traced = {"COLLECTOR": collector, "RATIO": "0.1"}
    traced_never = {"COLLECTOR": collector, "RATIO": "0"}

    def with_tracing(**variables: str) -> Program:
        return carvings.program(bench.traced, **variables)

    def service() -> Program:
        return carvings.program(bench.small)

    made: dict[str, tuple[str, Any]] = {
        "asgi": ("no framework", lambda: peers.uvicorn("asgi", QUIET)),
        "starlette": ("bare Starlette", lambda: peers.uvicorn("starlette", QUIET)),
        "granian": ("bare FastAPI on granian", lambda: peers.granian("bare")),
        "bare": ("bare FastAPI, against itself", lambda: bench.bare),
        "no-telemetry": (
            "bare FastAPI, its telemetry off",
            lambda: peers.uvicorn("no_telemetry", QUIET),
        ),
        "service": ("**carved service**", service),
        "service-untraced": ("**carved service**, tracing without endpoint", with_tracing),
        "service-traced": (
            "**carved service**, tracing at ratio 0.1",
            lambda: with_tracing(TRACING_ENDPOINT=collector, TRACING_RATIO="0.1"),
        ),
        "uvicorn": ("`uvicorn main:app`", lambda: peers.uvicorn("bare")),
        "careful": ("careful pure ASGI stack", lambda: peers.uvicorn("careful", QUIET)),
        "loguru": (
            "starlette-exporter, loguru",
            lambda: peers.uvicorn("loguru_exporter", QUIET),
        ),
        "recipe": ("widespread recipe", lambda: peers.uvicorn("recipe", QUIET)),
        "recipe-browsers": (
            "the recipe, CORS and headers",
            lambda: peers.uvicorn("recipe_for_browsers", QUIET),
        ),
        "otel-native-0": (
            "FastAPI's telemetry alone, ratio 0",
            lambda: peers.uvicorn("opentelemetry_native", QUIET, **traced_never),
        ),
        "otel-native": (
            "FastAPI's telemetry alone, ratio 0.1",
            lambda: peers.uvicorn("opentelemetry_native", QUIET, **traced),
        ),
        "otel-contrib-0": (
            "OpenTelemetry contrib alone, ratio 0",
            lambda: peers.uvicorn("opentelemetry_contrib", QUIET, **traced_never),
        ),
        "otel-contrib": (
            "OpenTelemetry contrib alone, ratio 0.1",
            lambda: peers.uvicorn("opentelemetry_contrib", QUIET, **traced),
        ),
    }
    for name, (title, make) in made.items():
        if bench.chosen(name):
            yield name, title, make()


def measure(bench: Bench) -> dict[str, Any]:
    """Compare every variant with bare FastAPI."""
    rows = {}
    with bench.collector() as collector:
        for name, title, program in variants(bench, collector):
            seen = compare(program, bench.bare, bench.effort)
            rows[name] = {"title": title, **seen.row()}
            bench.say(seen.line(name))
    return {
        "title": "A request of a trivial service",
        "note": "Each beside bare FastAPI on uvicorn without access log, which is 1. The carved"
        " service has logs, metrics, problem details, headers and limits in every line; of the"
        " others, those named for OpenTelemetry trace, and do nothing else.",
        "versions": bench.peers.versions(),
        "rows": rows,
    }
