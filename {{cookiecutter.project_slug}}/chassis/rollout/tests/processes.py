"""Plain processes in place of containers: real rollouts, without the time that Docker takes.

`python3 -m chassis.rollout.tests.processes COMMAND` is the tool on such a host. A release is a
directory; ports follow the port of users.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from chassis.rollout.__main__ import main as run_tool
from chassis.rollout.docker.state import InstanceState, read_usage
from chassis.rollout.errors import StepError
from chassis.rollout.fleet import Release
from chassis.rollout.host import Host
from chassis.rollout.http_client import Address, Response, get, get_text
from chassis.rollout.proxy import Proxy
from chassis.rollout.tests.local_nginx import LocalNginx

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.fleet import Instance
    from chassis.rollout.progress import Progress

COMMAND = (".venv/bin/python", "release.py")
PROC = Path("/proc")
MARK = "ROLLOUT_INSTANCE"
"""Variable that names the instance of a process; a pid in a file may be reused by another."""
POLL_SECONDS = 0.05
MARGIN = 10.0
"""Seconds beyond drain and grace until a process that should exit is killed."""


class Processes:
    """Images and containers at once; the digest of a release is one over its whole directory."""

    def __init__(self, configuration: Configuration) -> None:
        self.first_port = configuration.proxy.port + 2
        self.drain = configuration.drain_seconds
        self.grace = configuration.grace_seconds
        self.host = configuration.ready.host
        self.logs = Path(configuration.directory) / "logs"
        self.images = self

    def pull(self, image: str) -> Release:
        name, _, expected = image.partition("@")
        folder = Path(name).resolve()
        digest = digest_of(folder)
        if expected not in {"", digest}:
            raise StepError(f"{folder} holds {digest}, not {expected}: it was changed.")
        return Release(str(folder), digest, (folder / "REVISION").read_text().strip())

    def verify(self, release: Release) -> None:
        self.pull(f"{release.image}@{release.digest}")

    def remove_unreferenced(self, referenced: Collection[str]) -> None:
        """Keep the directories."""

    def start(self, instance: Instance) -> None:
        if self._processes(instance):
            return
        port = self._port(instance)
        environment = {
            **os.environ,
            MARK: self._mark(instance),
            "SERVER_HOST": "127.0.0.1",
            "SERVER_PORT": str(port),
            "METRICS_HOST": "127.0.0.1",  # if metrics
            "METRICS_PORT": str(port + 1),  # if metrics
            "SERVER_DRAIN_SECONDS": f"{self.drain:g}",
            "SERVER_GRACE_SECONDS": f"{self.grace:g}",
            "SERVER_TRUSTED_PROXIES": "127.0.0.1",
            "SERVICE_REVISION": instance.release.revision,
        }
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._log(instance).open("ab") as log:
            subprocess.run(  # noqa: S603 - a command of this module
                ["setsid", "--fork", *COMMAND],  # noqa: S607 - of every Linux
                cwd=instance.release.image,
                env=environment,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self, instance: Instance) -> None:
        self._signal(instance, signal.SIGTERM)
        end = monotonic() + self.drain + self.grace + MARGIN
        while self._processes(instance):
            if monotonic() > end:
                self._signal(instance, signal.SIGKILL)
            sleep(POLL_SECONDS)

    def inspect(self, instance: Instance) -> InstanceState:
        used = [read_usage(process) for process in self._processes(instance)]
        seconds, memory = sum(it[0] for it in used), sum(it[1] for it in used)
        return InstanceState(alive=bool(used), cpu_seconds=seconds, memory=memory)

    def read_log(self, instance: Instance, lines: int) -> str:
        log = self._log(instance)
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def get(self, instance: Instance, path: str, timeout: float = 2.0) -> Response:
        return get(Address("127.0.0.1", self._port(instance)), path, timeout, self.host)

    def fetch_counts(self, instance: Instance, path: str) -> str:
        return get_text(Address("127.0.0.1", self._port(instance) + 1), path)

    def find_compose_instances(self) -> tuple[Instance, ...]:
        return ()

    def name_container(self, instance: Instance) -> str:
        return instance.name

    def upstream(self, instance: Instance) -> str:
        return f"127.0.0.1:{self._port(instance)}"

    def _port(self, instance: Instance) -> int:
        return self.first_port + 2 * instance.slot

    def _log(self, instance: Instance) -> Path:
        return self.logs / f"{instance.name}.log"

    def _mark(self, instance: Instance) -> str:
        return f"{self.logs}/{instance.name}"

    def _processes(self, instance: Instance) -> list[Path]:
        mark = f"\0{MARK}={self._mark(instance)}\0".encode()
        return [it for it in _all() if mark in b"\0" + _environ(it)]

    def _signal(self, instance: Instance, number: signal.Signals) -> None:
        for process in self._processes(instance):
            with suppress(OSError):
                handle = os.pidfd_open(int(process.name))
                try:
                    if process in self._processes(instance):  # the pid was not reused
                        signal.pidfd_send_signal(handle, number)
                finally:
                    os.close(handle)


def _all() -> Iterator[Path]:
    return (it for it in PROC.iterdir() if it.name.isdigit())


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""  # of another user, or gone


def digest_of(folder: Path) -> str:
    """Return one digest over names, modes and contents; of links, over their targets."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.name == "__pycache__" or path.parent.name == "__pycache__":
            continue  # Python writes there as it runs
        if path.is_symlink():
            content = str(path.readlink()).encode()
        elif path.is_file():
            content = sha256(path.read_bytes()).hexdigest().encode()
        else:
            continue
        name = str(path.relative_to(folder)).encode(errors="surrogateescape")
        executable = b"x" if path.lstat().st_mode & 0o100 else b"-"
        digest.update(b"\0".join((name, executable, content)) + b"\n")
    return f"sha256:{digest.hexdigest()}"


def create_host(configuration: Configuration, progress: Progress) -> Host:
    """Put processes and a local nginx where containers would be."""
    processes: Any = Processes(configuration)
    nginx: Any = LocalNginx(configuration)
    proxy = Proxy(configuration, processes, nginx)
    return Host(configuration, processes, nginx, proxy, progress)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_tool(arguments, create_host)


if __name__ == "__main__":
    sys.exit(main())
