"""The peers' environment, and how each stack of `stacks/` is started."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Program
from tests.proofs.carved import clean, uv

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"


@dataclass(frozen=True)
class Peers:
    """An environment with what the stacks are made of."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @classmethod
    def install(cls, folder: Path, service: Path) -> Peers:
        """Make it, of the interpreter and of the versions that a carved service has."""
        python = service / ".venv" / "bin" / "python"
        frozen = subprocess.run(
            [uv(), "pip", "freeze", "--quiet", "--python", str(python)],
            check=True,
            stdout=subprocess.PIPE,
            env=clean(),
        )
        versions = folder.with_suffix(".txt")
        versions.write_bytes(frozen.stdout)
        subprocess.run(
            [uv(), "venv", "--quiet", "--clear", "--python", str(python.resolve()), str(folder)],
            check=True,
            env=clean(),
        )
        peers = cls(folder)
        install = [uv(), "pip", "install", "--quiet", "--compile-bytecode"]
        where = ["--python", str(peers.python), "--constraint", str(versions)]
        subprocess.run(
            [*install, *where, "--requirement", str(REQUIREMENTS)], check=True, env=clean()
        )
        return peers

    def versions(self) -> dict[str, str]:
        """Say what is installed."""
        frozen = subprocess.run(
            [uv(), "pip", "freeze", "--quiet", "--python", str(self.python)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=clean(),
        )
        return dict(line.split("==") for line in frozen.stdout.splitlines())

    def uvicorn(self, stack: str, *options: str, **variables: str) -> Program:
        """How uvicorn serves a stack; it finds uvloop and httptools by itself."""
        serve = (str(self.python), "-m", "uvicorn", f"stacks.{stack}:app", "--port", "{port}")
        return Program((*serve, *options), HERE, {"METRICS_PORT": "{spare}", **variables})

    def granian(self, stack: str) -> Program:
        """How granian serves a stack: one worker, as uvicorn."""
        serve = (str(self.python), "-m", "granian", "--interface", "asgi", "--port", "{port}")
        return Program((*serve, "--workers", "1", f"stacks.{stack}:app"), HERE)
