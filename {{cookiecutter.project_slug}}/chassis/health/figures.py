"""Shows readiness and each check: reading gives the last outcome and asks for the next."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from chassis.health.checks import judge
from chassis.series import series

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.health.checks import Checks, Watch
    from chassis.service import Service


class Figures:
    """What the probes say, for a reader in another thread, which is never kept waiting.

    What it reads is as old as its last visit: a check costs nothing while nobody looks.
    """

    def __init__(self, service: Service, checks: Checks) -> None:
        """Know nothing yet."""
        self._service = service
        self._checks = checks
        self._seen: list[Watch] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Pin readiness to the board, and let readers have the checks run while the block lasts."""
        self._service.gauges["service_ready"] = self.ready
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None
            if self._look:
                self._look.cancel()

    def ready(self) -> float:
        """Give 1 if requests should come; 0 if not, and until the first look."""
        seen = None if self._service.draining else self._seen
        if loop := self._loop:  # which may be gone a moment later
            loop.call_soon_threadsafe(self._refresh)
        return float(seen is not None and judge(seen)[0] != "fail")

    def _refresh(self) -> None:
        if self._service.draining:
            return
        self._seen = self._checks.watches
        for watch in self._seen:
            name = series("check_up", check=watch.name)
            self._service.gauges.setdefault(name, partial(up, watch))
        self._look = asyncio.create_task(self._checks.verdict(self._seen))


def up(watch: Watch) -> float:
    """Give 1 if the latest run of a check succeeded, 0 if not."""
    return float(not watch.fails)
