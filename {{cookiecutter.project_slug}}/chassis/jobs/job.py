"""A job: its name, the model of its arguments, its function, and what a failure leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import uuid4

from pydantic import BaseModel

from chassis.jobs.queue import Entry, queue_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncSession

    from chassis.jobs.run import Run

A = TypeVar("A", bound=BaseModel)
NOW = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Job(Generic[A]):
    """Work that is done after the answer, by a worker."""

    name: str
    """Name under which jobs wait: rename it only once none does."""
    model: type[A]
    function: Callable[[A, Run], Awaitable[object]]
    queue: str
    priority: int
    tries: int
    timeout: timedelta
    cron: str | None

    async def enqueue(  # noqa: PLR0913 - each has a default
        self,
        session: AsyncSession,
        arguments: A,
        *,
        delay: timedelta = NOW,
        priority: int | None = None,
        queue: str | None = None,
        unique: str | None = None,
    ) -> str:
        """Add a job to the session's transaction: it exists once that commits, else never.

        A higher priority runs first. While a job with the same `unique` key waits, no other is
        added. Returns the key of the job, which every try of it has: an idempotency key.
        """
        dumped = arguments.model_dump(mode="json", by_alias=True)
        entry = Entry(
            name=self.name,
            queue=queue or self.queue,
            priority=self.priority if priority is None else priority,
            delay=delay.total_seconds(),
            unique=None if unique is None else f"{self.name}:{unique}",
            args={"arguments": dumped, "key": uuid4().hex, "enqueued": time()},
        )
        return await queue_of(session).add(session, entry)


def job(  # noqa: PLR0913 - each has a default
    name: str,
    model: type[A],
    *,
    queue: str = "default",
    priority: int = 0,
    tries: int = 5,
    timeout: timedelta = timedelta(minutes=5),
    cron: str | None = None,
) -> Callable[[Callable[[A, Run], Awaitable[object]]], Job[A]]:
    """Make a job of an async function, which gets its arguments and its run.

    A try that raises or times out is retried with backoff; after `tries` of them the job is held.
    With `cron`, such as `0 3 * * *` in UTC, it runs on that schedule, with the model's defaults.
    A feature registers it: `service.jobs.append(...)`.
    """

    def make(function: Callable[[A, Run], Awaitable[object]]) -> Job[A]:
        return Job(
            name=name,
            model=model,
            function=function,
            queue=queue,
            priority=priority,
            tries=tries,
            timeout=timeout,
            cron=cron,
        )

    return make
