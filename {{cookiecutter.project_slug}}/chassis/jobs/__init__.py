"""Jobs: work after the answer, enqueued in the request's transaction, done by a worker."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from chassis.environment import Names
from chassis.jobs import models  # noqa: F401 - its table belongs to the schema
from chassis.jobs.job import Job, job
from chassis.jobs.queue import KEY, ServerQueue
from chassis.jobs.run import Run
from chassis.service import Feature, Seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.database import Database
    from chassis.service import Service

__all__ = ["Job", "Jobs", "Run", "job"]

log = structlog.get_logger(__name__)

EMBEDDED = "the database is embedded"
EMBEDDED_GRACE_SECONDS = 2.0
"""Seconds that jobs in the serving process get to finish: all features together have four."""


class Jobs(Feature):
    """How workers run jobs."""

    concurrency: int = Field(default=10, ge=1, le=1000)
    """Jobs that one worker runs at a time."""
    queues: Names = ()
    """Queues that a worker serves; all if empty."""
    poll_seconds: Seconds = 5
    """Seconds between two looks for jobs that are due, and for those of workers that died."""
    lease_seconds: float = Field(default=30, ge=1, le=3600)
    """Seconds without a heartbeat after which the jobs of a worker run elsewhere."""
    backoff_seconds: Seconds = 5
    """Seconds until the first retry of a job; each further one takes twice as long, to an hour."""
    keep_hours: int = Field(default=24, ge=1)
    """Hours for which finished jobs are kept; a held one is until it is retried or cancelled."""
    figures_seconds: Seconds = 15
    """Seconds between two readings of how many jobs wait."""

    def install(self, service: Service) -> None:
        """Give every session its queue; while the database is embedded, run jobs here."""

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            engine: AsyncEngine = service.resources[AsyncEngine]
            if engine.dialect.name != "postgresql":
                async with self._run_embedded(service):
                    yield
                return
            use_queue(service, ServerQueue(service))
            from chassis.jobs.figures import Figures  # noqa: PLC0415 - only with a server

            async with Figures(service, self).lifespan():
                yield

        service.lifespans.append(lifespan)

    @asynccontextmanager
    async def _run_embedded(self, service: Service) -> AsyncIterator[None]:
        # The library is imported where jobs run, which takes a while.
        from procrastinate.testing import InMemoryConnector  # noqa: PLC0415 - see above

        from chassis.jobs.library import make_app  # noqa: PLC0415 - see above
        from chassis.jobs.memory import MemoryQueue  # noqa: PLC0415 - see above
        from chassis.jobs.running import Runner  # noqa: PLC0415 - see above
        from chassis.jobs.worker import JobWorker  # noqa: PLC0415 - see above

        app = make_app(InMemoryConnector(), Runner(service, self), service.jobs)
        use_queue(service, MemoryQueue(service, app))
        soon = self.model_copy(update={"poll_seconds": min(self.poll_seconds, 0.5)})
        if service.jobs:
            log.info("jobs run in this process; those that wait end with it", reason=EMBEDDED)
        async with JobWorker(app, soon, grace_seconds=EMBEDDED_GRACE_SECONDS).lifespan():
            yield

    def work(self, service: Service, database: Database, grace_seconds: float) -> None:
        """Let the service run jobs instead of serving; only its probes stay."""
        from chassis.jobs.library import connect, make_app  # noqa: PLC0415 - only the worker does
        from chassis.jobs.running import Runner  # noqa: PLC0415 - the same
        from chassis.jobs.sweeper import Sweeper  # noqa: PLC0415 - the same
        from chassis.jobs.worker import JobWorker  # noqa: PLC0415 - the same
        from chassis.service import Check  # noqa: PLC0415 - the same

        service.routers.clear()
        runner = Runner(service, self)
        app = make_app(connect(service, database), runner, service.jobs)

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            worker = JobWorker(
                app, self, listen=not database.pgbouncer, grace_seconds=grace_seconds
            )
            sweeper = Sweeper(service, self, app, runner, worker)
            service.checks["jobs worker"] = Check(probe=worker.check, gates="readiness")
            async with sweeper.lifespan(), worker.lifespan():
                yield

        service.lifespans.append(lifespan)


def use_queue(service: Service, queue: object) -> None:
    """Give each session of the service its queue."""
    sessions: async_sessionmaker[AsyncSession] = service.resources[async_sessionmaker]
    sessions.configure(info={KEY: queue})
