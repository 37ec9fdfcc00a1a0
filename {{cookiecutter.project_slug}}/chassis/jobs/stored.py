"""Changes a job where it is stored while it runs, beside what the library does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.jobs.statements import FIRST_OF_SLOT, STARTED, UNCOUNT

if TYPE_CHECKING:
    from sqlalchemy import TextClause

    from chassis.service import Service

log = structlog.get_logger("chassis.jobs")


class StoredJobs:
    """The jobs in the database; in memory there is nothing to change."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def free_unique_key(self, number: int) -> None:
        """Let another job with the same unique key wait from now on."""
        await self._execute(STARTED, id=number)

    async def uncount(self, number: int, unread: int) -> None:
        """Keep a run that was none from being counted as a try."""
        await self._execute(UNCOUNT, id=number, unread=unread)

    async def is_repeated(self, name: str, slot: int, number: int) -> bool:
        """Return whether an earlier job has this slot of the schedule."""
        if not self._on_server:
            return False
        async with self._engine.connect() as connection:
            first = await connection.scalar(FIRST_OF_SLOT, {"name": name, "slot": str(slot)})
        return bool(first != number)

    async def _execute(self, statement: TextClause, **given: int) -> None:
        if not self._on_server:
            return
        try:
            async with self._engine.begin() as connection:
                await connection.execute(statement, given)
        except (SQLAlchemyError, OSError) as error:
            log.warning("jobs: a job was not updated", error=type(error).__name__)

    @property
    def _engine(self) -> AsyncEngine:
        found: AsyncEngine = self._service.resources[AsyncEngine]
        return found

    @property
    def _on_server(self) -> bool:
        return self._engine.dialect.name == "postgresql"
