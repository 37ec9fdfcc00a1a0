"""Hands the service's jobs to Procrastinate, the library that keeps and delivers them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.tasks import Task

from chassis.database.address import parameters_of
from chassis.jobs.failures import PutBack
from chassis.jobs.notifications import NotifiedManager
from chassis.logs.libraries import silence_libraries
from chassis.startup import StartupError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procrastinate import JobContext
    from procrastinate.connector import BaseAsyncConnector
    from procrastinate.jobs import Job as StoredJob

    from chassis.database import Database
    from chassis.jobs.job import Job
    from chassis.jobs.running import Runner
    from chassis.service import Service

WORKER = "jobs"
"""Name of the library's worker, and so of its logger."""
CONNECTIONS = 4
"""The library's own, for fetching and finishing jobs; jobs use the service's pool."""
NETWORK: dict[str, str] = {"connect_timeout": "5", "tcp_user_timeout": "10000"}
"""Parameters of its connections, in seconds and milliseconds, unless DATABASE_URL has them."""


class RetryAsTold(BaseRetryStrategy):
    """The runner decides; the library puts the job back."""

    def get_retry_decision(
        self,
        *,
        exception: BaseException,
        job: StoredJob,  # noqa: ARG002 - the library's signature
    ) -> RetryDecision | None:
        """Requeue jobs that ask for it; the library holds any other job that raised."""
        if isinstance(exception, PutBack):
            due = datetime.now(UTC) + timedelta(seconds=exception.seconds)
            return RetryDecision(retry_at=due)
        return None


class Tasks(dict[str, Any]):
    """Tasks by name: a name that this release does not know is a job for a later one."""

    def __init__(self, known: dict[str, Any], unknown: Task[Any, Any, Any]) -> None:
        super().__init__(known)
        self._unknown = unknown

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401, ARG002 - as dict has it
        """Return the task; the library would fail a job without one, for good."""
        return super().get(key, self._unknown)


def make_app(connector: BaseAsyncConnector, runner: Runner, jobs: Sequence[Job[Any]]) -> App:
    """Make the library's application. Raises `StartupError` for a wrong name or schedule."""
    silence_libraries("procrastinate", f"procrastinate.worker.{WORKER}")
    logger = logging.getLogger("procrastinate.worker")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)  # its lines contain the arguments of jobs
    app = App(connector=connector)
    app.job_manager = NotifiedManager(connector)
    for job in jobs:
        if job.name in app.tasks:
            raise StartupError(f"jobs: two are called {job.name!r}. Rename one.")

        async def run(context: JobContext, /, _job: Job[Any] = job, **envelope: Any) -> None:  # noqa: ANN401 - JSON
            await runner.run(_job, context, envelope)

        task = app.task(name=job.name, queue=job.queue, pass_context=True, retry=RetryAsTold())(run)
        if job.cron:
            schedule = app.periodic(cron=job.cron, priority=job.priority)
            schedule(cast("Any", task))
    for periodic in app.periodic_registry.periodic_tasks.values():
        try:
            periodic.croniter.get_next()
        except ValueError as error:
            raise StartupError(f"jobs: {periodic.task.name!r}: cron: {error}") from error

    async def requeue(context: JobContext, **envelope: Any) -> None:  # noqa: ANN401 - JSON
        await runner.requeue_unknown(context, envelope)

    unknown: Task[Any, Any, Any] = Task(
        requeue, blueprint=app, name="unknown", queue="", pass_context=True, retry=RetryAsTold()
    )
    app.tasks = Tasks(app.tasks, unknown)
    return app


def connect(service: Service, database: Database) -> PsycopgConnector:
    """Make the library's connections, by psycopg, to the server of DATABASE_URL."""
    given: dict[str, Any] = {"application_name": f"{service.identity.name} worker"}
    if database.pgbouncer:
        given["prepare_threshold"] = None
    parts = urlsplit(database.url)
    query = urlencode(NETWORK | parameters_of(database.url))
    return PsycopgConnector(
        conninfo=f"postgresql://{parts.netloc}{parts.path}?{query}",
        kwargs=given,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=database.connect_timeout_seconds + 1,
    )
