"""A carved service with its environment installed, as a user would have it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from cookiecutter.main import cookiecutter

from tests.proofs.load import Address

if TYPE_CHECKING:
    from types import TracebackType

TEMPLATE = Path(__file__).parent.parent.parent
TIMEOUT = 60.0
LINES_OF_A_FAILURE = 100
"""Lines that a command wrote last: a run of tests names there what failed."""
SERVICE = ("-m", "app")
FAULTY = str(Path(__file__).with_name("faulty.py"))


class Answer(NamedTuple):
    """What came back, whole, and the seconds it took."""

    status: int
    head: str
    body: str
    seconds: float


def uv() -> str:
    """Path of the uv that runs the tests, from its variable, or of one on PATH."""
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


@cache
def available() -> list[str]:
    """List the offered versions of Python that are on this machine, the default first."""
    offered = json.loads((TEMPLATE / "cookiecutter.json").read_text())["python_version"]
    return [version for version in offered if has_interpreter(version)]


def has_interpreter(version: str) -> bool:
    """Ask uv, as a service with this answer would; it must not download one."""
    with TemporaryDirectory() as folder:
        Path(folder, ".python-version").write_text(version)
        command = [uv(), "python", "find", "--no-python-downloads"]
        found = subprocess.run(command, check=False, capture_output=True, cwd=folder, env=clean())
    return found.returncode == 0


@dataclass(frozen=True)
class Carved:
    """Where a carved service lies."""

    path: Path

    @classmethod
    def make(cls, where: Path, **answers: Any) -> Self:  # noqa: ANN401 - answers are any JSON
        """Carve the template with these answers, a Python that is here, and the defaults."""
        answers = {"python_version": available()[0], **answers}
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
        """Run a command in the service's folder; the end of its output is shown when it fails.

        It finds this uv, rather than fetch one for each service, unless PATH is given.
        """
        path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            command,
            cwd=self.path,
            env=clean(**{"PATH": path, **variables}),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ended.returncode:
            shown = "\n".join(ended.stdout.splitlines()[-LINES_OF_A_FAILURE:])
            line = shorten(" ".join(command), width=160)
            raise AssertionError(f"{line}: exit status {ended.returncode}\n{shown}")
        return ended

    def serve(self, *program: str, **variables: str) -> Replica:
        """Start the service, or a program made of it, on a free port unless it is given."""
        return Replica(self, program or SERVICE, variables)


class Replica:
    """A running process of a carved service, for the time of a `with` block.

    Whatever it writes, to standard output or error, must be lines of one JSON object each.
    """

    def __init__(
        self, service: Carved, program: tuple[str, ...], variables: dict[str, str]
    ) -> None:
        """Remember what to start."""
        self.service = service
        self.program = program
        self.variables = {"ENVIRONMENT": "test", "PYTHONPATH": str(service.path), **variables}
        self.lines: list[dict[str, Any]] = []
        self.output: list[bytes] = []
        """The lines as they were written."""
        self.broken: list[bytes] = []
        """Those that are no JSON object."""
        self.news = threading.Condition()
        self._silent = False

    def __enter__(self) -> Self:
        """Start it and wait until it serves."""
        self.process = subprocess.Popen(
            [self.service.python, *self.program],
            cwd=self.service.path,
            env=clean(**self.variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        url = urlsplit(self.wait_for_line("serving")["url"])
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
        assert error or not self.broken, self.broken

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout:
            for line in self.process.stdout:
                with self.news:
                    self.output.append(line)
                    try:
                        self.lines.append(strictly(line))
                    except ValueError:
                        self.broken.append(line)
                    self.news.notify_all()
        with self.news:
            self._silent = True
            self.news.notify_all()

    def wait_for_line(self, message: str) -> dict[str, Any]:
        """Wait for a log line with this message."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if line["message"] == message]

        with self.news:
            self.news.wait_for(lambda: found() or self._silent, TIMEOUT)
        assert found(), f"it never said {message!r}: {self.output}"
        return found()[0]

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send one request over a new connection; underscores in headers' names are hyphens."""
        began = time.monotonic()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection(*self.address, timeout=TIMEOUT)) as connection:
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            body = answer.read().decode()
        return Answer(answer.status, str(answer.headers), body, time.monotonic() - began)

    def stop(self) -> int:
        """Ask it to end; return its exit code when everything it said has been read."""
        self.process.terminate()
        code = self.process.wait(TIMEOUT)
        self._reader.join()
        return code


def strictly(line: bytes) -> dict[str, Any]:
    """Read a line as one JSON object in UTF-8. Raises ValueError, also for NaN and twin keys."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key comes twice")
        return dict(pairs)

    read = json.loads(line.decode(), object_pairs_hook=once, parse_constant=_refuse)
    if not isinstance(read, dict) or not line.endswith(b"\n"):
        raise ValueError("not a line that is an object")
    json.dumps(read, ensure_ascii=False).encode()  # a lone surrogate can be escaped, not written
    return read


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
