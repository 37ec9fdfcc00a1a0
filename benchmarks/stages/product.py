"""How long it takes to carve every combination of answers; only measured when it is named."""

from __future__ import annotations

import os
import resource
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import TYPE_CHECKING, Any

from benchmarks.processes import CORES
from benchmarks.table import Table
from tests.pairwise import CHOICES
from tests.template import answer, carve, stands

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench


def measure(bench: Bench) -> dict[str, Any]:
    """Carve all of them, as many at once as there are cores."""
    every = [dict(zip(CHOICES, chosen, strict=True)) for chosen in product(*CHOICES.values())]
    began = time.monotonic()
    with ProcessPoolExecutor(len(CORES), initializer=spread) as workers:
        where = [bench.scratch / f"product-{number}" for number in range(len(every))]
        taken = sum(workers.map(carved, where, every, chunksize=64))
    seconds = time.monotonic() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    table = Table(
        "Every combination of answers",
        ("", "combinations", "left out", "carved", "s in all", "s of the cores"),
        note="What the hooks do, without the start of cookiecutter; those left out are carved as"
        " others of them. In all is what it took beside what else the machine did then.",
    )
    cores = spent.ru_utime + spent.ru_stime
    row = (len(every), len(every) - taken, taken, round(seconds), round(cores))
    bench.say(table.add(f"{len(CORES)} at once", *row))
    return {"tables": [table.figures()]}


def spread() -> None:
    """Use every core."""
    os.sched_setaffinity(0, CORES)


def carved(where: Path, chosen: dict[str, Any]) -> bool:
    """Carve one; whether it is not refused."""
    if not stands(answer(**chosen)):
        return False
    carve(where, **chosen)
    shutil.rmtree(where)
    return True
