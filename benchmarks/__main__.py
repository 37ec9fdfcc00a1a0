"""`python -m benchmarks [STAGE …]`: measure, and write what was seen."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.bench import Bench
from benchmarks.pairing import Effort
from benchmarks.processes import ROOT, stay_aside

STAGES = report.STAGES
SEEN = ROOT / "build" / "bench"


def origin(template: Path) -> dict[str, str]:
    """Say when it is measured, and what: figures of another checkout are not this one's."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=template,
        capture_output=True,
        text=True,
        check=False,
    )
    day = datetime.now(UTC).date().isoformat()
    return {"measured": day, "commit": told.stdout.strip() or "unknown"}


def main() -> None:
    """Run the stages that are named, or all; all of them are reported."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--template", type=Path, default=ROOT, help="checkout to carve from")
    parser.add_argument("--only", default="", help="variants to measure, separated by commas")
    for name, default in vars(Effort()).items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    given = parser.parse_args()
    effort = Effort(given.rounds, given.epochs, given.seconds, given.warm)
    only = frozenset(filter(None, given.only.split(",")))
    stay_aside()
    SEEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(given.template.resolve(), Path(scratch), effort, only)
        for stage in given.stages or STAGES:
            figures = import_module(f"benchmarks.stages.{stage}").measure(bench)
            noted = {**origin(bench.template), **figures}
            (SEEN / f"{stage}.json").write_text(json.dumps(noted, indent=2) + "\n", "utf-8")
    if not given.stages and not only:
        report.main()


if __name__ == "__main__":
    main()
