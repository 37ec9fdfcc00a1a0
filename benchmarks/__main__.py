"""`python -m benchmarks [STAGE …]`: measure, and write what was seen."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import traceback
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import pages, report
from benchmarks.bench import Bench, Missing
from benchmarks.carvings import python
from benchmarks.kernel import machine
from benchmarks.pairing import Effort
from benchmarks.processes import CONNECTIONS, ROOT, stay_aside

STAGES = pages.STAGES


def origin(bench: Bench) -> dict[str, Any]:
    """Say when and where it is measured, and what: figures of another checkout are not this's."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=bench.template,
        capture_output=True,
        text=True,
        check=False,
    )
    day = datetime.now(UTC).date().isoformat()
    return {
        "measured": day,
        "commit": commit.stdout.strip() or "unknown",
        "machine": {**machine(), "python": python(bench.template)},
        "effort": {**vars(bench.effort), "connections": CONNECTIONS},
    }


def measured(bench: Bench, stage: str) -> dict[str, Any]:
    """Measure a stage, or say loudly why not."""
    began = time.monotonic()
    try:
        figures: dict[str, Any] = import_module(f"benchmarks.stages.{stage}").measure(bench)
    except Missing as missing:
        bench.say(f"NOT MEASURED, {stage}: {missing}")
        figures = {"missing": str(missing)}
    bench.say(f"{stage}: {time.monotonic() - began:.0f} s")
    return {**origin(bench), **figures}


def kept(bench: Bench, stage: str) -> bool:
    """Measure a stage and keep what it saw; an error costs this stage and no other."""
    noted = report.SEEN / f"{stage}.json"
    noted.unlink(missing_ok=True)
    try:
        noted.write_text(json.dumps(measured(bench, stage), indent=2) + "\n", "utf-8")
    except Exception:  # noqa: BLE001 - whatever it is, the hour of the others is not to be lost
        traceback.print_exc()
    return noted.exists()


def main() -> None:
    """Run the stages that are named, or all; all of them are reported, unless one fails.

    The results of the others are kept: measure that one again, with --report.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help=", ".join((*pages.STAGES, *pages.OCCASIONAL))
    )
    parser.add_argument("--template", type=Path, default=ROOT, help="checkout to carve from")
    parser.add_argument("--only", default="", help="variants to measure, separated by commas")
    for name, default in vars(Effort()).items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--report", action="store_true", help="report all stages measured so far")
    given = parser.parse_args()
    effort = Effort(given.rounds, given.epochs, given.seconds, given.warm)
    only = frozenset(filter(None, given.only.split(",")))
    stay_aside()
    report.SEEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(given.template.resolve(), Path(scratch), effort, only)
        failed = [stage for stage in given.stages or STAGES if not kept(bench, stage)]
    if failed:
        raise SystemExit(f"failed, nothing is reported: {' '.join(failed)}")
    if given.report or not (given.stages or only):
        report.main()


if __name__ == "__main__":
    main()
