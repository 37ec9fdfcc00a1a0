"""Checks a host for what would make a rollout fail, before it begins."""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.rollout.adoption import find_adoptable
from chassis.rollout.errors import TOOL, RolloutError
from chassis.rollout.listing import describe_state
from chassis.rollout.lock import find_holder
from chassis.rollout.status import read_health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.rollout.host import Host

FREE_MEBIBYTES = 500
MEBI = 2**20


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
        "instances": _check_instances,
        "proxy": _check_proxy,
        "port": _check_port,
        "disk": _check_disk,
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


def _check_instances(host: Host) -> tuple[bool, str]:
    fleet = host.history.expected_fleet()
    serving = [it for it in fleet.instances if fleet.traffic.share_of(it.name)]
    health = {it: read_health(host, it, host.containers.inspect(it)) for it in serving}
    bad = {it: state for it, state in health.items() if state != "ready"}
    if not bad:
        return True, f"{len(serving)} receive requests, all ready" if serving else "none yet"
    log = f"docker logs --tail 20 {host.containers.name_container(next(iter(bad)))}"
    states = ", ".join(f"{it.name} is {state}" for it, state in bad.items())
    return False, f"{states}. Run: {f'{TOOL} resume' if 'dead' in bad.values() else log}"


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
    if host.nginx.listens_on(port):
        return True, f"{port} is used by the proxy of this service"
    try:
        socket.create_server(("", port)).close()
    except OSError:
        host.nginx.check()
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


def _check_lock(host: Host) -> tuple[bool, str]:
    holder = find_holder(host.lock)
    return holder is None, f"held by {holder}. Wait, or: {TOOL} abort" if holder else "free"


def _check_journal(host: Host) -> tuple[bool, str]:
    latest = host.history.latest()
    if latest is None:
        return True, "nothing has been rolled out yet"
    state, detail = describe_state(host, latest)
    text = f"rollout {latest.begun.number} is {state}"
    return state != "unfinished", text if latest.ended else f"{text}: {detail}"


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
