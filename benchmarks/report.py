"""Tells what the stages saw: `python -m benchmarks.report` writes page, picture and JSON.

It takes what lies in build/bench, so that a stage can be measured anew by itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.carvings import python
from benchmarks.kernel import machine
from benchmarks.picture import draw
from benchmarks.processes import ROOT
from benchmarks.table import Table, markdown

if TYPE_CHECKING:
    from pathlib import Path

SEEN = ROOT / "build" / "bench"
DOCS = ROOT / "docs"
STAGES = ("requests", "realistic", "start", "carving", "data", "output", "series")
TITLES = {
    "requests": "A request of a trivial service",
    "realistic": "A request of a service of thirty routes",
}
ABOUT = {
    "requests": "Requests in the same time on the same core, bare FastAPI without access log"
    " being 1. Both are saturated at once, and compared by the time that the kernel says they ran."
    " Median, and the least and the most of all epochs. Each peer is in `benchmarks/stacks`.",
    "realistic": "Six included routers, response models, a dependency; two single things, a list"
    " and one that is added, in turn.",
}
COLUMNS = ("", "ratio", "least", "most", "µs", "µs, base", "requests", "failed")


def ratios(stage: str, rows: dict[str, dict[str, Any]]) -> Table:
    """Make the table of a stage that compares."""
    table = Table(TITLES[stage], COLUMNS, note=ABOUT[stage])
    for row in rows.values():
        figures = (row["ratio"], row["least"], row["most"])
        costs = (row["microseconds"], row["baseline_microseconds"])
        table.add(row["title"], *figures, *costs, row["requests"], row["failed"])
    return table


def collected(seen: Path) -> dict[str, Any]:
    """Gather the figures of every stage that has been measured, each with its day and commit."""
    stages = {}
    for name in STAGES:
        noted = seen / f"{name}.json"
        if noted.exists():
            figures = json.loads(noted.read_text("utf-8"))
            if name in TITLES:
                figures["tables"] = [ratios(name, figures["rows"]).figures()]
            if "commit" in figures:  # or nobody knows what was measured
                stages[name] = figures
    return {"machine": {**machine(), "python": python(ROOT)}, "stages": stages}


def page(told: dict[str, Any]) -> str:
    """Write the page."""
    box = told["machine"]
    days = sorted({stage["measured"] for stage in told["stages"].values()})
    commits = sorted({stage["commit"] for stage in told["stages"].values()})
    where = f"{box['cores']} cores of {box['cpu']}, {box['memory']}, {box['kernel']}"
    parts = [
        "# Benchmark\n",
        f"Measured on {' and '.join(days)}: {where}, Python {box['python']} in every service.",
        "`make bench` measures it anew and writes this page, `docs/benchmark.json` and the",
        f"picture. It carved {' and '.join(commits)}.",
        "Figures are of that machine; ratios travel better than times.\n",
        "![Requests beside bare FastAPI](pictures/benchmark.svg)\n",
    ]
    parts += [markdown(table) for stage in told["stages"].values() for table in stage["tables"]]
    versions = told["stages"].get("requests", {}).get("versions", {})
    if versions:
        parts.append("## Versions\n")
        parts.append(", ".join(f"{name} {it}" for name, it in sorted(versions.items())) + "\n")
    return "\n".join(parts)


def main(seen: Path = SEEN, docs: Path = DOCS) -> None:
    """Write all three."""
    told = collected(seen)
    (docs / "benchmark.json").write_text(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    (docs / "benchmark.md").write_text(page(told), "utf-8")
    (docs / "pictures" / "benchmark.svg").write_text(draw(told), "utf-8")


if __name__ == "__main__":
    main()
