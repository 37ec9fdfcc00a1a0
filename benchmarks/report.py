"""Reports the results of the stages: `python -m benchmarks.report` writes page, picture and JSON.

It takes what lies in build/bench, so that a stage can be measured again by itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.curves import draw_curves
from benchmarks.pages import OCCASIONAL, STAGES, page, summary
from benchmarks.picture import draw
from benchmarks.table import ratios

ROOT = Path(__file__).parent.parent
SEEN = ROOT / "build" / "bench"
MARKS = ("<!-- written by make bench: -->\n", "<!-- end -->\n")
"""What the README has around the sentences that are written into it."""


def collected(seen: Path) -> dict[str, Any]:
    """Gather the figures of every stage that has been measured, each with its day and commit.

    Raises ValueError if they are of several machines.
    """
    stages: dict[str, Any] = {}
    for name in (*STAGES, *OCCASIONAL):
        noted = seen / f"{name}.json"
        if noted.exists():
            figures = json.loads(noted.read_text("utf-8"))
            if "rows" in figures:
                figures["tables"] = [ratios(figures).figures()]
            stages[name] = figures
    machines = [stage.pop("machine") for stage in stages.values()]
    if any(it != machines[0] for it in machines):
        raise ValueError("figures of several machines do not belong on one page")
    return {"machine": machines[0] if machines else {}, "stages": stages}


def insert_summary(readme: str, results: dict[str, Any]) -> str:
    """Write the sentences into the README, between their marks."""
    before, begin, rest = readme.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"the README has no {MARKS[0].strip()} … {MARKS[1].strip()}")
    return f"{before}{begin}\n{summary(results)}\n\n{end}{after}"


def main(seen: Path = SEEN, root: Path = ROOT) -> None:
    """Write all of them."""
    results = collected(seen)
    docs, readme = root / "docs", root / "README.md"
    text = json.dumps(results, indent=2, ensure_ascii=False)
    (docs / "benchmark.json").write_text(text + "\n", "utf-8")
    (docs / "benchmark.md").write_text(page(results), "utf-8")
    (docs / "pictures" / "benchmark.svg").write_text(draw(results), "utf-8")
    curves = results["stages"].get("overload", {}).get("curves")
    if curves:
        (docs / "pictures" / "overload.svg").write_text(draw_curves(curves), "utf-8")
    readme.write_text(insert_summary(readme.read_text("utf-8"), results), "utf-8")


if __name__ == "__main__":
    main()
