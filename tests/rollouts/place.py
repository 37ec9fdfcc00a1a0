"""A host of its own for one test: releases, the tool, and users who never stop."""

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
ROLLOUT = ("-m", "chassis.rollout")
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
FASTER = """\
driver = "{driver}"
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
admin_port = {admin}
sticky = "{sticky}"
leave_seconds = 10
[process]
command = [".venv/bin/python", "release.py"]
first_port = {first}
"""


class Said(NamedTuple):
    """How a run of the tool ended."""

    code: int
    out: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it said with --json."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


class Place:
    """Where the carved service's deploy/ rolls out."""

    driver = "process"

    def __init__(self, service: Carved, folder: Path) -> None:
        """Lay out what an operator would."""
        self.service = service
        self.folder = folder
        self.ports = free_ports(2 * SLOTS + 2)
        self.proxy = Address("127.0.0.1", self.ports[0])
        self.variables = {"ENVIRONMENT": "test", "LOG_LEVEL": "WARNING"}
        self.lay_out()
        self.configure()

    def lay_out(self) -> None:
        """Copy what the tool needs of the service."""
        for folder in "deploy", "chassis":
            shutil.copytree(self.service.path / folder, self.folder / folder)

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
        """Write rollout.toml anew."""
        first, admin = self.ports[2], self.ports[1]
        stages = ", ".join(f"{{ share = {it[0]}, seconds = {it[1]} }}" for it in canary)
        paths = json.dumps(["/greetings/ada"] if smoke else [])
        text = FASTER.format(
            driver=self.driver,
            replicas=replicas,
            seconds=seconds,
            smoke=paths,
            canary=stages,
            timeout=timeout,
            minimum=minimum_requests,
            port=self.proxy.port,
            admin=admin,
            first=first,
            sticky=sticky,
            p99=p99,
        )
        (self.folder / "deploy" / "rollout.toml").write_text(text)

    def release(self, revision: str, fault: str = "") -> str:
        """Make a release; return its image."""
        folder = self.folder / "releases" / revision
        for part in "app", "chassis":
            shutil.copytree(self.service.path / part, folder / part)
        (folder / ".venv").symlink_to(self.service.path / ".venv")
        shutil.copy(HERE / "release.py", folder)
        (folder / "REVISION").write_text(revision)
        (folder / "FAULT").write_text(fault)
        return str(folder)

    def start(self, *arguments: str, program: Sequence[str] = ROLLOUT) -> Any:  # noqa: ANN401
        """Start the tool."""
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=self.folder,
            env=clean(**self.variables, PYTHONPATH=str(self.folder), PYTHONDONTWRITEBYTECODE="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def deploy(self, *arguments: str, code: int = 0) -> Said:
        """Run the tool to its end, which must be with this exit code."""
        process = self.start(*arguments)
        out, _ = process.communicate(timeout=200)
        assert process.returncode == code, out
        return Said(process.returncode, out)

    def killed(self, moment: int | str, *arguments: str) -> bool:
        """Kill the tool at that moment of its journal; tell whether it lived to see it."""
        process = self.start(str(moment), *arguments, program=(str(HERE / "killed.py"),))
        out, _ = process.communicate(timeout=200)
        assert process.returncode in {0, -signal.SIGKILL}, out
        return bool(process.returncode)

    def status(self) -> list[dict[str, Any]]:
        """Ask how every instance is."""
        return self.deploy("status", "--json").lines

    def history(self) -> list[dict[str, Any]]:
        """Ask what there was."""
        return self.deploy("history", "--json").lines

    def settled(self, replicas: int = 2) -> str:
        """Check that one whole release serves and nothing else runs; tell its revision."""
        rows = self.status()
        assert [row["health"] for row in rows] == ["ready"] * replicas, rows
        assert [row["share"] for row in rows] == [100 / replicas] * replicas, rows
        assert len(list(self.instances())) == replicas
        revisions = {row["revision"] for row in rows} | {self.version() for _ in range(10)}
        assert len(revisions) == 1, revisions
        assert self.history()[-1]["result"] in {"done", "rolled back"}
        return str(revisions.pop())

    def version(self, user: str = "") -> str:
        """Ask, through the proxy, which revision answers."""
        return str(json.loads(ask(self.proxy, "/version", user))["revision"])

    def instances(self) -> Iterator[int]:
        """Find the processes of instances."""
        mark = f"ROLLOUT_INSTANCE={self.folder}/".encode()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes():
                    yield int(path.parent.name)

    def remove(self) -> None:
        """Leave nothing of it."""
        self.reboot()

    def nginx(self) -> Iterator[int]:
        """Find the processes of the proxy: the master, then its workers."""
        path = self.folder / "deploy" / "state" / "nginx" / "nginx.pid"
        if path.exists() and Path(f"/proc/{path.read_text().strip()}").exists():
            master = path.read_text().strip()
            yield int(master)
            yield from map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())

    def reboot(self) -> None:
        """End everything at once, as a power cut does."""
        for pid in [*self.nginx(), *self.instances()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while list(self.nginx()) or list(self.instances()):
            time.sleep(0.05)


def free_ports(number: int) -> list[int]:
    """Find ports in a row; workers of one run look in different places."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    starts = list(range(20_000, 30_000, number))[worker::workers]
    Random(os.getpid()).shuffle(starts)  # noqa: S311 - only that two runs do not meet
    for first in starts:
        with ExitStack() as doors:
            try:
                for port in range(first, first + number):
                    doors.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return list(range(first, first + number))
    raise AssertionError("no ports are free")


def ask(address: Address, path: str, user: str = "") -> bytes:
    """Ask once, on a new connection."""
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request("GET", path, headers={"X-User": user} if user else {})
        return connection.getresponse().read()
    finally:
        connection.close()


class Users:
    """Users who go on until the block ends, and what became of their requests."""

    def __init__(self, place: Place, requests: Sequence[Request], clients: int) -> None:
        """Get ready."""
        self.tally = Tally()
        self._stop = False
        self._at_least = 0
        self._thread = threading.Thread(
            target=lambda: setattr(self, "tally", asyncio.run(self._use(place, requests, clients)))
        )

    async def _use(self, place: Place, requests: Sequence[Request], clients: int) -> Tally:
        return await load(
            lambda: [place.proxy],
            requests,
            until=lambda tally: self._stop and tally.total >= self._at_least,
            clients=clients,
            seconds=1800,
            pause=PAUSE,
        )

    def begin(self) -> None:
        """Send the first requests."""
        self._thread.start()

    def end(self, at_least: int = 0) -> Tally:
        """Stop, once there were so many requests."""
        self._at_least = at_least
        self._stop = True
        self._thread.join()
        return self.tally


@contextmanager
def users(
    place: Place, requests: Sequence[Request] = MIX, clients: int = 4, at_least: int = 0
) -> Iterator[Users]:
    """Put load on the place for the time of a block."""
    those = Users(place, requests, clients)
    those.begin()
    try:
        yield those
    finally:
        those.end(at_least)
