"""A carved service in containers: what `make up` starts, under a name of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import uuid4

from tests.proofs.carved import Carved, available, uv
from tests.proofs.load import Address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT = 90.0
PYTHON = f"python:{available()[0]}-slim"
"""Base of the image: of a Python that is here, because locking asks for it."""


def run(
    *command: str | Path,
    cwd: Path | None = None,
    fails: bool = False,
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command; show what it said unless it ends as expected."""
    path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path, **(variables or {})},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode != 0) == fails, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended


def docker(*command: str, fails: bool = False) -> str:
    """Talk to the engine; return what it printed."""
    return run("docker", *command, fails=fails).stdout.strip()


def inspect(name: str) -> dict[str, Any]:
    """Everything the engine knows of a container or an image."""
    return dict(json.loads(docker("inspect", name))[0])


def health(name: str) -> str:
    """What the container's health check came to: starting, healthy or unhealthy."""
    return str(inspect(name)["State"]["Health"]["Status"])


def eventually(what: Any, seconds: float = TIMEOUT) -> float:  # noqa: ANN401 - any callable
    """Wait until it is true; return the seconds that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it never came true"
        time.sleep(0.05)
    return time.monotonic() - began


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: str

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.body)


def ask(
    address: Address, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> Answer:
    """Send one request over a new connection; underscores in headers' names are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(HTTPConnection(*address, timeout=30)) as connection:
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        text = answer.read().decode("latin-1" if "Content-Encoding" in answer.headers else "utf-8")
    return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, text)


def is_ready(address: Address, path: str = "/readyz") -> bool:
    """Return whether it answers 200."""
    try:
        return ask(address, path).status == 200
    except (OSError, HTTPException):
        return False


@dataclass
class Stack:
    """A carved service and its containers."""

    path: Path
    project: str = field(default_factory=lambda: f"proof-{uuid4().hex[:8]}")
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def carve(cls, where: Path, **answers: Any) -> Self:  # noqa: ANN401 - answers are any JSON
        """Carve the template, as a checkout whose secrets do not exist yet."""
        return cls(Carved.make(where, **answers).path)

    def copy(self, where: Path) -> Stack:
        """Make a second checkout of the same service, with what git would not have, left out."""
        shutil.copytree(self.path, where, ignore=shutil.ignore_patterns(".secrets", "__pycache__"))
        return Stack(where)

    @property
    def environment(self) -> dict[str, str]:
        """Variables that keep it apart from every other stack."""
        return {
            "COMPOSE_PROJECT_NAME": self.project,
            "HTTP_PORT": "0",
            "PROMETHEUS_PORT": "0",
            **self.variables,
        }

    def make(self, *arguments: str, fails: bool = False) -> str:
        """Run `make` with these arguments; return what was said."""
        ended = run("make", *arguments, cwd=self.path, fails=fails, variables=self.environment)
        return ended.stdout + ended.stderr

    def compose(self, *arguments: str) -> str:
        """Run `docker compose`; return what it printed."""
        command = ("docker", "compose", *arguments)
        return run(*command, cwd=self.path, variables=self.environment).stdout

    def containers(self, service: str = "") -> list[str]:
        """Names of its containers, stopped ones too."""
        names = ["--filter", f"label=com.docker.compose.project={self.project}"]
        if service:
            names += ["--filter", f"label=com.docker.compose.service={service}"]
        return docker("ps", "--all", *names, "--format", "{{.Names}}").split()

    @property
    def address(self) -> Address:
        """Where the proxy answers, from now until it is recreated."""
        host, _, port = self.compose("port", "proxy", "8080").strip().rpartition(":")
        return Address(host, int(port))

    def lines(self, service: str) -> list[dict[str, Any]]:
        """What a service has written to standard output: lines of one JSON object each."""
        said = [docker("logs", name) for name in self.containers(service)]
        return [json.loads(line) for text in said for line in text.splitlines()]

    def crash(self, service: str) -> None:
        """End its first process like a crash does; `docker kill` would count as asked for."""
        number = inspect(self.containers(service)[0])["State"]["Pid"]
        program = f"import os; os.kill({number}, 9)"
        docker(
            *("run", "--rm", "--pid=host", "--network=none", "--cap-add=KILL"),
            *(PYTHON, "python", "-c", program),
        )

    def stop(self) -> dict[str, int]:
        """Stop everything; return the exit codes by service, 137 is one that was killed."""
        self.compose("stop")
        states = map(inspect, self.containers())
        return {
            it["Config"]["Labels"]["com.docker.compose.service"]: int(it["State"]["ExitCode"])
            for it in states
        }

    def remove(self) -> None:
        """Leave nothing of it on the engine."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "1")
        docker("image", "rm", "--force", self.project)
        # What a rebuild has left without a name, of services that are called as this one.
        docker("image", "prune", "--force", "--filter=label=org.opencontainers.image.title=orders")

    @contextmanager
    def up(self) -> Iterator[Self]:
        """Run everything for the time of a block, from nothing to nothing."""
        try:
            self.make("up")
            yield self
        finally:
            self.remove()
