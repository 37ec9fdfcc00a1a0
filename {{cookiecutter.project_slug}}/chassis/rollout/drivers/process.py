"""Runs instances as plain processes that outlive this tool; needs Linux, for its /proc."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from chassis.rollout.commands import last, run
from chassis.rollout.drivers import Vitals
from chassis.rollout.drivers.usage import usage
from chassis.rollout.errors import StepFailed
from chassis.rollout.fleet import Release
from chassis.rollout.probe import Address, Answer, ask, fetch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.fleet import Instance

PROC = Path("/proc")
MARK = "ROLLOUT_INSTANCE"
"""Variable that tells whose a process is; an id in a file could be somebody else's by now."""
LOGS = 50
"""Instances whose logs are kept."""
TICK = 0.05
SLACK = 10.0
"""Seconds beyond drain and grace until a process that should end is killed."""


class Processes:
    """A release is a directory; its digest is one over everything in it."""

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.process
        self.drain = configuration.drain_seconds
        self.grace = configuration.grace_seconds
        self.host = configuration.ready.host
        self.logs = Path(configuration.directory) / "logs"

    def engine(self) -> str:
        """Tell which system it is."""
        if not PROC.joinpath("self", "environ").exists() or not hasattr(os, "pidfd_open"):
            raise StepFailed("Plain processes need Linux 5.3 or later. Use driver = 'docker'.")
        return f"plain processes of {os.uname().sysname} {os.uname().release}"

    def migrates(self) -> bool:
        """Tell whether process.migrate is set."""
        return bool(self.settings.migrate)

    def pull(self, image: str) -> Release:
        """Read the directory; `DIRECTORY@sha256:…` says what must be in it."""
        name, _, expected = image.partition("@")
        folder = Path(name).resolve()
        if not folder.is_dir():
            raise StepFailed(f"{folder} is no directory. Give the directory of a release.")
        digest = digest_of(folder)
        if expected not in {"", digest}:
            raise StepFailed(f"{folder} holds {digest}, not {expected}: it has been changed.")
        revision = folder / "REVISION"
        told = revision.read_text().strip() if revision.exists() else ""
        return Release(str(folder), digest, told or digest.removeprefix("sha256:")[:12])

    def verify(self, release: Release) -> None:
        """Read it again."""
        self.pull(f"{release.image}@{release.digest}")

    def forget(self, kept: Collection[str]) -> None:
        """Leave the directories to those who made them."""

    def migrate(self, release: Release) -> None:
        """Run the command in the release's directory."""
        environment = {**self._environment(), "SERVICE_REVISION": release.revision}
        run(*self.settings.migrate, cwd=Path(release.image), env=environment, seconds=None)

    def start(self, instance: Instance) -> None:
        """Start it in a session of its own, its output in a log."""
        if self._processes(instance):
            return
        port = self._port(instance)
        environment = {
            **self._environment(),
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
        for old in sorted(self.logs.iterdir(), key=lambda it: it.stat().st_mtime)[:-LOGS]:
            old.unlink()
        with self._log(instance).open("ab") as log:
            subprocess.run(  # noqa: S603 - the command of the configuration
                ["setsid", "--fork", *self.settings.command],  # noqa: S607 - of every Linux
                cwd=instance.release.image,
                env=environment,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self, instance: Instance) -> None:
        """Ask it to end, and see that it does."""
        self._signal(instance, signal.SIGTERM)
        end = monotonic() + self.drain + self.grace + SLACK
        while self._processes(instance):
            if monotonic() > end:
                self._signal(instance, signal.SIGKILL)
            sleep(TICK)

    def vitals(self, instance: Instance) -> Vitals:
        """Add up its processes."""
        used = [usage(process) for process in self._processes(instance)]
        seconds, memory = sum(it[0] for it in used), sum(it[1] for it in used)
        return Vitals(alive=bool(used), cpu_seconds=seconds, memory=memory)

    def last_words(self, instance: Instance) -> str:
        """Read the end of its log."""
        log = self._log(instance)
        return last(log.read_text(errors="replace")[-5_000:]) if log.exists() else "nothing"

    def ask(self, instance: Instance, path: str, timeout: float = 2.0) -> Answer:
        """Ask on its port."""
        return ask(Address("127.0.0.1", self._port(instance)), path, timeout, self.host)

    def counts(self, instance: Instance, path: str) -> str:
        """Ask on the port after it."""
        return fetch(Address("127.0.0.1", self._port(instance) + 1), path)

    def adoptable(self) -> tuple[Instance, ...]:
        """Nothing else starts instances as plain processes."""
        return ()

    def upstream(self, instance: Instance) -> str:
        """Name its port."""
        return f"127.0.0.1:{self._port(instance)}"

    def _port(self, instance: Instance) -> int:
        return self.settings.first_port + 2 * instance.slot

    def _log(self, instance: Instance) -> Path:
        return self.logs / f"{instance.name}.log"

    def _mark(self, instance: Instance) -> str:
        return f"{self.logs}/{instance.name}"

    def _environment(self) -> dict[str, str]:
        if not self.settings.environment:
            return dict(os.environ)
        path = Path(self.settings.environment)
        try:
            lines = path.read_text().splitlines()
        except OSError as error:
            raise StepFailed(f"process.environment: {path}: {error.strerror}.") from error
        pairs = (line.partition("=") for line in lines if "=" in line and line.strip()[0] != "#")
        return {**os.environ, **{name.strip(): value.strip() for name, _, value in pairs}}

    def _processes(self, instance: Instance) -> list[Path]:
        mark = f"\0{MARK}={self._mark(instance)}\0".encode()
        return [it for it in _all() if mark in b"\0" + _environ(it)]

    def _signal(self, instance: Instance, number: signal.Signals) -> None:
        for process in self._processes(instance):
            with suppress(OSError):
                handle = os.pidfd_open(int(process.name))
                try:
                    if process in self._processes(instance):  # it still is who it was
                        signal.pidfd_send_signal(handle, number)
                finally:
                    os.close(handle)


def _all() -> Iterator[Path]:
    return (it for it in PROC.iterdir() if it.name.isdigit())


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""  # somebody else's, or gone


def digest_of(folder: Path) -> str:
    """Give one digest over names, modes and contents; links count as what they say."""
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
