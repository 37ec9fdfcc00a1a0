"""Servers as real processes, on the core that is measured, with a reader behind their output."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.proofs.carved import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
TIMEOUT = 60.0
CONNECTIONS = 16
"""Clients of each server under load, which ask again as soon as they are answered."""
CORES = sorted(os.sched_getaffinity(0))
SERVERS, LOAD = CORES[0], CORES[-1]
"""The core that is measured, and the one for everything else."""


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    path: str = "/hello"
    method: str = "GET"
    body: str = ""

    def text(self) -> str:
        """Write it down, as a client that keeps its connection sends it."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: localhost",
            "User-Agent: bench",
            "Accept: */*",
        ]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", self.body])


HELLO = (Request(),)


@dataclass(frozen=True)
class Program:
    """How a server is started; `{port}` and `{spare}` stand for two free ports."""

    command: tuple[str, ...]
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(
        self, asked: Sequence[Request] = HELLO, cores: Collection[int] = (SERVERS,)
    ) -> Iterator[Server]:
        """Run it until the block ends; it answers all that is asked when the block begins."""
        port, spare = free_ports(2)

        def put_in(text: str) -> str:
            return text.replace("{port}", str(port)).replace("{spare}", str(spare))

        variables = {name: put_in(value) for name, value in self.variables.items()}
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
            began = time.monotonic()
            process = subprocess.Popen(
                [put_in(part) for part in self.command],
                cwd=self.folder,
                env=clean(PYTHONPATH=str(self.folder), PYTHONDONTWRITEBYTECODE="1", **variables),
                stdout=reader.stdin,
                stderr=reader.stdin,
            )
            try:
                os.sched_setaffinity(process.pid, cores)
                server = Server(process, port, spare, began)
                server.learn(asked)
                yield server
            finally:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    spare: int
    began: float
    seconds: float = 0.0
    """Seconds from its start to its first answer."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """Give the process whose time is counted."""
        return [self.process.pid]

    def learn(self, asked: Sequence[Request]) -> None:
        """Wait until it answers; note the body of each answer, which has to be a good one."""
        while not self.is_answering(asked[0]):
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended: {self.process.args!r}")
            if time.monotonic() > self.began + TIMEOUT:
                raise TimeoutError(f"it does not answer: {self.process.args!r}")
            time.sleep(0.002)
        self.seconds = time.monotonic() - self.began
        self.asked = [(request.text(), self.ask(request)) for request in asked]

    def is_answering(self, request: Request) -> bool:
        """Whether it answers at all."""
        try:
            self.ask(request)
        except (OSError, HTTPException):
            return False
        return True

    def ask(self, request: Request) -> str:
        """Send one request over a connection of its own; give the body of the answer."""
        client = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        try:
            client.request(request.method, request.path, request.body or None, headers)
            answer = client.getresponse()
            body = answer.read().decode()
        finally:
            client.close()
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise ValueError(f"{request} is answered {answer.status}: {body}")
        return body


class Loaded(Protocol):
    """What can be put under load: a server, or several behind one port."""

    @property
    def pids(self) -> list[int]:
        """Processes whose time is counted."""

    @property
    def port(self) -> int:
        """Where it answers."""

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Each request, whole, and the body that answers it."""


def saturate(
    servers: Mapping[str, Loaded],
    *,
    connections: int = CONNECTIONS,
    warm: float,
    epochs: int,
    seconds: float,
) -> list[dict[str, dict[str, int]]]:
    """Keep all of them busy at once, from the other core; give each epoch's figures by name."""
    targets = [
        {"name": name, "pids": it.pids, "port": it.port, "asked": it.asked}
        for name, it in servers.items()
    ]
    options = {
        "targets": targets,
        "connections": connections,
        "warm": warm,
        "epochs": epochs,
        "seconds": seconds,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(options),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
    )
    epochs_seen: list[dict[str, dict[str, int]]] = json.loads(ended.stdout)
    return epochs_seen


def free_ports(number: int) -> list[int]:
    """Find loopback ports that are free."""
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [it.getsockname()[1] for it in found]
    for it in found:
        it.close()
    return ports


def stay_aside() -> None:
    """Keep this process, and what it starts without saying where, off the measured core."""
    os.sched_setaffinity(0, {LOAD})


Figures = dict[str, Any]
