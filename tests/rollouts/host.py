"""A host of its own for one test: releases, the tool, and users who send requests all the time."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.proofs.carved import clean
from tests.proofs.load import Address, Request, Tally, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.proofs.carved import Carved

HERE = Path(__file__).parent
FULL = os.environ.get("ROLLOUTS") == "full"
"""Whether to take the time for the promised figures; a short run shows the same in small."""
PAUSE = 0 if FULL else 0.01
"""Seconds between an answer and the same user's next request."""
SLOTS = 12
"""Instances that may be there at once."""
GETS, POSTS = (
    tuple(
        Request(method, path, body, (("X-User", f"{user}"), ("Content-Type", "application/json")))
        for user in range(40)
    )
    for method, path, body in (
        ("GET", "/greetings/ada", b""),
        ("POST", "/greetings", b'{"names": ["ada"]}'),
    )
)
MIX = GETS + POSTS
ROLLOUT_TOML = """\
replicas = {replicas}
grace_seconds = 5
rolling_seconds = {seconds}
blue_green_seconds = {seconds}
canary = [{canary}]
[ready]
interval_seconds = 0.1
timeout_seconds = {timeout}
smoke = {smoke}
[gates]
counts = "/metrics"
interval_seconds = 0.5
minimum_requests = {minimum}
memory_mebibytes = 200
p99_seconds = {p99}
[proxy]
port = {port}
sticky = "{sticky}"
leave_seconds = 10
"""


class ToolRun(NamedTuple):
    """The exit code of the tool, and its output."""

    code: int
    output: str

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Its output with --json."""
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]


class RolloutHost:
    """A host whose releases are directories, run as plain processes behind a local nginx."""

    tool = "chassis.rollout.tests.processes"
    """The rollout tool, with processes in place of containers."""
    ready_seconds = 10
    """Seconds within which a good release is ready, also on a busy machine."""

    def __init__(self, service: Carved, folder: Path) -> None:
        """Copy the files that an operator would."""
        self.service = service
        self.folder = folder
        self.ports = find_free_ports(2 * SLOTS + 2)
        self.proxy = Address("127.0.0.1", self.ports[0])
        self.variables = {"ENVIRONMENT": "test", "LOG_LEVEL": "WARNING"}
        self.copy_files()
        self.configure()

    def copy_files(self) -> None:
        """Copy the tool and its configuration."""
        for name in ("chassis", "deploy"):
            shutil.copytree(self.service.path / name, self.folder / name)

    def configure(  # noqa: PLR0913 - each is a key of the file
        self,
        *,
        replicas: int = 2,
        seconds: float = 1,
        smoke: bool = True,
        minimum_requests: int = 20,
        timeout: float = 30,
        canary: Sequence[tuple[float, float]] = ((50, 1),),
        sticky: str = "header:X-User",
        p99: float = 1,
    ) -> None:
        """Write rollout.toml."""
        stages = ", ".join(f"{{ share = {it[0]}, seconds = {it[1]} }}" for it in canary)
        paths = json.dumps(["/greetings/ada"] if smoke else [])
        text = ROLLOUT_TOML.format(
            replicas=replicas,
            seconds=seconds,
            smoke=paths,
            canary=stages,
            timeout=timeout,
            minimum=minimum_requests,
            port=self.proxy.port,
            sticky=sticky,
            p99=p99,
        )
        (self.folder / "deploy" / "rollout.toml").write_text(text)

    def create_release(self, revision: str, fault: str = "") -> str:
        """Create a release; return its image."""
        folder = self.folder / "releases" / revision
        for name in ("app", "chassis"):
            shutil.copytree(self.service.path / name, folder / name)
        (folder / ".venv").symlink_to(self.service.path / ".venv")
        shutil.copy(HERE / "release.py", folder)
        (folder / "REVISION").write_text(revision)
        (folder / "FAULT").write_text(fault)
        return str(folder)

    def start_tool(self, *arguments: str, killed_at: int | str = "") -> Any:  # noqa: ANN401
        """Start the tool, killed at that moment of its journal if one is named."""
        kill = [str(HERE / "kill_tool.py"), str(killed_at)] if killed_at != "" else ["-m"]
        return subprocess.Popen(
            [sys.executable, *kill, self.tool, *arguments],
            cwd=self.folder,
            env=clean(**self.variables, PYTHONPATH=str(self.folder), PYTHONDONTWRITEBYTECODE="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run_tool(self, *arguments: str, code: int = 0) -> ToolRun:
        """Run the tool until it exits, which must be with this code."""
        process = self.start_tool(*arguments)
        output, _ = process.communicate(timeout=200)
        assert process.returncode == code, output
        return ToolRun(process.returncode, output)

    def kill_tool_at(self, moment: int | str, *arguments: str) -> bool:
        """Kill the tool at that moment of its journal; return whether it got that far."""
        process = self.start_tool(*arguments, killed_at=moment)
        output, _ = process.communicate(timeout=200)
        assert process.returncode in {0, -signal.SIGKILL}, output
        return bool(process.returncode)

    def read_status(self) -> list[dict[str, Any]]:
        """Read the status of every instance."""
        return self.run_tool("status", "--json").entries

    def read_history(self) -> list[dict[str, Any]]:
        """Read the list of rollouts."""
        return self.run_tool("history", "--json").entries

    def settled_revision(self, replicas: int = 2) -> str:
        """Check that one complete release serves and nothing else runs; return its revision."""
        rows = self.read_status()
        assert [row["health"] for row in rows] == ["ready"] * replicas, rows
        assert [row["share"] for row in rows] == [100 / replicas] * replicas, rows
        assert len(list(self.find_instances())) == replicas
        revisions = {row["revision"] for row in rows} | {self.read_revision() for _ in range(10)}
        assert len(revisions) == 1, revisions
        assert self.read_history()[-1]["result"] in {"done", "rolled back"}
        return str(revisions.pop())

    def read_revision(self, user: str = "") -> str:
        """Read, through the proxy, which revision answers."""
        return str(json.loads(send_get(self.proxy, "/version", user))["revision"])

    def find_instances(self) -> Iterator[int]:
        """Find the processes of instances."""
        mark = f"ROLLOUT_INSTANCE={self.folder}/".encode()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes():
                    yield int(path.parent.name)

    def clean_up(self) -> None:
        """Leave nothing running."""
        self.reboot()

    def find_nginx(self) -> Iterator[int]:
        """Find the processes of nginx: the master, then its workers."""
        path = self.folder / "deploy" / "state" / "nginx" / "nginx.pid"
        if path.exists() and Path(f"/proc/{path.read_text().strip()}").exists():
            master = path.read_text().strip()
            yield int(master)
            yield from map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())

    def reboot(self) -> None:
        """Kill everything at once, as a power failure does."""
        for pid in [*self.find_nginx(), *self.find_instances()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while list(self.find_nginx()) or list(self.find_instances()):
            time.sleep(0.05)


def find_free_ports(number: int) -> list[int]:
    """Find consecutive free ports; the workers of one run search different ranges."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    starts = list(range(20_000, 30_000, number))[worker::workers]
    Random(os.getpid()).shuffle(starts)  # noqa: S311 - only that two runs do not meet
    for first in starts:
        with ExitStack() as listeners:
            try:
                for port in range(first, first + number):
                    listeners.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return list(range(first, first + number))
    raise AssertionError("no ports are free")


