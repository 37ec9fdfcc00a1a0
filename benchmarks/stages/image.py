"""What the container image adds to its base, how long it takes to build and to be ready."""

from __future__ import annotations

import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from benchmarks import carvings
from benchmarks.bench import Missing
from benchmarks.table import Table
from tests.containers.stack import docker, eventually, inspect, is_ready
from tests.proofs.load import Address

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

REBUILDS, STARTS = 3, 5
LEAST = (*carvings.OFF, "metrics=false")
TIMEOUT = 60
OWN = "/srv"
"""Where the image keeps what is not its base."""


def measure(bench: Bench) -> dict[str, Any]:
    """Build the images of a service with everything and with the least, and start them."""
    for command in (["docker", "version"], ["docker", "buildx", "version"]):
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            raise Missing("no container engine answers, with buildx") from None
    base = f"python:{carvings.python(bench.template)}-slim"
    table = Table(
        "Image",
        ("", "MB added", "environment", "code", *("s, cold", "s, rebuilt", "s to ready")),
        note=f"MB are the layers over {base}. Cold: nothing of the image is there, but the base"
        f" and downloaded packages are. Rebuilt: after a change of the code, median of {REBUILDS}."
        f" To ready: from `docker run` to the first 200 of /readyz, median of {STARTS}.",
    )
    for title, chosen in (("everything on", ()), ("the least", LEAST)):
        service = bench.carve(f"image-{title[-5:]}", *chosen, features=())
        bench.say(table.add(title, *built(service, base)))
    seconds = median(timed("run", "--rm", base, "true") for _ in range(STARTS))
    bench.say(table.add(f"`true` in {base}, started and ended", "", "", "", "", "", seconds))
    return {
        "tables": [table.figures()],
        "engine": docker("version", "--format={{.Server.Version}}"),
    }


def built(service: Path, base: str) -> list[float]:
    """Give the figures of an image; leave nothing of it."""
    image = f"bench-{uuid4().hex[:8]}"
    code = service / "app" / "greetings" / "__init__.py"
    before = code.read_text("utf-8")
    build = ("build", "--quiet", f"--tag={image}", str(service))
    try:
        cold = timed(*build, "--no-cache")
        added = (inspect(image)["Size"] - inspect(base)["Size"]) / 1e6
        sizes = layers(image)
        ready = [started(image) for _ in range(STARTS)]
        rebuilt = []
        for turn in range(REBUILDS):
            code.write_text(f"{before}\n# {turn} {image}\n", "utf-8")
            rebuilt.append(timed(*build))
    finally:
        code.write_text(before, "utf-8")
        subprocess.run(
            ["docker", "image", "rm", "--force", image], check=False, capture_output=True
        )
    return [added, *sizes, cold, median(rebuilt), median(ready)]


def layers(image: str) -> list[float]:
    """Megabytes of the environment and of the code."""
    history = docker("history", "--human=false", "--format={{.Size}} {{.CreatedBy}}", image)
    code, environment = (
        int(line.split()[0]) / 1e6 for line in history.splitlines() if f"COPY {OWN}" in line
    )
    return [environment, code]


def started(image: str) -> float:
    """Seconds from the command to an answer."""
    name = f"{image}-start"
    began = time.monotonic()
    options = ("--name", name, "--env=ENVIRONMENT=test", "--publish=127.0.0.1::8000")
    docker("run", "--detach", *options, image)
    try:
        _, _, port = docker("port", name, "8000").rpartition(":")
        eventually(lambda: is_ready(Address("127.0.0.1", int(port))), TIMEOUT)
        return time.monotonic() - began
    finally:
        docker("rm", "--force", "--volumes", name)


def timed(*command: str) -> float:
    """Seconds that the engine takes for a command."""
    began = time.monotonic()
    docker(*command)
    return time.monotonic() - began
