"""Runs one job: reads its arguments, logs, counts, and decides what a failure leads to."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import AbortReason
from pydantic import ValidationError

from chassis.jobs.failures import UNREAD_SECONDS, UNREAD_TRIES, PutBack, Unread, backoff, describe
from chassis.jobs.origin import restore_origin
from chassis.jobs.run import Run
from chassis.jobs.stored import StoredJobs
from chassis.series import series
from chassis.timing import track

if TYPE_CHECKING:
    from procrastinate import JobContext

    from chassis.jobs import Jobs
    from chassis.jobs.job import Job
    from chassis.service import Service

log = structlog.get_logger("chassis.jobs")

OTHER = "_OTHER"
"""Label of a job that this release does not know."""


class Runner:
    """Runs the jobs of a service."""

    def __init__(self, service: Service, settings: Jobs) -> None:
        """Show how runs end on the board."""
        self._service = service
        self._settings = settings
        self._stored = StoredJobs(service)
        self.running: set[int] = set()
        """Jobs that run here, by number."""
        self._outcomes: Counter[tuple[str, str]] = Counter()

    async def run(self, job: Job[Any], context: JobContext, envelope: dict[str, Any]) -> None:
        """Run a job; raise `PutBack` if it goes back to the queue, its error if it is held."""
        stored = context.job
        number = stored.id or 0
        restore_origin(self._service, job.name, number, envelope)
        self.running.add(number)
        try:
            if stored.queueing_lock:
                await self._stored.free_unique_key(number)
            try:
                arguments = job.model.model_validate_json(
                    json.dumps(envelope.get("arguments", {})), extra="forbid"
                )
            except ValidationError as error:
                await self._requeue_unread(job.name, number, envelope, describe(error), error)
            slot = envelope.get("timestamp")
            if slot is not None and await self._stored.is_repeated(job.name, slot, number):
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

    async def requeue_unknown(self, context: JobContext, envelope: dict[str, Any]) -> None:
        """Requeue a job whose name this release does not know."""
        name, number = context.job.task_name, context.job.id or 0
        restore_origin(self._service, name, number, envelope)
        await self._requeue_unread(OTHER, number, envelope, "this release has no such job", None)

    async def _run(
        self,
        job: Job[Any],
        run: Run,
        arguments: Any,  # noqa: ANN401 - the job's own model
        context: JobContext,
        envelope: dict[str, Any],
    ) -> None:
        timer = track(f"jobs.{job.name}", describe_run(job, run, context))
        try:
            with timer:
                async with asyncio.timeout(job.timeout.total_seconds()):
                    await job.function(arguments, run)
        except asyncio.CancelledError:
            if context.abort_reason() is AbortReason.USER_REQUEST:
                self._count(job.name, "cancelled")
                log.info("job cancelled", attempt=run.attempt)
                raise JobAborted from None
            self._count(job.name, "requeued")
            log.warning("job requeued: the worker stops", attempt=run.attempt)
            await self._stored.uncount(run.id, envelope.get("unread", 0))
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

    async def _requeue_unread(
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
        self._count(name, "requeued")
        log.warning("job requeued: this release cannot read it", reason=reason, seconds=seconds)
        await self._stored.uncount(number, unread)
        raise PutBack(seconds) from error

    def _count(self, name: str, outcome: str) -> None:
        if (name, outcome) not in self._outcomes:
            known = {"job": name, "outcome": outcome}
            read = partial(self._outcomes.__getitem__, (name, outcome))
            self._service.counters[series("jobs_ended_total", **known)] = read
        self._outcomes[name, outcome] += 1


def describe_run(job: Job[Any], run: Run, context: JobContext) -> dict[str, str | int]:
    """Return the attributes of the run, which are those of a message."""
    return {
        "messaging.system": "postgresql",
        "messaging.operation.type": "process",
        "messaging.destination.name": context.job.queue,
        "messaging.message.id": run.key,
        "job.name": job.name,
        "job.attempt": run.attempt,
    }