def send_get(address: Address, path: str, user: str = "") -> bytes:
    """Send a GET on a new connection."""
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request("GET", path, headers={"X-User": user} if user else {})
        return connection.getresponse().read()
    finally:
        connection.close()


class Users:
    """Users who send requests until they are stopped, and a tally of the responses."""

    def __init__(self, host: RolloutHost, requests: Sequence[Request], clients: int) -> None:
        """Prepare the load."""
        self.tally = Tally()
        self._stop = False
        self._at_least = 0
        self._thread = threading.Thread(
            target=lambda: setattr(self, "tally", asyncio.run(self._send(host, requests, clients)))
        )

    async def _send(self, host: RolloutHost, requests: Sequence[Request], clients: int) -> Tally:
        return await load(
            lambda: [host.proxy],
            requests,
            until=lambda tally: self._stop and tally.total >= self._at_least,
            clients=clients,
            seconds=1800,
            pause=PAUSE,
        )

    def start(self) -> None:
        """Send the first requests."""
        self._thread.start()

    def stop(self, at_least: int = 0) -> Tally:
        """Stop once there were that many requests."""
        self._at_least = at_least
        self._stop = True
        self._thread.join()
        return self.tally


@contextmanager
def user_load(
    host: RolloutHost, requests: Sequence[Request] = MIX, clients: int = 4, at_least: int = 0
) -> Iterator[Users]:
    """Send the requests of users for the time of a block."""
    users = Users(host, requests, clients)
    users.start()
    try:
        yield users
    finally:
        users.stop(at_least)
