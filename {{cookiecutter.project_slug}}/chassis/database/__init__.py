"""A database: one connection pool, one transaction per request, a schema made by migrations."""

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

from chassis.database.address import (
    file_of,
    ignored_parameters,
    is_embedded,
    is_unencrypted,
    validate_url,
)
from chassis.database.engines import create_pooled_engine, create_probe_engine
from chassis.database.migrator import migrate
from chassis.database.models import Base
from chassis.database.queries import StatementRecorder
from chassis.database.schema import Schema, SchemaTooOld
from chassis.database.session import Session
from chassis.logs.libraries import silence_libraries
from chassis.service import Check, Feature, Seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from chassis.service import Service

__all__ = ["Base", "Database", "Session"]

log = structlog.get_logger(__name__)

UNENCRYPTED = (
    "may send passwords and rows without TLS. Append ?sslmode=verify-full&sslrootcert=system, or "
    "the path of the server's authority; or set SERVICE_PRIVATE_NETWORK=true."
)


class Database(Feature):
    """The database's URL, pool and timeouts."""

    url: Annotated[str, AfterValidator(validate_url)] = Field(default="", repr=False)
    """URL, postgresql://user:password@host/name or sqlite:///file; a temporary file if empty."""
    pgbouncer: bool = False
    """Whether PgBouncer in transaction mode is used; each transaction then sets the timeouts."""
    pool_size: int = Field(default=10, ge=1)
    """Connections that the pool keeps open."""
    max_overflow: int = Field(default=5, ge=0)
    """Further connections, while all in the pool are in use."""
    pool_timeout_seconds: Seconds = 2
    """Seconds that a request waits for a connection before it gets a 503."""
    connect_timeout_seconds: Seconds = 3
    """Timeout in seconds of opening a connection."""
    statement_timeout_seconds: Seconds = 10
    """Timeout in seconds of a statement; migrations have none."""
    lock_timeout_seconds: Seconds = 3
    """Seconds that a statement waits for a lock that another transaction holds."""
    recycle_seconds: int = Field(default=1800, ge=1, le=2_147_483)
    """Age in seconds from which a connection is replaced."""
    slow_query_seconds: Seconds = 0.5
    """Duration in seconds from which a statement is logged as a warning."""
    migration_wait_seconds: Seconds = 300
    """Seconds that a migrator waits for another one and for tables that are locked."""
    migration_lock_timeout_seconds: Seconds = 1
    """Seconds that a migration waits for a lock, with readers queued behind it, per attempt."""

    def install(self, service: Service) -> None:
        """Open the pool while the service runs; provide sessions, checks and figures."""
        silence_libraries("alembic")

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            if ignored := ignored_parameters(self.url):
                log.warning("database: parameters of DATABASE_URL are ignored", names=ignored)
            async with self._provide_storage() as settings:
                name = service.identity.name
                engine = create_pooled_engine(settings, name)
                probe_engine = create_probe_engine(settings, name)
                recorder = StatementRecorder(service, Base.metadata, settings.slow_query_seconds)
                recorder.attach(engine)
                service.resources[AsyncEngine] = engine
                service.resources[async_sessionmaker] = async_sessionmaker(
                    engine, expire_on_commit=False, close_resets_only=False
                )
                schema = Schema(probe_engine)
                service.checks["database"] = Check(probe=lambda: ping(probe_engine))
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
                    await probe_engine.dispose()

        service.lifespans.append(lifespan)

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse an embedded database."""
        if is_embedded(self.url):
            found = "embeds the database in the service" if self.url else "is not set"
            yield "url", f"{found}. Set it to a server's, postgresql://user:password@host/name."

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        """Refuse a server on another machine that may be reached without TLS."""
        if is_unencrypted(self.url):
            yield "url", UNENCRYPTED

    @asynccontextmanager
    async def _provide_storage(self) -> AsyncIterator[Database]:
        """Yield settings with a database; a temporary one is created and migrated here."""
        if not is_embedded(self.url) or file_of(self.url):
            yield self
            return
        with TemporaryDirectory() as folder:
            temporary = self.model_copy(update={"url": f"sqlite:///{Path(folder, 'database')}"})
            await migrate(temporary, lambda config: command.upgrade(config, "head"))
            yield temporary


async def ping(engine: AsyncEngine) -> None:
    """Open a connection and run a statement."""
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")


async def warn_if_too_old(schema: Schema) -> None:
    """Log why the service will not become ready, if that can be read within a second."""
    try:
        async with asyncio.timeout(1):
            await schema.check()
    except SchemaTooOld as error:
        log.error(str(error))  # noqa: TRY400 - its message says it all
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("database unavailable", error=type(error).__name__)
