"""Times, counts and logs every statement, by operation and table; never its parameters."""

from __future__ import annotations

import logging
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Table, event
from sqlalchemy.sql import visitors

from chassis.database.statement_group import OTHER, StatementGroup
from chassis.series import series
from chassis.timing import operations

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.sql.compiler import Compiled

    from chassis.service import Service

KNOWN_OPERATIONS = ("SELECT", "INSERT", "UPDATE", "DELETE")
MAX_LOGGED_CHARACTERS = 200

log = structlog.get_logger(__name__)
level_gate = logging.getLogger(__name__)


class StatementRecorder:
    """Records the statements of one engine."""

    def __init__(self, service: Service, metadata: MetaData, slow_seconds: float) -> None:
        """Add the figures to the board; log statements slower than `slow_seconds` as warnings."""
        self._service = service
        self._metadata = metadata
        self._slow_seconds = slow_seconds
        self._groups: dict[tuple[str, str], StatementGroup] = {}
        self._by_compiled: WeakKeyDictionary[Compiled, StatementGroup] = WeakKeyDictionary()

    def attach(self, engine: AsyncEngine) -> None:
        """Execute every statement of the engine here.

        The driver's own debug lines, which contain parameters, are not logged, unless LOG_LEVELS
        sets the driver's level.
        """
        driver = logging.getLogger("aiosqlite")
        if driver.level == logging.NOTSET:
            driver.setLevel(logging.INFO)
        for method in ("do_execute", "do_executemany"):
            event.listen(engine.sync_engine, method, partial(self._record, method))

    def _record(
        self,
        method: str,
        cursor: DBAPICursor,
        statement: str,
        parameters: object,
        context: ExecutionContext,
    ) -> Literal[True]:
        """Execute the statement with a method of its dialect; return True: it is done."""
        group = self._find_group(context)
        observer = operations.observer
        end = observer and observer(group.span_name, group.attributes)
        error: BaseException | None = None
        started = perf_counter()
        try:
            getattr(context.dialect, method)(cursor, statement, parameters, context)
        except BaseException as raised:
            error = raised
            group.failures += 1
            raise
        finally:
            seconds = perf_counter() - started
            group.durations.observe(seconds)
            level = logging.WARNING if seconds >= self._slow_seconds else logging.DEBUG
            if level_gate.isEnabledFor(level):
                _log(level, statement, seconds, cursor, error)
            if end:
                end(error)
        return True

    def _find_group(self, context: ExecutionContext) -> StatementGroup:
        compiled = context.compiled
        if compiled is None or compiled.statement is None:
            return self._get_or_create(context, OTHER, OTHER)
        group = self._by_compiled.get(compiled)
        if group is None:
            operation = compiled.statement.__visit_name__.upper()
            found = visitors.iterate(compiled.statement)
            table = next((part.key for part in found if isinstance(part, Table)), OTHER)
            group = self._by_compiled[compiled] = self._get_or_create(
                context,
                operation if operation in KNOWN_OPERATIONS else OTHER,
                table if table in self._metadata.tables else OTHER,
            )
        return group

    def _get_or_create(
        self, context: ExecutionContext, operation: str, table: str
    ) -> StatementGroup:
        group = self._groups.get((operation, table))
        if group is None:
            group = StatementGroup(context.dialect.name, operation, table)
            self._groups[operation, table] = group
            named = partial(series, operation=operation, table=table)
            self._service.histograms[named("db_client_operation_duration_seconds")] = group.read
            failures = named("db_client_operation_failures_total")
            self._service.counters[failures] = lambda: group.failures
        return group


def _log(
    level: int, statement: str, seconds: float, cursor: DBAPICursor, error: BaseException | None
) -> None:
    fields: dict[str, Any] = {"duration_ms": round(seconds * 1000, 3)}
    if error is not None:
        fields["error"] = type(error).__name__
    elif cursor.rowcount >= 0:
        fields["rows"] = cursor.rowcount
    text = " ".join(statement.split())[:MAX_LOGGED_CHARACTERS]
    log.log(level, "slow query" if level == logging.WARNING else "query", statement=text, **fields)
