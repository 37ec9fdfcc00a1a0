"""Watches every statement: how long it took, how many rows it touched; never its parameters."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Table, event
from sqlalchemy.sql import visitors

from chassis.timing import track

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


class Kind(NamedTuple):
    """What statements of one kind have in common."""

    name: str
    attributes: dict[str, str]


class Queries:
    """The statements of one engine."""

    def __init__(self, slow: float) -> None:
        """Log those that take `slow` seconds or more as warnings, the others for debugging."""
        self._slow = slow
        self._kinds: WeakKeyDictionary[Compiled, Kind] = WeakKeyDictionary()

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

    def _began(
        self,
        connection: Connection,
        _cursor: DBAPICursor,
        _statement: str,
        _parameters: object,
        context: ExecutionContext | None,
        _many: bool,  # noqa: FBT001 - the same
    ) -> None:
        run = connection.info["run"] = track(*self._kind(connection, context))
        run.__enter__()

    def _ended(
        self,
        connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        *_: object,
    ) -> None:
        fields = {"rows": cursor.rowcount} if cursor.rowcount >= 0 else {}
        self._note(connection, statement, fields)

    def _failed(self, context: ExceptionContext) -> None:
        if context.connection and context.statement and "run" in context.connection.info:
            error = context.original_exception
            fields = {"error": type(error).__name__}
            self._note(context.connection, context.statement, fields, error)

    def _note(
        self,
        connection: Connection,
        statement: str,
        fields: dict[str, Any],
        error: BaseException | None = None,
    ) -> None:
        run: track = connection.info.pop("run")
        run.__exit__(type(error) if error else None, error, None)
        level = logging.WARNING if run.seconds >= self._slow else logging.DEBUG
        if gate.isEnabledFor(level):
            text = " ".join(statement.split())[:LONGEST]
            message = "slow query" if level == logging.WARNING else "query"
            milliseconds = round(run.seconds * 1000, 3)
            log.log(level, message, statement=text, duration_ms=milliseconds, **fields)

    def _kind(self, connection: Connection, context: ExecutionContext | None) -> Kind:
        """Name a statement after what it does to which table; the catalogue bounds the names."""
        system = connection.dialect.name
        compiled = context.compiled if context else None
        if compiled is None or compiled.statement is None:
            return Kind(f"database.{OTHER}.{OTHER}", {"db.system.name": system})
        kind = self._kinds.get(compiled)
        if kind is None:
            verb = compiled.statement.__visit_name__
            parts = visitors.iterate(compiled.statement)
            table = next((part.name for part in parts if isinstance(part, Table)), OTHER)
            verb = verb if verb in OPERATIONS else OTHER
            told = {"db.operation.name": verb.upper(), "db.collection.name": table}
            known = {name: word for name, word in told.items() if word.lower() != OTHER}
            kind = Kind(f"database.{verb}.{table}", {"db.system.name": system, **known})
            self._kinds[compiled] = kind
        return kind
