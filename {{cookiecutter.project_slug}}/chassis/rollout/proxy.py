"""Shifts traffic: nginx gets a new configuration, and is asked until it works by it alone."""

from __future__ import annotations

import json
from time import monotonic, sleep
from typing import TYPE_CHECKING, Protocol

from chassis.rollout import readiness
from chassis.rollout.errors import StepFailed
from chassis.rollout.nginx import traffic_part
from chassis.rollout.probe import ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.drivers import Driver, Nginx
    from chassis.rollout.fleet import Fleet

ROW = 5
"""Answers in a row, each on a new connection, after which no worker works by what was before."""
SECONDS = 10.0
PAUSE = 0.05


class Gateway(Protocol):
    """Where all users come through."""

    def shift(self, fleet: Fleet) -> None:
        """Return when the traffic of the fleet, and nothing else, is what happens."""

    def works_by(self, fleet: Fleet) -> bool:
        """Tell whether it is what happens now."""


class Proxy:
    """nginx, verified from outside."""

    def __init__(self, configuration: Configuration, driver: Driver, nginx: Nginx) -> None:
        self.settings = configuration.proxy
        self.ready = configuration.ready
        self.driver = driver
        self.nginx = nginx

    def shift(self, fleet: Fleet) -> None:
        """Have nginx test, take and show it; wait until the workers of before are gone."""
        text, generation = self._written(fleet)
        self.nginx.install(text)
        before = self.nginx.workers()
        self.nginx.reload()
        self._until(lambda: self._tells(generation), SECONDS, "does not work by its configuration")
        leave = self.settings.leave_seconds + SECONDS
        self._until(lambda: not before & self.nginx.workers(), leave, "still has old workers")
        if fleet.traffic.stable:
            self._verify(fleet)

    def works_by(self, fleet: Fleet) -> bool:
        """Ask nginx."""
        return self._tells(self._written(fleet)[1])

    def _written(self, fleet: Fleet) -> tuple[str, str]:
        upstreams = {it.name: self.driver.upstream(it) for it in fleet.instances}
        return traffic_part(
            fleet.traffic, upstreams, self.settings.sticky, self.nginx, self.ready.version
        )

    def _until(self, holds: Callable[[], bool], seconds: float, complaint: str) -> None:
        end = monotonic() + seconds
        while not holds():
            if monotonic() > end:
                raise StepFailed(f"nginx {complaint} after {seconds:g} seconds. See its log.")
            sleep(PAUSE)

    def _tells(self, generation: str) -> bool:
        try:
            admin = self.nginx.admin()
            return all(ask(admin, "/generation").body == generation for _ in range(ROW))
        except OSError:
            return False

    def _verify(self, fleet: Fleet) -> None:
        traffic = fleet.traffic
        serving = [fleet.get(name) for name in (*traffic.stable, *traffic.canary)]
        expected = {readiness.told(self.driver, it, self.ready) for it in serving} - {None}
        for _ in range(ROW if expected else 0):
            try:
                answer = ask(self.nginx.admin(), self.ready.version, host=self.ready.host)
                revision = json.loads(answer.body).get("revision")
            except (OSError, ValueError, AttributeError) as error:
                raise StepFailed(f"{self.ready.version} through the proxy: {error}") from error
            if revision not in expected:
                raise StepFailed(
                    f"Through the proxy answers revision {revision!r}, which should get no traffic."
                )
