"""Checks a host for what would make a rollout fail, before it begins."""

from __future__ import annotations

import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout.adoption import find_adoptable
from chassis.rollout.errors import TOOL, RolloutError
from chassis.rollout.lock import find_holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.rollout.host import Host

FREE_MEBIBYTES = 500
MEBI = 2**20
EARLIEST = 1_767_225_600
"""Start of 2026: an earlier clock is wrong."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check."""

    check: str
    ok: bool
    detail: str

    def __str__(self) -> str:
        """Format it for operators."""
        return f"{'ok  ' if self.ok else 'FAIL'} {self.check}: {self.detail}"


def run_checks(host: Host) -> Iterator[CheckResult]:
    """Run every check; a check that raises has failed."""
    checks: dict[str, Callable[[Host], tuple[bool, str]]] = {
        "engine": _check_engine,
        "proxy": _check_proxy,
        "port": _check_port,
        "disk": _check_disk,
        "clock": _check_clock,
        "lock": _check_lock,
        "journal": _check_journal,
        "configuration": _check_configuration,
    }
    for name, check in checks.items():
        try:
            yield CheckResult(name, *check(host))
        except (RolloutError, OSError) as error:
            yield CheckResult(name, ok=False, detail=str(error))


def _check_engine(host: Host) -> tuple[bool, str]:
    return True, host.containers.describe_engine()


def _check_proxy(host: Host) -> tuple[bool, str]:
    host.nginx.check()
    adopted = find_adoptable(host)
    if adopted:
        return True, f"the next rollout takes over {', '.join(adopted.traffic.stable)} from compose"
    known = {it.name for it in host.history.expected_fleet().instances}
    unused = [it.name for it in host.containers.find_compose_instances() if it.name not in known]
    if unused:
        return False, f"{', '.join(unused)} of compose receive no traffic. Remove these containers."
    return True, "rollouts can steer it"


def _check_port(host: Host) -> tuple[bool, str]:
    port = host.configuration.proxy.port
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", port))
        except OSError:
            if host.nginx.listens_on(port):
                return True, f"{port} is used by the proxy of this service"
            return False, (
                f"{port} is in use by something else. Stop that, change port in [proxy], or set "
                "COMPOSE_PROJECT_NAME to the project of the running proxy."
            )
    return True, f"{port} is free"


def _check_disk(host: Host) -> tuple[bool, str]:
    folder = next(it for it in (host.directory, *host.directory.parents) if it.exists())
    free = shutil.disk_usage(folder).free // MEBI
    advice = "" if free >= FREE_MEBIBYTES else f"; a rollout needs {FREE_MEBIBYTES}"
    return not advice, f"{free} MiB free at {folder}{advice}"


def _check_clock(_: Host) -> tuple[bool, str]:
    is_synchronized = Path("/run/systemd/timesync/synchronized").exists()
    detail = "synchronized" if is_synchronized else "synchronization unknown"
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return time.time() > EARLIEST, f"{now}, {detail}"


def _check_lock(host: Host) -> tuple[bool, str]:
    holder = find_holder(host.lock)
    return holder is None, f"held by {holder}: wait, or {TOOL} abort" if holder else "free"


def _check_journal(host: Host) -> tuple[bool, str]:
    latest = host.history.latest()
    if latest is None:
        return True, "nothing has been rolled out yet"
    torn = "; the last line of its journal is torn" if latest.journal.torn else ""
    state = latest.ended.result if latest.ended else "unfinished: run resume or rollback"
    return latest.ended is not None, f"rollout {latest.begun.number} is {state}{torn}"


def _check_configuration(host: Host) -> tuple[bool, str]:
    fleet = host.history.expected_fleet()
    found = []
    if host.nginx.is_outdated():
        found += ["the proxy was started with other files or variables than now: make proxy"]
    if fleet.instances and not host.proxy.has_applied(fleet):
        found += [f"nginx has not loaded the traffic that it should have: {TOOL} resume"]
    if names := host.containers.find_outdated(fleet.instances):
        text = f"{', '.join(names)} were started with another configuration than now"
        found += [f"{text}: {TOOL} rolling"]
    return not found, "; ".join(found) or "what runs was started with what the files say"
