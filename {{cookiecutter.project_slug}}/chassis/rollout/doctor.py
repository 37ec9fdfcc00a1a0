"""Examines a host: what would keep a rollout from going well, before it is begun."""

from __future__ import annotations

import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout.adoption import adoptable
from chassis.rollout.errors import Failure
from chassis.rollout.lock import holder
from chassis.rollout.nginx import GENTLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.rollout.host import Host

FREE_MEBIBYTES = 500
MEBI = 2**20
BUILT = 1_767_225_600
"""Begin of 2026: a clock before it is wrong."""


@dataclass(frozen=True)
class Finding:
    """One thing that was examined."""

    what: str
    well: bool
    found: str

    def __str__(self) -> str:
        """Write it for people."""
        return f"{'ok  ' if self.well else 'BAD '} {self.what}: {self.found}"


def examine(host: Host) -> Iterator[Finding]:
    """Look at everything; a look that fails is a finding too."""
    looks: dict[str, Callable[[Host], tuple[bool, str]]] = {
        "nginx": _nginx,
        "proxy": _proxy,
        "ports": _ports,
        "disk": _disk,
        "clock": _clock,
        "engine": _engine,
        "lock": _lock,
        "journal": _journal,
    }
    for what, look in looks.items():
        try:
            yield Finding(what, *look(host))
        except (Failure, OSError) as error:
            yield Finding(what, well=False, found=str(error))


def _nginx(host: Host) -> tuple[bool, str]:
    version = host.nginx.version()
    shown = ".".join(map(str, version))
    if version >= GENTLE:
        return True, f"{shown}; idle connections of clients outlive a reload by 2 s"
    return True, f"{shown}, older than 1.27.4; connections of clients are closed after each answer"


def _proxy(host: Host) -> tuple[bool, str]:
    host.nginx.check()
    adopted = adoptable(host)
    if adopted:
        return True, f"the next rollout takes over {', '.join(adopted.traffic.stable)} from compose"
    known = {it.name for it in host.history.fleet().instances}
    beside = [it.name for it in host.driver.adoptable() if it.name not in known]
    if beside:
        return False, f"{beside} run beside the rollouts, without traffic. Remove these containers."
    return True, "can be told who gets the traffic"


def _ports(host: Host) -> tuple[bool, str]:
    ports = host.nginx.ports()
    named = " and ".join(map(str, ports)) + (" is" if len(ports) == 1 else " are")
    taken = [port for port in ports if not _free(port)]
    if not taken:
        return True, f"{named} free"
    if not host.nginx.workers():
        return False, f"{taken} taken by somebody else. Change [proxy], or end that program."
    return True, f"{named} our nginx's"


def _free(port: int) -> bool:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("", port))
        except OSError:
            return False
    return True


def _disk(host: Host) -> tuple[bool, str]:
    there = next(it for it in (host.directory, *host.directory.parents) if it.exists())
    free = shutil.disk_usage(there).free // MEBI
    advice = "" if free >= FREE_MEBIBYTES else f"; a rollout should have {FREE_MEBIBYTES}"
    return not advice, f"{free} MiB free at {there}{advice}"


def _clock(_: Host) -> tuple[bool, str]:
    synchronised = Path("/run/systemd/timesync/synchronized").exists()
    said = "synchronised" if synchronised else "nothing says that it is synchronised"
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return time.time() > BUILT, f"{now}, {said}"


def _engine(host: Host) -> tuple[bool, str]:
    return True, host.driver.engine()


def _lock(host: Host) -> tuple[bool, str]:
    running = holder(host.lock)
    return running is None, f"held by {running}" if running else "free"


def _journal(host: Host) -> tuple[bool, str]:
    latest = host.history.latest()
    if latest is None:
        return True, "nothing has been rolled out yet"
    torn = "; its last line is torn" if latest.journal.torn else ""
    state = latest.ended.result if latest.ended else "halfway: resume or rollback"
    return latest.ended is not None, f"rollout {latest.begun.number} is {state}{torn}"
