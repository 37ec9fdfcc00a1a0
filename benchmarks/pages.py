"""Writes the page, for who decides whether to adopt the template, and the README's sentences."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from benchmarks.table import markdown, shown
from benchmarks.targets import TARGETS, found, judged, missed

COMPARED = """\
## What was compared

Each is a real process. [The stacks](../benchmarks/stacks) are written from the documentation of
what they are made of, with the same Python and the same versions as the carved service.

- **carved service**: `python -m app` in production, carved with `database`, `cache`, `outbound`,
  `tracing` and `auth` off. A request gets an id, a JSON access line, metrics (counter, histogram,
  in flight), security headers and limits; errors are problem details.
- bare FastAPI ([bare.py](../benchmarks/stacks/bare.py)): on uvicorn without access log, the base
  unless another is named; none of that. FastAPI's telemetry idles in it, as in every peer but
  contrib's, because that is how it comes; the carved service turns it off. `uvicorn main:app` is
  the same with uvicorn's access log, which is text.
- careful pure ASGI stack ([careful.py](../benchmarks/stacks/careful.py)): the same parts as the
  carved service, of structlog with orjson, prometheus_client and one middleware each.
- widespread recipe ([recipe.py](../benchmarks/stacks/recipe.py)): instrumentator, correlation id,
  structlog through logging, in `@app.middleware("http")`; with CORS and headers in
  [recipe_for_browsers.py](../benchmarks/stacks/recipe_for_browsers.py).
- starlette-exporter, loguru ([loguru_exporter.py](../benchmarks/stacks/loguru_exporter.py)): as
  the READMEs of both have it.
- OpenTelemetry: [FastAPI's own](../benchmarks/stacks/opentelemetry_native.py) telemetry and
  [contrib's](../benchmarks/stacks/opentelemetry_contrib.py), with the provider that OpenTelemetry's
  documentation sets up; they trace and do nothing else.
- No framework, bare Starlette, granian, and FastAPI without its telemetry
  ([no_telemetry.py](../benchmarks/stacks/no_telemetry.py),
  [catalogue_flat.py](../benchmarks/stacks/catalogue_flat.py)) show where the rest of the time goes.
"""
STAGES = (
    *("requests", "against", "realistic", "replicas", "start", "carving"),
    *("image", "data", "output", "series", "overload"),
)
OCCASIONAL = ("jobs", "product")
"""Only measured when they are named, as they concern few or take long; results are reported."""
HOW = """\
## How ratios are measured

Variant and base run at the same time on one core, both saturated by {connections} connections from
another core, in {rounds} rounds of {epochs} epochs of {seconds:g} s; each round starts both again.
What a request cost is the time that the kernel's scheduler says the process ran, its threads
included, divided by its answers. A ratio is the cost of the base divided by that of the variant:
how many requests it serves in the time in which the base serves one. What else the machine does
hits both alike. Shown are the median of all epochs, the least and the most.

{stages}

A request has failed if its connection broke, or its answer was not 200 with the body that was
expected. Of all {requests:,} requests whose ratios are reported here, {failed:,} failed.

Figures are of that machine; ratios travel better than times.
"""
EFFORT = ("connections", "rounds", "epochs", "seconds")


def page(results: dict[str, Any]) -> str:
    """Write the page."""
    stages = results["stages"]
    parts = [
        "# Benchmark\n",
        f"{fill(origin(results), 100)}\n",
        f"Written by `make bench`; do not edit. {verdict(stages)}\n",
        "![Requests beside bare FastAPI](pictures/benchmark.svg)\n",
        markdown(judged(stages).figures()),
        COMPARED,
        how(stages),
    ]
    for name, stage in stages.items():
        parts += [markdown(table) for table in stage.get("tables", ())]
        if "curves" in stage:
            parts.append("![Goodput and p99 under overload](pictures/overload.svg)\n")
        if "missing" in stage:
            parts.append(f"## {name.title()}\n\nNot measured: {stage['missing']}.\n")
    versions = {**stages.get("requests", {}).get("versions", {}), **servers(stages)}
    if versions:
        known = ", ".join(f"{name} {it}" for name, it in sorted(versions.items()))
        parts.append(f"## Versions\n\n{fill(known, 100, break_on_hyphens=False)}\n")
    return "\n".join(parts)


def origin(results: dict[str, Any]) -> str:
    """Say what it is, when and where it was measured."""
    box, stages = results["machine"], results["stages"].values()
    days = sorted({stage["measured"] for stage in stages})
    commits = sorted({stage["commit"] for stage in stages})
    return (
        "What the wiring of a carved service costs, beside bare FastAPI and beside what others make"
        f" of the same parts. Measured on {' and '.join(days)}, on {box['cores']} cores of"
        f" {box['cpu']}, {box['memory']}, {box['kernel']}, Python {box['python']}, with services"
        f" carved from {' and '.join(f'`{it}`' for it in commits)}."
    )


def verdict(stages: dict[str, dict[str, Any]]) -> str:
    """Say how many targets are reached, of those that were measured."""
    known = sum(found(it, stages) is not None for it in TARGETS)
    reached = known - len(missed(stages))
    if reached == known:
        return f"All {known} targets were reached."
    return f"Of {known} targets, {reached} {'was' if reached == 1 else 'were'} reached."


def how(stages: dict[str, dict[str, Any]]) -> str:
    """Say how ratios came about."""
    rows = [row for stage in stages.values() for row in stage.get("rows", {}).values()]
    effort = stages.get("requests", {}).get("effort", dict.fromkeys(EFFORT, 0))
    return HOW.format(
        **{name: effort[name] for name in EFFORT},
        stages=fill(listed(), 100),
        failed=sum(row["failed"] for row in rows),
        requests=sum(row["requests"] for row in rows),
    )


def listed() -> str:
    """Say which stages there are."""
    daily, occasional = (", ".join(f"`{name}`" for name in names) for names in (STAGES, OCCASIONAL))
    return (
        f"`make bench` measures the stages {daily}. `make bench STAGE=image ARGS=--report` measures"
        f" one of them and adds it to this page. Measured only when it is named: {occasional}."
    )


def servers(stages: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Say which servers took part that no package index has."""
    known = {"nginx": ("replicas", "nginx"), "the container engine": ("image", "engine")}
    values = {name: stages.get(stage, {}).get(key, "") for name, (stage, key) in known.items()}
    return {name: it for name, it in values.items() if it}


def summary(results: dict[str, Any]) -> str:
    """Write the sentences of the README."""
    stages = results["stages"]

    def ratio(stage: str, name: str) -> str:
        row = stages[stage]["rows"][name]
        return f"{shown(row['ratio'])} ({shown(row['least'])} to {shown(row['most'])})"

    days = " and ".join(sorted({stage["measured"] for stage in stages.values()}))
    words = (
        "While bare FastAPI without access log answers one request, a carved service with logs,"
        " metrics, problem details, headers and limits answers"
        f" {ratio('requests', 'service')} of them, {ratio('realistic', 'service')} with thirty"
        f" routes in included routers, and {ratio('against', 'closing')} where a route has"
        " something to close, such as a session. While others answer one, it answers"
        f" {ratio('against', 'uvicorn')} beside plain `uvicorn main:app`,"
        f" {ratio('against', 'careful')} beside a careful pure ASGI stack, and"
        f" {ratio('against', 'recipe')} beside the widespread recipe. {verdict(stages)}"
        f" [The page](docs/benchmark.md) says which, how it was measured on {days}, and what"
        " tracing, start, memory, image, replicas, database, cache, calls and log lines cost."
    )
    return fill(words, 100, break_on_hyphens=False, break_long_words=False)
