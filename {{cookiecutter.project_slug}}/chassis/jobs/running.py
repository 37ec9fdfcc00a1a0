"""Runs one job: reads its arguments, logs, counts, and decides what a failure leads to."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import AbortReason
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.contextvars import bind_contextvars

from chassis.exchange import Exchange, current_exchange
from chassis.jobs.run import Run
from chassis.jobs.statements import FIRST_OF_SLOT, STARTED, UNCOUNT
from chassis.series import series
from chassis.timing import track

if TYPE_CHECKING:
    from procrastinate import JobContext
    from sqlalchemy import TextClause

    from chassis.jobs import Jobs
    from chassis.jobs.job import Job
    from chassis.service import Service

log = structlog.get_logger("chassis.jobs")

UNREAD_TRIES = 10
"""Times that a job is put back which this release cannot read, before it is held."""
UNREAD_SECONDS = 10.0
"""Seconds until a worker sees it again, doubled each time: an hour and a half together."""
OTHER = "_OTHER"
"""Label of a job that this release does not know."""
MAX_BACKOFF_SECONDS = 3600.0


class PutBack(Exception):  # noqa: N818 - it says what becomes of the job
    """The job goes back to the queue."""

    def __init__(self, seconds: float = 0) -> None:
        """Take the seconds until it runs again."""
        super().__init__()
        self.seconds = seconds


class Runner:
    """Runs the jobs of a service."""

    def __init__(self, service: Service, settings: Jobs) -> None:
        """Show how runs end on the board."""
        self._service = service
        self._settings = settings
        self.running: set[int] = set()
        """Jobs that run here, by number."""
        self._outcomes: Counter[tuple[str, str]] = Counter()

    async def run(self, job: Job[Any], context: JobContext, envelope: dict[str, Any]) -> None:
        """Run a job; raise `PutBack` if it goes back to the queue, its error if it is held."""
        stored = context.job
        number = stored.id or 0
        self._enter(job.name, number, envelope)
        self.running.add(number)
        try:
            if stored.queueing_lock:
                await self._execute(STARTED, id=number)
            try:
                arguments = job.model.model_validate_json(
                    json.dumps(envelope.get("arguments", {})), extra="forbid"
                )
            except ValidationError as error:
                await self._put_back_unread(job.name, number, envelope, describe(error), error)
            slot = envelope.get("timestamp")
            if slot is not None and await self._is_repeated(job.name, slot, number):
                log.info("job skipped: another one has its slot", slot=slot)
                return
            run = Run(
                id=number,
                key=envelope.get("key") or f"{self._service.identity.name}:{job.name}@{slot}",
                attempt=stored.attempts + 1,
                service=self._service,
            )
            await self._run(job, run, arguments, context, envelope)
        finally:
            self.running.discard(number)

    async def put_back_unknown(self, context: JobContext, envelope: dict[str, Any]) -> None:
        """Put back a job whose name this release does not know."""
        name, number = context.job.task_name, context.job.id or 0
        self._enter(name, number, envelope)
        await self._put_back_unread(OTHER, number, envelope, "this release has no such job", None)

    async def _run(
        self,
        job: Job[Any],
        run: Run,
        arguments: Any,  # noqa: ANN401 - the job's own model
        context: JobContext,
        envelope: dict[str, Any],
    ) -> None:
        timer = track(f"jobs.{job.name}", describe_job(job, run, context))
        try:
            with timer:
                async with asyncio.timeout(job.timeout.total_seconds()):
                    await job.function(arguments, run)
        except asyncio.CancelledError:
            if context.abort_reason() is AbortReason.USER_REQUEST:
                self._count(job.name, "cancelled")
                log.info("job cancelled", attempt=run.attempt)
                raise JobAborted from None
            self._count(job.name, "put_back")
            log.warning("job put back: the worker stops", attempt=run.attempt)
            await self._uncount(run.id, envelope.get("unread", 0))
            raise PutBack from None
        except Exception as error:
            if run.attempt >= job.tries:
                self._count(job.name, "held")
                log.exception("job held", attempt=run.attempt, tries=job.tries)
                raise
            seconds = backoff(self._settings.backoff_seconds, run.attempt)
            self._count(job.name, "retried")
            log.warning(
                "job failed, will be retried",
                attempt=run.attempt,
                tries=job.tries,
                seconds=round(seconds, 3),
                exc_info=error,
            )
            raise PutBack(seconds) from error
        self._count(job.name, "succeeded")
        log.info("job succeeded", attempt=run.attempt, duration_ms=round(timer.seconds * 1000, 3))

    async def _put_back_unread(
        self,
        name: str,
        number: int,
        envelope: dict[str, Any],
        reason: str,
        error: Exception | None,
    ) -> None:
        """Put it back for a later release, a bounded number of times, then hold it."""
        unread = envelope.get("unread", 0) + 1
        if unread >= UNREAD_TRIES:
            self._count(name, "held")
            log.error("job held: this release cannot read it", reason=reason, times=unread)
            raise Unread(reason) from error
        seconds = UNREAD_SECONDS * 2.0 ** (unread - 1)
        self._count(name, "put_back")
        log.warning("job put back: this release cannot read it", reason=reason, seconds=seconds)
        await self._uncount(number, unread)
        raise PutBack(seconds) from error

    def _enter(self, name: str, number: int, envelope: dict[str, Any]) -> None:
        """Put on every line the ids of the job, and of the request that enqueued it."""
        names = {"request_id": b"x-request-id", "traceparent": b"traceparent"}
        given = {header: envelope.get(name) for name, header in names.items()}
        headers = [(header, str(value).encode()) for header, value in given.items() if value]
        scope = {"type": "http", "method": "POST", "path": f"/jobs/{name}", "headers": headers}
        exchange = Exchange(scope, nowhere, self._service)
        current_exchange.set(exchange)
        if self._service.continue_trace:
            self._service.continue_trace(exchange)
        bind_contextvars(job=name, job_id=number)

    async def _uncount(self, number: int, unread: int) -> None:
        """Keep a run that was none from being counted as a try."""
        await self._execute(UNCOUNT, id=number, unread=unread)

    async def _is_repeated(self, name: str, slot: int, number: int) -> bool:
        """Tell whether an earlier job has this slot of the schedule."""
        engine: AsyncEngine = self._service.resources[AsyncEngine]
        if engine.dialect.name != "postgresql":
            return False
        async with engine.connect() as connection:
            first = await connection.scalar(FIRST_OF_SLOT, {"name": name, "slot": str(slot)})
        return bool(first != number)

    async def _execute(self, statement: TextClause, **given: int) -> None:
        """Change the stored job; in memory there is nothing to change."""
        engine: AsyncEngine = self._service.resources[AsyncEngine]
        if engine.dialect.name != "postgresql":
            return
        try:
            async with engine.begin() as connection:
                await connection.execute(statement, given)
        except (SQLAlchemyError, OSError) as error:
            log.warning("jobs: a job was not updated", error=type(error).__name__)

    def _count(self, name: str, outcome: str) -> None:
        if (name, outcome) not in self._outcomes:
            known = {"job": name, "outcome": outcome}
            read = partial(self._outcomes.__getitem__, (name, outcome))
            self._service.counters[series("jobs_ended_total", **known)] = read
        self._outcomes[name, outcome] += 1


class Unread(Exception):  # noqa: N818 - it says what is wrong with the job
    """The job has arguments, or a name, of another release."""


def backoff(base: float, attempt: int) -> float:
    """Return the seconds until the next try: doubled each time, with jitter."""
    longest: float = min(MAX_BACKOFF_SECONDS, base * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, hides nothing


def describe(error: ValidationError) -> str:
    """Say which arguments do not fit, without their values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in found)


def describe_job(job: Job[Any], run: Run, context: JobContext) -> dict[str, str | int]:
    """Return the attributes of the run's span.

    https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
    """
    return {
        "messaging.system": "postgresql",
        "messaging.operation.type": "process",
        "messaging.destination.name": context.job.queue,
        "messaging.message.id": run.key,
        "job.name": job.name,
        "job.attempt": run.attempt,
    }


async def nowhere(message: Any) -> None:  # noqa: ANN401 - ASGI's
    """Send nothing: a job has no client."""
