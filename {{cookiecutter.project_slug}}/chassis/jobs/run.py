"""One try of a job, as its function sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from chassis.jobs.models import Receipt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chassis.service import Service

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One try of a job."""

    id: int
    """Number of the job in the database, on every log line of the run."""
    key: str
    """Key of the job, the same in every try: an idempotency key for calls to other services."""
    attempt: int
    """Number of the try, from 1."""
    service: Service

    async def once(self, effect: Callable[[AsyncSession], Awaitable[object]]) -> bool:
        """Run `effect` in a transaction, unless an earlier try of this job has committed it.

        A worker that dies after the commit leaves a job that is delivered again. The receipt is
        written in the same transaction as the effect, so a second delivery finds it. A job has one
        such effect. Returns whether it ran now.
        """
        async with self.resource(async_sessionmaker)() as session:
            session.add(Receipt(key=self.key))
            try:
                await session.flush()
            except IntegrityError:
                return False
            await effect(session)
            await session.commit()
        return True

    def resource(self, kind: type[T]) -> Any:  # noqa: ANN401 - as on the board
        """Return what a feature provides under this type, such as the client of another service."""
        return self.service.resources[kind]
