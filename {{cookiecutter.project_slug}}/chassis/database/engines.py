"""Creates engines: pooled for requests, without a pool for health checks and migrations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import URL, NullPool, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.database.address import dsn_of, file_of, is_embedded, tls_of
from chassis.database.pool import FairPool
from chassis.exchange import current_exchange

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

    from chassis.database import Database

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "QUERY", "TRACE")
SERVER_GRACE_SECONDS = 1.0
"""Seconds after the statement timeout at which a server without a response counts as hung."""


def create_pooled_engine(settings: Database, name: str) -> AsyncEngine:
    """Create the engine for requests; `name` is the `application_name` of its connections."""
    options: dict[str, Any] = {
        "poolclass": FairPool,
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout_seconds,
        "pool_recycle": settings.recycle_seconds,
    }
    if is_embedded(settings.url):
        return _begin_immediately(_create_embedded_engine(settings, options))
    engine = _create_server_engine(settings, name, settings.statement_timeout_seconds, options)
    event.listen(engine.sync_engine, "checkout", _replace_closed_connection)
    return engine


def create_probe_engine(settings: Database, name: str) -> AsyncEngine:
    """Create the engine for health checks, which opens a connection for each check."""
    options: dict[str, Any] = {"poolclass": NullPool}
    if is_embedded(settings.url):
        return _create_embedded_engine(settings, options)
    return _create_server_engine(settings, name, settings.statement_timeout_seconds, options)


def create_migration_engine(settings: Database, name: str) -> AsyncEngine:
    """Create the engine for migrations, with a short lock timeout and no statement timeout."""
    options: dict[str, Any] = {"poolclass": NullPool}
    if is_embedded(settings.url):  # a table is changed by replacing it; references stay
        return _begin_immediately(_create_embedded_engine(settings, options, foreign_keys="OFF"))
    relaxed = settings.model_copy(
        update={"lock_timeout_seconds": settings.migration_lock_timeout_seconds}
    )
    return _create_server_engine(relaxed, name, 0, options)


def _create_server_engine(
    settings: Database, name: str, seconds: float, options: dict[str, Any]
) -> AsyncEngine:
    tls = tls_of(settings.url)
    timeouts = {
        "statement_timeout": _milliseconds(seconds),
        "lock_timeout": _milliseconds(settings.lock_timeout_seconds),
    }
    pooled = settings.pgbouncer  # it only forwards this parameter

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                dsn_of(settings.url),
                timeout=settings.connect_timeout_seconds,
                command_timeout=seconds + SERVER_GRACE_SECONDS if seconds else None,
                **({"ssl": tls} if tls else {}),
                server_settings={"application_name": name, **({} if pooled else timeouts)},
                **({"statement_cache_size": 0} if pooled else {}),
            )
        except OSError as error:
            raise asyncpg.ConnectionFailureError(type(error).__name__) from error

    # The engine never gets the URL, so that nothing it prints can show the password.
    adapted: dict[str, Any] = {"async_creator_fn": connect}
    if pooled:  # a named statement would exist on one server connection only
        adapted |= {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
    engine = create_async_engine(
        "postgresql+asyncpg://", connect_args=adapted, hide_parameters=True, **options
    )
    event.listen(engine.sync_engine, "handle_error", _disconnect_on_timeout)
    if pooled:
        event.listen(engine.sync_engine, "begin", partial(_set_locally, timeouts))
    return engine


def _set_locally(timeouts: dict[str, str], connection: Connection) -> None:
    """Set timeouts for one transaction, because the connection cannot keep them."""
    calls = ", ".join(f"set_config('{name}', '{it}', true)" for name, it in timeouts.items())
    connection.exec_driver_sql(f"SELECT {calls}")


def _replace_closed_connection(connection: Any, *_: object) -> None:  # noqa: ANN401 - no protocol has it
    """Detect without a round trip a connection that a restarted server has closed."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _disconnect_on_timeout(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        raise OperationalError(context.statement, None, context.original_exception)


def _create_embedded_engine(
    settings: Database, options: dict[str, Any], foreign_keys: str = "ON"
) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=file_of(settings.url)),
        connect_args={"timeout": settings.lock_timeout_seconds},
        hide_parameters=True,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own exclude DDL and reads
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"foreign_keys={foreign_keys}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _begin_immediately(engine: AsyncEngine) -> AsyncEngine:
    """Begin as a writer: a transaction that reads first would fail at its first write.

    Requests with a safe method (RFC 9110, section 9.2.1) begin as readers, which never wait.

    https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-transactions
    """

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        exchange = current_exchange.get()
        reads = exchange is not None and exchange.scope["method"] in SAFE_METHODS
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    @event.listens_for(engine.sync_engine, "reset")
    def reset(connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState) -> None:
        if state.asyncio_safe:  # a COMMIT that fails leaves the transaction open here
            connection.rollback()

    return engine


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
