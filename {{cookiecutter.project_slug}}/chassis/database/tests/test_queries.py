from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from chassis.application import Application
from chassis.database import Base
from chassis.series import series
from chassis.service import Identity, Service
from chassis.timing import operations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from chassis.database import Database

TEAS = Table("teas", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text))
DURATION = "db_client_operation_duration_seconds"
FAILURES = "db_client_operation_failures_total"


@pytest.fixture(autouse=True)
def metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the models be this one table."""
    monkeypatch.setattr(Base, "metadata", TEAS.metadata)


@asynccontextmanager
async def connected(
    database: Database, service: Service | None = None
) -> AsyncIterator[AsyncConnection]:
    service = service or Service(identity=Identity(name="t"), environment="test")
    database.install(service)
    async with service.lifespan(Application(service)):
        async with service.resources[AsyncEngine].begin() as connection:
            await connection.run_sync(TEAS.metadata.create_all)
        async with service.resources[AsyncEngine].connect() as connection:
            yield connection


@pytest.fixture
def service() -> Service:
    return Service(identity=Identity(name="t"), environment="test")


def figures(service: Service, operation: str, table: str) -> tuple[int, int]:
    """Return how many statements there were, and how many of them failed."""
    buckets, seconds = service.histograms[series(DURATION, operation=operation, table=table)]()
    count = buckets[-1][1]
    assert (seconds > 0) is (count > 0)
    return count, int(service.counters[series(FAILURES, operation=operation, table=table)]())


async def test_statements_are_timed_and_counted_by_operation_and_table(
    empty: Database, service: Service
) -> None:
    async with connected(empty, service) as connection:
        await connection.execute(TEAS.insert(), {"name": "a"})
        await connection.execute(TEAS.insert(), [{"name": "b"}, {"name": "c"}])
        await connection.execute(select(TEAS.c.name).where(TEAS.c.id == 1))
        await connection.execute(TEAS.update().values(name="b"))
        await connection.execute(TEAS.delete())
    assert figures(service, "INSERT", "teas") == (2, 0)
    for operation in ("SELECT", "UPDATE", "DELETE"):
        assert figures(service, operation, "teas") == (1, 0)


async def test_only_known_operations_and_tables_of_the_models_are_labels(
    empty: Database, service: Service
) -> None:
    async with connected(empty, service) as connection:
        await connection.execute(select(TEAS))
        await connection.execute(text("SELECT 1"))
        known = {*service.histograms}
        count, _ = figures(service, "_OTHER", "_OTHER")
        for number in range(50):
            await connection.execute(text(f"SELECT {number} AS a{number}"))
            invented = Table(f"teas{number}", MetaData(), Column("id", Integer))
            with pytest.raises(DBAPIError):
                await connection.execute(select(invented))
            await connection.rollback()
    assert {*service.histograms} - known <= {series(DURATION, operation="SELECT", table="_OTHER")}
    assert figures(service, "_OTHER", "_OTHER")[0] >= count + 50
    assert figures(service, "SELECT", "_OTHER")[1] == 50


async def test_a_statement_that_fails_is_counted(empty: Database, service: Service) -> None:
    async with connected(empty, service) as connection:
        await connection.execute(TEAS.insert(), {"id": 1, "name": "a"})
        with pytest.raises(DBAPIError):
            await connection.execute(TEAS.insert(), {"id": 1, "name": "a"})
    assert figures(service, "INSERT", "teas") == (2, 1)


async def test_the_observer_of_operations_gets_the_names_of_the_semantic_conventions(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Any] = []

    def observe(name: str, attributes: Any) -> Callable[[BaseException | None], None]:
        recorded.append((name, attributes))
        return lambda error: recorded.append(type(error).__name__)

    async with connected(empty) as connection:
        monkeypatch.setattr(operations, "observer", observe)
        await connection.execute(TEAS.insert(), {"id": 1, "name": "hush"})
        with pytest.raises(DBAPIError):
            await connection.execute(TEAS.insert(), {"id": 1, "name": "hush"})
        await connection.rollback()
        await connection.execute(text("SELECT 1"))
        monkeypatch.setattr(operations, "observer", None)
    system = "postgresql" if empty.url.startswith("postgresql") else "sqlite"
    known = {"db.operation.name": "INSERT", "db.collection.name": "teas"}
    insert = ("INSERT teas", {"db.system.name": system, **known})
    ends = [recorded[place + 1] for place, entry in enumerate(recorded) if entry == insert]
    assert ends[0] == "NoneType"
    assert ends[1] in {"IntegrityError", "UniqueViolationError"}
    assert (system, {"db.system.name": system}) in recorded


async def test_a_line_has_the_statement_cut_its_time_and_rows_but_no_parameter(
    empty: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    many = [{"name": "hush"}, {"name": "hush"}]
    with capture_logs() as lines:
        async with connected(empty) as connection:
            await connection.execute(TEAS.insert(), many[0])
            await connection.execute(TEAS.update().values(name="hush"))
            await connection.execute(text(f"SELECT {'1 + ' * 200}1"))
    queries: list[Any] = [line for line in lines if line["event"] == "query"]
    update = next(line for line in queries if line["statement"].startswith("UPDATE"))
    assert update["rows"] == 1
    assert update["duration_ms"] > 0
    assert update["log_level"] == "debug"
    assert max(len(line["statement"]) for line in queries) == 200
    assert "hush" not in str(queries)
    assert "hush" not in caplog.text


async def test_a_slow_statement_is_a_warning(empty: Database) -> None:
    eager = empty.model_copy(update={"slow_query_seconds": 1e-9})
    with capture_logs() as lines:
        async with connected(eager) as connection:
            await connection.execute(select(TEAS))
    assert "warning" in {line["log_level"] for line in lines if line["event"] == "slow query"}


async def test_the_pool_is_told_in_figures(empty: Database) -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    empty.model_copy(update={"pool_size": 1, "max_overflow": 1}).install(service)
    async with service.lifespan(Application(service)):
        gauges = {name: service.gauges[f"database_pool_{name}"] for name in ("size", "overflow")}
        assert service.gauges["database_pool_limit"]() == 2
        used = service.gauges["database_pool_checked_out"]
        engine = service.resources[AsyncEngine]
        assert (gauges["size"](), used(), gauges["overflow"]()) == (1, 0, 0)
        async with engine.connect(), engine.connect():
            assert (gauges["size"](), used(), gauges["overflow"]()) == (1, 2, 1)
