"""Reads how many jobs wait, run and are held, and how many workers there are."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from math import nan
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.jobs.statements import FIGURES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.jobs import Jobs
    from chassis.service import Service

log = structlog.get_logger("chassis.jobs")

GAUGES = {
    "waiting": "jobs_waiting",
    "scheduled": "jobs_scheduled",
    "running": "jobs_running",
    "held": "jobs_held",
    "oldest": "jobs_oldest_waiting_seconds",
    "workers": "jobs_workers",
}
"""Column of the statement -> name of the gauge."""


class Figures:
    """What the latest reading found; every process of the service has the same."""

    def __init__(self, service: Service, settings: Jobs) -> None:
        """Show it on the board: not a number until it is known."""
        self._service = service
        self._settings = settings
        self._latest: dict[str, float] = dict.fromkeys(GAUGES, nan)
        for column, gauge in GAUGES.items():
            service.gauges[gauge] = partial(self._latest.__getitem__, column)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Read during the block."""
        reading = asyncio.create_task(self._read_forever(), name="jobs figures")
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read_forever(self) -> None:
        while True:
            try:
                await self.read()
            except Exception as error:  # noqa: BLE001 - the database may be away
                self._latest.update(dict.fromkeys(GAUGES, nan))
                log.debug("jobs: figures could not be read", error=type(error).__name__)
            await asyncio.sleep(self._settings.figures_seconds)

    async def read(self) -> None:
        """Read once."""
        engine: AsyncEngine = self._service.resources[AsyncEngine]
        async with engine.connect() as connection:
            found = await connection.execute(FIGURES, {"lease": self._settings.lease_seconds})
            row = found.one()
        self._latest.update({column: float(getattr(row, column)) for column in GAUGES})
