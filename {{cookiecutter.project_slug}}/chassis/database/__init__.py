"""A database: one pool of connections, one transaction a request, a schema made by migrations."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import structlog
from alembic import command
from pydantic import AfterValidator, Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from chassis.database.address import checked, file_of, is_embedded
from chassis.database.engines import pooled, probing
from chassis.database.migrator import migrate
from chassis.database.models import Base
from chassis.database.queries import StatementRecorder
from chassis.database.schema import Schema, SchemaTooOld
from chassis.database.session import Session
from chassis.service import Check, Feature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from chassis.service import Service

__all__ = ["Base", "Database", "Session"]

log = structlog.get_logger(__name__)

Seconds = Annotated[float, Field(gt=0)]


class Database(Feature):
    """Where the data is, and how long anything may wait for it."""

    url: Annotated[str, AfterValidator(checked)] = Field(default="", repr=False)
    """Address, postgresql://user:password@host/name or sqlite:///file; empty is a passing file."""
    pool_size: int = Field(default=10, ge=1)
    """Connections that are kept open."""
    max_overflow: int = Field(default=5, ge=0)
    """Connections opened beyond those while they are all in use."""
    pool_timeout_seconds: Seconds = 2
    """Seconds that a request waits for a connection before it is told to come back."""
    connect_timeout_seconds: Seconds = 3
    """Seconds that opening a connection may take."""
    statement_timeout_seconds: Seconds = 10
    """Seconds that a statement may take; migrations may take longer."""
    lock_timeout_seconds: Seconds = 3
    """Seconds that a statement waits for a lock that another transaction holds."""
    recycle_seconds: int = Field(default=1800, ge=1)
    """Seconds after which a connection is replaced rather than used again."""
    slow_query_seconds: Seconds = 0.5
    """Seconds from which on a statement is logged as a warning."""
    migration_wait_seconds: Seconds = 300
    """Seconds that a migrator waits for another one, and for tables that are in use."""
    migration_lock_timeout_seconds: Seconds = 1
    """Seconds that readers may have to queue behind a migration before it gives way."""

    def install(self, service: Service) -> None:
        """Open the pool while the service lives; pin its session, checks and gauges."""

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            async with self._lasting() as settings:
                name = service.identity.name
                engine, lone = pooled(settings, name), probing(settings, name)
                recorder = StatementRecorder(service, Base.metadata, settings.slow_query_seconds)
                recorder.attach(engine)
                service.resources[AsyncEngine] = engine
                service.resources[async_sessionmaker] = async_sessionmaker(
                    engine, expire_on_commit=False, close_resets_only=False
                )
                schema = Schema(lone)
                service.checks["database"] = Check(probe=lambda: reach(lone))
                service.checks["database schema"] = Check(probe=schema.check)
                pool = engine.pool
                service.gauges["database_pool_size"] = pool.size  # type: ignore[attr-defined]
                service.gauges["database_pool_checked_out"] = pool.checkedout  # type: ignore[attr-defined]
                service.gauges["database_pool_limit"] = lambda: self.pool_size + self.max_overflow
                service.gauges["database_migrations_pending"] = lambda: schema.pending
                service.gauges["database_pool_overflow"] = lambda: max(0, pool.overflow())  # type: ignore[attr-defined]
                try:
                    await warn_if_too_old(schema)
                    yield
                finally:
                    await engine.dispose()
                    await lone.dispose()

        service.lifespans.append(lifespan)

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse to keep what matters in a file beside the process."""
        if is_embedded(self.url):
            found = "embeds the database in the service" if self.url else "is not set"
            yield "url", f"{found}. Set it to a server's, postgresql://user:password@host/name."

    @asynccontextmanager
    async def _lasting(self) -> AsyncIterator[Database]:
        """Settings with a place to keep data; a passing file is migrated, for nobody else could."""
        if not is_embedded(self.url) or file_of(self.url):
            yield self
            return
        with TemporaryDirectory() as folder:
            passing = self.model_copy(update={"url": f"sqlite:///{Path(folder, 'database')}"})
            await migrate(passing, lambda config: command.upgrade(config, "head"))
            yield passing


async def reach(engine: AsyncEngine) -> None:
    """Open a connection and ask something."""
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")


async def warn_if_too_old(schema: Schema) -> None:
    """Say at once what start-up will wait for; if it cannot be seen yet, the checks will tell."""
    try:
        async with asyncio.timeout(1):
            await schema.check()
    except SchemaTooOld as error:
        log.error(str(error))  # noqa: TRY400 - its message is all there is to say
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("database unavailable", error=type(error).__name__)
