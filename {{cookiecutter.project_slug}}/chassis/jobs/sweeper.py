"""Recovers the jobs of workers that died, and deletes jobs that finished long ago."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.jobs.statements import INSERTED, NOTIFY, OF_WORKER, PRUNE_RECEIPTS, RECOVER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from procrastinate import App

    from chassis.jobs import Jobs
    from chassis.jobs.running import Runner
    from chassis.jobs.worker import JobWorker
    from chassis.service import Service

log = structlog.get_logger("chassis.jobs")

PRUNE_SECONDS = 3600.0


class Sweeper:
    """Runs in every worker, every JOBS_POLL_SECONDS."""

    def __init__(
        self, service: Service, settings: Jobs, app: App, runner: Runner, worker: JobWorker
    ) -> None:
        self._service = service
        self._settings = settings
        self._app = app
        self._tries = json.dumps({job.name: job.tries for job in service.jobs})
        self._runner = runner
        self._worker = worker
        self._suspects: set[int] = set()
        self._pruned = 0.0

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Sweep during the block."""
        sweeping = asyncio.create_task(self._sweep_forever(), name="jobs sweeper")
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            try:
                await self.recover()
                if not self._pruned or monotonic() - self._pruned > PRUNE_SECONDS:
                    self._pruned = monotonic()
                    await self.prune()
            except Exception as error:  # noqa: BLE001 - the database may be away; the next sweep comes
                log.warning("jobs: sweep failed", error=type(error).__name__)

    async def recover(self) -> None:
        """Requeue, or hold, the jobs of workers whose lease has ended."""
        engine: AsyncEngine = self._service.resources[AsyncEngine]
        given = {"tries": self._tries, "lease": self._settings.lease_seconds}
        async with engine.begin() as connection:
            number = self._worker.number
            mine = await connection.scalars(OF_WORKER, {"worker": number})
            # What is stored as running here and is not: its end could not be stored. It counts at
            # the second sweep, because a job is stored as running just before it runs.
            suspects = set(mine) - self._runner.running
            lost = sorted(suspects & self._suspects)
            self._suspects = suspects
            found = (await connection.execute(RECOVER, {**given, "lost": lost})).all()
            if found:
                await connection.execute(NOTIFY, {"payload": INSERTED})
        for row in found:
            say = log.error if row.status == "failed" else log.warning
            state = {"todo": "requeued", "failed": "held"}.get(row.status, row.status)
            say(
                f"job {state}: its worker died",
                job=row.task_name,
                job_id=row.id,
                attempt=row.attempts,
            )

    async def prune(self) -> None:
        """Delete jobs that finished JOBS_KEEP_HOURS ago; held ones stay."""
        hours = self._settings.keep_hours
        await self._app.job_manager.delete_old_jobs(
            nb_hours=hours, include_cancelled=True, include_aborted=True
        )
        engine: AsyncEngine = self._service.resources[AsyncEngine]
        async with engine.begin() as connection:
            await connection.execute(PRUNE_RECEIPTS, {"hours": hours})
