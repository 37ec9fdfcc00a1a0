"""Where jobs wait: in PostgreSQL, or in memory while the database is embedded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.jobs.origin import origin

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from chassis.jobs.memory import MemoryQueue
    from chassis.service import Service

KEY = "jobs"
"""Key of `session.info` under which a session finds its queue."""
DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(CAST(:queue AS varchar), CAST(:name AS varchar), "
    "CAST(:priority AS integer), NULL, CAST(:unique AS text), CAST(:args AS jsonb), "
    "CASE WHEN CAST(:delay AS float8) > 0 THEN "
    "clock_timestamp() + make_interval(secs => CAST(:delay AS float8)) END"
    ")::procrastinate_job_to_defer_v1])"
)
"""The library's own function, in the transaction of the caller's session."""
WAITING = text(
    "SELECT args ->> 'key' FROM procrastinate_jobs "
    "WHERE queueing_lock = :unique AND status = 'todo' FOR SHARE"
)
"""The lock keeps the job from starting before this transaction has committed what it is about."""
UNIQUE_TRIES = 5


@dataclass(frozen=True)
class Entry:
    """A job that is about to wait."""

    name: str
    queue: str
    priority: int
    delay: float
    unique: str | None
    args: dict[str, Any]
    """The envelope: its arguments, its key, and when it was enqueued."""


class ServerQueue:
    """Jobs wait in PostgreSQL."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def add(self, session: AsyncSession, entry: Entry) -> str:
        """Insert the job; return its key, or that of the job with the same unique key."""
        given = {
            "queue": entry.queue,
            "name": entry.name,
            "priority": entry.priority,
            "unique": entry.unique,
            "delay": entry.delay,
            "args": json.dumps(entry.args | origin(self._service)),
        }
        key: str = entry.args["key"]
        if entry.unique is None:
            await session.execute(DEFER, given)
            return key
        for _ in range(UNIQUE_TRIES):
            if waiting := await session.scalar(WAITING, {"unique": entry.unique}):
                return str(waiting)
            try:
                async with session.begin_nested():
                    await session.execute(DEFER, given)
            except IntegrityError:  # another transaction was first; it may have started by now
                continue
            return key
        raise RuntimeError(f"jobs: another transaction adds {entry.unique!r} again and again")


def queue_of(session: AsyncSession) -> ServerQueue | MemoryQueue:
    """Return the queue of a session. Raises RuntimeError if it has none."""
    queue: ServerQueue | MemoryQueue | None = session.info.get(KEY)
    if queue is None:
        raise RuntimeError(
            "jobs: this session was not made by the service, so it has no queue. Use `Session`, or "
            "resources[async_sessionmaker]; and see that app/main.py has `jobs: Jobs = Jobs()`."
        )
    return queue
