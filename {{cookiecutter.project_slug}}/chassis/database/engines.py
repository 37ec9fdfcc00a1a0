"""Connections: pooled ones for requests, single ones for what must not depend on the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import URL, NullPool, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.database.address import dsn_of, file_of, is_embedded

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

    from chassis.database import Database

LATE = 1.0
"""Seconds that a server may be silent after the timeout it was told, before it counts as hung."""


def pooled(settings: Database, name: str) -> AsyncEngine:
    """Make the engine that requests share; the server sees its connections under this name."""
    options: dict[str, Any] = {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout_seconds,
        "pool_recycle": settings.recycle_seconds,
    }
    if is_embedded(settings.url):
        return _immediate(_embedded(settings, options))
    engine = _server(settings, name, settings.statement_timeout_seconds, options)
    event.listen(engine.sync_engine, "checkout", _replace_the_closed)
    return engine


def probing(settings: Database, name: str) -> AsyncEngine:
    """Make the engine of health checks: a new connection each time, in nobody's way."""
    if is_embedded(settings.url):
        return _embedded(settings, {"poolclass": NullPool})
    return _server(settings, name, settings.statement_timeout_seconds, {"poolclass": NullPool})


def migrating(settings: Database, name: str) -> AsyncEngine:
    """Make the engine of migrations, which may take long but not make others wait for long."""
    options: dict[str, Any] = {"poolclass": NullPool}
    if is_embedded(settings.url):  # to change a table is to replace it, and what refers to it stays
        return _immediate(_embedded(settings, options, foreign_keys="OFF"))
    patient = settings.model_copy(
        update={"lock_timeout_seconds": settings.migration_lock_timeout_seconds}
    )
    return _server(patient, name, 0, options)


def _server(settings: Database, name: str, seconds: float, options: dict[str, Any]) -> AsyncEngine:
    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                dsn_of(settings.url),
                timeout=settings.connect_timeout_seconds,
                command_timeout=seconds + LATE if seconds else None,
                server_settings={
                    "application_name": name,
                    "statement_timeout": _milliseconds(seconds),
                    "lock_timeout": _milliseconds(settings.lock_timeout_seconds),
                },
            )
        except OSError as error:
            raise asyncpg.ConnectionFailureError(type(error).__name__) from error

    # The engine never learns the URL, so nothing that it prints can show the password.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, hide_parameters=True, **options
    )
    event.listen(engine.sync_engine, "handle_error", _give_up_the_hung)
    return engine


def _replace_the_closed(connection: Any, *_: object) -> None:  # noqa: ANN401 - no protocol has it
    """See at no cost what a restarted server leaves behind; asking it takes three round trips."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _give_up_the_hung(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        raise OperationalError(context.statement, None, context.original_exception)


def _embedded(settings: Database, options: dict[str, Any], foreign_keys: str = "ON") -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=file_of(settings.url)),
        connect_args={"timeout": settings.lock_timeout_seconds},
        hide_parameters=True,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own transactions leave out DDL and reads
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"foreign_keys={foreign_keys}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _immediate(engine: AsyncEngine) -> AsyncEngine:
    """Begin as a writer: one that reads first would be refused, not kept waiting, when it writes.

    https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-transactions
    """

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine.sync_engine, "reset")
    def reset(connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState) -> None:
        if state.asyncio_safe:  # a COMMIT that fails leaves the transaction open here
            connection.rollback()

    return engine


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
