"""Gauges of readiness and of each check: reading returns the last outcome and starts a run."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from chassis.health.checks import overall_status
from chassis.series import series

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.health.checks import CheckRunner, Checks
    from chassis.service import Service


class HealthGauges:
    """The outcomes, for a reader in another thread, which never has to wait.

    A value is as old as the previous read: a read starts the checks.
    """

    def __init__(self, service: Service, checks: Checks) -> None:
        self._service = service
        self._checks = checks
        self._runners: list[CheckRunner] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refreshing: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Add readiness to the board; reads start runs until the service stops."""
        self._service.gauges["service_ready"] = self.ready
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None
            if self._refreshing:
                self._refreshing.cancel()

    def ready(self) -> float:
        """Return 1 if the service is ready; 0 if not, and at the first read."""
        runners = None if self._service.draining else self._runners
        if loop := self._loop:  # a copy: another thread may clear it
            loop.call_soon_threadsafe(self._refresh)
        return float(runners is not None and overall_status(runners)[0] != "fail")

    def _refresh(self) -> None:
        if self._service.draining:
            return
        self._runners = self._checks.runners
        for runner in self._runners:
            name = series("check_up", check=runner.name)
            self._service.gauges.setdefault(name, partial(check_up, runner))
        self._refreshing = asyncio.create_task(self._checks.run(self._runners))


def check_up(runner: CheckRunner) -> float:
    """Return 1 if the latest run of a check passed, 0 if not."""
    return float(not runner.is_failing)
