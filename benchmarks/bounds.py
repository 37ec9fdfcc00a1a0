"""What a request may take: `python -m benchmarks.bounds` counts and records it.

`bounds.json` has the instructions of a request of each application, carved and bare. A count that
is higher than the recorded one by more than the tolerance is a regression. Where Python or a
library is another than the recorded one, only the ratio to bare FastAPI, counted beside it, says
something.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import carvings, instructions
from benchmarks.processes import HELLO, ROOT
from benchmarks.stages.realistic import ASKED
from tests.proofs.carved import clean, uv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.processes import Request

RECORDED = Path(__file__).with_suffix(".json")
TOLERANCE = 0.02
"""Runs of the same code differ by a thousandth; another processor makes the C library take other
paths, which the rest is for."""
APPLICATIONS: dict[str, tuple[str, Sequence[Request]]] = {
    "hello": ("bare", HELLO),
    "catalogue": ("catalogue", ASKED),
}
"""Each feature that is put into a carving: the stack that is the same in bare FastAPI, and what is
asked of both."""
DECISIVE = (
    "fastapi",
    "pydantic",
    "pydantic-core",
    "starlette",
    "structlog",
    "uvicorn",
    "httptools",
)


@dataclass(frozen=True)
class Count:
    """Instructions of a request, and what they were counted with."""

    service: int
    bare: int
    versions: dict[str, str]

    @property
    def ratio(self) -> float:
        """How many times as many as in bare FastAPI."""
        return self.service / self.bare

    def beyond(self, recorded: Count) -> list[str]:
        """Say in which way it takes more than was recorded."""
        most = 1 + TOLERANCE
        found = []
        if self.ratio > recorded.ratio * most:
            found.append(f"{self.ratio:.3f} of bare FastAPI, recorded is {recorded.ratio:.3f}")
        if self.versions == recorded.versions and self.service > recorded.service * most:
            found.append(f"{self.service:,} instructions, recorded are {recorded.service:,}")
        return found


def count(feature: str, where: Path, template: Path = ROOT) -> Count:
    """Carve a service with a feature, and count."""
    stack, asked = APPLICATIONS[feature]
    service = carvings.carve(template, where, *carvings.OFF, features=(feature,))
    return Count(
        round(instructions.per_request(service, "service", asked)),
        round(instructions.per_request(service, stack, asked)),
        versions(service),
    )


def versions(service: Path) -> dict[str, str]:
    """Say which Python and libraries decide on the count."""
    python = str(service / ".venv" / "bin" / "python")
    script = ("-c", "import platform; print(platform.python_version(), platform.machine())")
    name = subprocess.run([python, *script], check=True, capture_output=True, text=True).stdout
    frozen = subprocess.run(
        [uv(), "pip", "freeze", "--quiet", "--python", python],
        check=True,
        capture_output=True,
        text=True,
        env=clean(),
    ).stdout
    installed = dict(line.split("==") for line in frozen.splitlines() if "==" in line)
    return {"python": name.strip(), **{it: installed[it] for it in DECISIVE if it in installed}}


def recorded() -> dict[str, Count]:
    """Read what was recorded."""
    counts: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return {feature: Count(**count) for feature, count in counts.items()}


def main() -> None:
    """Count, and record."""
    if not instructions.available():
        raise SystemExit("valgrind is missing (Debian: apt install valgrind)")
    counts = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for feature in APPLICATIONS:
            seen = count(feature, Path(scratch) / feature)
            sys.stderr.write(f"{feature}: {seen.service:,}, bare FastAPI {seen.bare:,}\n")
            counts[feature] = vars(seen)
    RECORDED.write_text(json.dumps(counts, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
