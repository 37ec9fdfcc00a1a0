"""How long carving takes, beside cookiecutter's own rendering of the same files without hooks."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.table import Table
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

TIMES = 11
FREE = ("project_name", "project_slug", "description", "author", "email", "image_owner")


def measure(bench: Bench) -> dict[str, Any]:
    """Carve with hooks and without, in turn."""
    took: dict[str, list[float]] = {"yes": [], "no": []}
    for turn in range(TIMES):
        for hooks, seen in took.items():
            where = bench.scratch / f"carving-{hooks}-{turn}"
            seen.append(carve(bench.template, where, hooks))
    times = [own / rendering for own, rendering in zip(took["yes"], took["no"], strict=True)]
    table = Table(
        "Carving",
        ("", "s", "least", "most", "times the rendering", "least", "most"),
        note="The command `cookiecutter`, default answers, with its own start; median of"
        f" {TIMES}, in turn. The answers that are a choice have"
        f" {combinations(bench.template):,} combinations; `make product` checks each.",
    )
    own, alone = took["yes"], took["no"]
    beside = (median(times), min(times), max(times))
    bench.say(table.add("default answers", median(own), min(own), max(own), *beside))
    title = "cookiecutter alone, no hooks"
    bench.say(table.add(title, median(alone), min(alone), max(alone), "", "", ""))
    return {"tables": [table.figures()], "times": times}


def carve(template: Path, where: Path, hooks: str) -> float:
    """Carve; seconds that it took."""
    where.mkdir()
    command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input"]
    began = time.monotonic()
    subprocess.run(
        [*command, "--accept-hooks", hooks, "--output-dir", str(where)],
        check=True,
        stdout=subprocess.DEVNULL,
        env=clean(PYTHONDONTWRITEBYTECODE="1"),
    )
    return time.monotonic() - began


def combinations(template: Path) -> int:
    """Count the answers that are a choice, in every combination."""
    questions = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    choices = [
        len(default) if isinstance(default, list) else 2
        for name, default in questions.items()
        if not name.startswith("_") and name not in FREE
    ]
    return math.prod(choices)
