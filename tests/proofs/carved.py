"""A carved service with its environment installed, as a user would have it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from cookiecutter.main import cookiecutter

from tests.proofs.load import Address

if TYPE_CHECKING:
    from types import TracebackType

TEMPLATE = Path(__file__).parent.parent.parent
PATIENCE = 60.0


def uv() -> str:
    """Path of the uv that runs the tests, which says so itself, or of one on PATH."""
    found = os.environ.get("UV") or shutil.which("uv")
    assert found, "uv is missing: run the tests through make"
    return found


def clean(**variables: str) -> dict[str, str]:
    """Environment for a child: what finding programs needs, and nothing of this test run."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "UV_CACHE_DIR", "SSL_CERT_FILE")
    shared = {name: value for name, value in os.environ.items() if name in kept}
    indexes = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX"))
    }
    return {**shared, **indexes, **variables}


@dataclass(frozen=True)
class Carved:
    """Where a carved service lies."""

    path: Path

    @classmethod
    def make(cls, where: Path, **answers: Any) -> Self:  # noqa: ANN401 - answers are any JSON
        """Carve the template with these answers and the defaults."""
        made = cookiecutter(
            str(TEMPLATE), no_input=True, extra_context=answers, output_dir=str(where)
        )
        return cls(Path(made))

    @property
    def python(self) -> Path:
        """Interpreter of the service's environment."""
        return self.path / ".venv" / "bin" / "python"

    def sync(self, python: str = "") -> Self:
        """Install the service's dependencies, for another Python than the answer if named."""
        self.run(uv(), "sync", "--quiet", *(["--python", python] if python else []))
        return self

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the service's folder; what it said is shown when it fails."""
        ended = subprocess.run(
            command,
            cwd=self.path,
            env=clean(**variables),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}"
        return ended

    def serve(self, **variables: str) -> Replica:
        """Start the service, on a free port unless the variables say otherwise."""
        return Replica(self, variables)


class Replica:
    """A running process of a carved service, for the time of a `with` block."""

    def __init__(self, service: Carved, variables: dict[str, str]) -> None:
        """Remember what to start."""
        self.service = service
        self.variables = {"ENVIRONMENT": "test", "PYTHONUNBUFFERED": "1", **variables}
        self.lines: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._silent = False

    def __enter__(self) -> Self:
        """Start it and wait until it serves."""
        self.process = subprocess.Popen(
            [self.service.python, "-m", "app"],
            cwd=self.service.path,
            env=clean(**self.variables),
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        url = urlsplit(self.said("serving")["url"])
        self.address = Address(url.hostname or "", url.port or 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, however it is."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout:
            for line in self.process.stdout:
                with self._news:
                    self.lines.append(json.loads(line))
                    self._news.notify_all()
        with self._news:
            self._silent = True
            self._news.notify_all()

    def said(self, message: str) -> dict[str, Any]:
        """Wait for a log line with this message."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if line["message"] == message]

        with self._news:
            self._news.wait_for(lambda: found() or self._silent, PATIENCE)
        assert found(), f"it never said {message!r}: {self.lines}"
        return found()[0]
