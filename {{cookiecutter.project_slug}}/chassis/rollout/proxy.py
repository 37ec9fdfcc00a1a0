"""Shifts traffic: nginx loads a new configuration, and is polled until every worker has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepError
from chassis.rollout.http_client import get
from chassis.rollout.nginx import render_traffic
from chassis.rollout.readiness import read_revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.docker.nginx_container import NginxContainer
    from chassis.rollout.fleet import Fleet

CHECKS = 5
"""Consecutive responses, each on a new connection, after which every worker has loaded it."""
SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Proxy:
    """nginx, verified from outside."""

    configuration: Configuration
    containers: Containers
    nginx: NginxContainer

    def shift(self, fleet: Fleet) -> None:
        """Return when requests go to the fleet's instances, and the old workers have exited."""
        text, generation = self._render(fleet)
        self.nginx.install(text)
        before = self.nginx.worker_pids()
        self.nginx.reload()
        self._wait_until(
            lambda: self._has_generation(generation), SECONDS, "has not loaded its configuration"
        )
        leave = self.configuration.proxy.leave_seconds + SECONDS
        self._wait_until(
            lambda: not before & self.nginx.worker_pids(), leave, "still has old workers"
        )
        if fleet.traffic.stable:
            self._verify(fleet)

    def has_applied(self, fleet: Fleet) -> bool:
        """Return whether nginx has loaded the traffic of this fleet."""
        return self._has_generation(self._render(fleet)[1])

    def _render(self, fleet: Fleet) -> tuple[str, str]:
        upstreams = {it.name: self.containers.upstream(it) for it in fleet.instances}
        sticky, version = self.configuration.proxy.sticky, self.configuration.ready.version
        return render_traffic(fleet.traffic, upstreams, sticky, version)

    def _wait_until(self, condition: Callable[[], bool], seconds: float, failure: str) -> None:
        end = monotonic() + seconds
        while not condition():
            if monotonic() > end:
                raise StepError(f"nginx {failure} after {seconds:g} seconds. See its log.")
            sleep(POLL_SECONDS)

    def _has_generation(self, generation: str) -> bool:
        try:
            admin = self.nginx.admin_address()
            return all(get(admin, "/generation").body == generation for _ in range(CHECKS))
        except OSError:
            return False

    def _verify(self, fleet: Fleet) -> None:
        """Raise StepError if a revision responds through nginx that the fleet does not have."""
        ready = self.configuration.ready
        serving = [it for it in fleet.instances if fleet.traffic.share_of(it.name)]
        expected = {read_revision(self.containers, it, ready.version) for it in serving}
        for _ in range(0 if None in expected else CHECKS):  # with None there is nothing to compare
            try:
                response = get(self.nginx.admin_address(), ready.version, host=ready.host)
                revision = json.loads(response.body).get("revision")
            except (OSError, ValueError, AttributeError) as error:
                raise StepError(f"{ready.version} through the proxy: {error}") from error
            if revision not in expected:
                raise StepError(
                    f"The proxy sends requests to revision {revision!r}, which should receive none."
                )
