"""Instructions that a request takes, in a carved service and in bare FastAPI.

Unlike time they are the same on every run. What a few hundred requests more take is divided by
their number, so that the start of the program cancels out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.carvings import PRODUCTION
from benchmarks.processes import free_ports
from tests.proofs.carved import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.processes import Request

HERE = Path(__file__).parent
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
TAKEN = re.compile(r"I +refs: +([0-9,]+)")
FEW, MANY = 120, 480
"""Requests of the two runs; the first ones of a process take other paths, and are in both."""


def available() -> bool:
    """Whether the tool that counts is here."""
    return shutil.which(VALGRIND[0]) is not None


def taken(service: Path, which: str, asked: Sequence[Request], count: int) -> int:
    """Count the instructions of a whole run."""
    port, spare = free_ports(2)
    variables = {name: value.format(port=port, spare=spare) for name, value in PRODUCTION.items()}
    python = service / ".venv" / "bin" / "python"
    ended = subprocess.run(
        [*VALGRIND, str(python.resolve()), str(HERE / "driver.py"), which, str(count)],
        cwd=service,
        env=clean(
            PYTHONPATH=os.pathsep.join([str(service), *map(str, packages(service)), str(HERE)]),
            PYTHONHASHSEED="0",
            PYTHONDONTWRITEBYTECODE="1",
            **variables,
        ),
        input="\0".join(request.text() for request in asked).encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    said = ended.stderr.decode()
    found = TAKEN.search(said)
    if ended.returncode or not found:
        raise RuntimeError(f"{which} cannot be counted: {said}")
    return int(found[1].replace(",", ""))


def packages(service: Path) -> list[Path]:
    """Where the libraries of a service lie; its interpreter is run without its environment."""
    return sorted((service / ".venv" / "lib").glob("python*/site-packages"))


def per_request(service: Path, which: str, asked: Sequence[Request]) -> float:
    """Count the instructions of one request, whatever the process took to start."""
    with ThreadPoolExecutor(2) as both:
        few, many = both.map(lambda count: taken(service, which, asked, count), (FEW, MANY))
    return (many - few) / (MANY - FEW)
