"""The worker: runs the library's as long as the service does, and again after every failure."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog
from procrastinate.worker import Worker

from chassis.jobs.library import WORKER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from procrastinate import App

    from chassis.jobs import Jobs

log = structlog.get_logger("chassis.jobs")

RESTART_SECONDS = 1.0
"""Seconds between a worker that ended, as when the database restarts, and the next."""


class WorkerStopped(Exception):  # noqa: N818 - it reads as what is wrong
    """No worker runs in this process."""


class JobWorker:
    """Runs jobs until it is stopped."""

    def __init__(
        self, app: App, settings: Jobs, *, listen: bool = True, grace_seconds: float
    ) -> None:
        """Take the library's application; `listen` for jobs, or only poll."""
        self._app = app
        self._settings = settings
        self._listen = listen
        self._grace_seconds = grace_seconds
        self._stopping = asyncio.Event()
        self._worker: Worker | None = None

    @property
    def number(self) -> int | None:
        """Number under which it is registered; None while it is not."""
        return self._worker.worker_id if self._worker else None

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Run jobs during the block; then finish those that run, or put them back."""
        running = asyncio.create_task(self._run_forever(), name="jobs")
        renewing = asyncio.create_task(self._renew_lease(), name="jobs lease")
        try:
            yield
        finally:
            self._stopping.set()
            if self._worker and self.number is not None:
                self._worker.stop()  # type: ignore[no-untyped-call]  # the library has no types for it
            else:
                running.cancel()  # it waits for the database, with no job to finish
            await asyncio.gather(running, return_exceptions=True)
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def check(self) -> None:
        """Raise unless a worker runs."""
        if self.number is None:
            raise WorkerStopped

    async def _renew_lease(self) -> None:
        """Send heartbeats while the last jobs end too, which the library does not."""
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 4)
            if self.number is not None:
                with suppress(Exception):  # the database may be away; the next one comes
                    await self._app.job_manager.update_heartbeat(self.number)

    async def _run_forever(self) -> None:
        while not self._stopping.is_set():
            self._worker = self._make()
            try:
                async with self._app.open_async():
                    await self._worker.run()  # type: ignore[no-untyped-call]  # nor for this
            except Exception as error:  # noqa: BLE001 - whatever it is, jobs wait for a worker
                log.warning("jobs: the worker ended, starting another", error=type(error).__name__)
            with suppress(TimeoutError):
                pause = RESTART_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load
                await asyncio.wait_for(self._stopping.wait(), pause)

    def _make(self) -> Worker:
        settings = self._settings
        return Worker(
            self._app,
            queues=settings.queues or None,
            name=WORKER,
            concurrency=settings.concurrency,
            fetch_job_polling_interval=settings.poll_seconds,
            abort_job_polling_interval=settings.poll_seconds,
            shutdown_graceful_timeout=self._grace_seconds,
            listen_notify=self._listen,
            install_signal_handlers=False,
            update_heartbeat_interval=settings.lease_seconds / 4,
            stalled_worker_timeout=settings.lease_seconds,
        )
