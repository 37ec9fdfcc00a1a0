"""Watches every statement: how long it took, how many rows it touched; never its parameters."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Table, event
from sqlalchemy.sql import visitors

from app.timing import operations

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPICursor, ExceptionContext, ExecutionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.sql.compiler import Compiled

OPERATIONS = {"select", "insert", "update", "delete"}
OTHER = "other"
LONGEST = 200
"""Characters of a statement that are logged."""

log = structlog.get_logger(__name__)
gate = logging.getLogger(__name__)


class Queries:
    """The statements of one engine."""

    def __init__(self, slow: float) -> None:
        """Log those that take `slow` seconds or more as warnings, the others for debugging."""
        self._slow = slow
        self._names: WeakKeyDictionary[Compiled, str] = WeakKeyDictionary()

    def watch(self, engine: AsyncEngine) -> None:
        """Listen to the engine; the driver's own debug lines, which tell parameters, are left out.

        A level that LOG_LEVELS gives the driver stays.
        """
        driver = logging.getLogger("aiosqlite")
        if driver.level == logging.NOTSET:
            driver.setLevel(logging.INFO)
        event.listen(engine.sync_engine, "before_cursor_execute", self._began)
        event.listen(engine.sync_engine, "after_cursor_execute", self._ended)
        event.listen(engine.sync_engine, "handle_error", self._failed, insert=True)

    def _began(self, connection: Connection, *_: object) -> None:
        connection.info["began"] = perf_counter()

    def _ended(
        self,
        connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        _parameters: object,
        context: ExecutionContext | None,
        _many: bool,  # noqa: FBT001 - the same
    ) -> None:
        fields = {"rows": cursor.rowcount} if cursor.rowcount >= 0 else {}
        self._note(connection, statement, context, fields)

    def _failed(self, context: ExceptionContext) -> None:
        if context.connection and context.statement and "began" in context.connection.info:
            error = {"error": type(context.original_exception).__name__}
            self._note(
                context.connection, context.statement, context.execution_context, error, failed=True
            )

    def _note(
        self,
        connection: Connection,
        statement: str,
        context: ExecutionContext | None,
        fields: dict[str, Any],
        *,
        failed: bool = False,
    ) -> None:
        seconds = perf_counter() - connection.info.pop("began")
        operations[self._name(context)].record(seconds, failed=failed)
        level = logging.WARNING if seconds >= self._slow else logging.DEBUG
        if gate.isEnabledFor(level):
            text = " ".join(statement.split())[:LONGEST]
            message = "slow query" if level == logging.WARNING else "query"
            milliseconds = round(seconds * 1000, 3)
            log.log(level, message, statement=text, duration_ms=milliseconds, **fields)

    def _name(self, context: ExecutionContext | None) -> str:
        """Name a statement after what it does to which table; the catalogue bounds the names."""
        compiled = context.compiled if context else None
        if compiled is None or compiled.statement is None:
            return f"database.{OTHER}.{OTHER}"
        name = self._names.get(compiled)
        if name is None:
            kind = compiled.statement.__visit_name__
            parts = visitors.iterate(compiled.statement)
            table = next((part.name for part in parts if isinstance(part, Table)), OTHER)
            name = f"database.{kind if kind in OPERATIONS else OTHER}.{table}"
            self._names[compiled] = name
        return name
