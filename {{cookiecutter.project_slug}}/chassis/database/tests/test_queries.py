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
from chassis.service import Identity, Service
from chassis.timing import operations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from chassis.database import Database

TEAS = Table("teas", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text))


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[AsyncConnection]:
    service = Service(identity=Identity(name="t"), environment="test")
    database.install(service)
    async with service.lifespan(Application(service)):
        async with service.resources[AsyncEngine].begin() as connection:
            await connection.run_sync(TEAS.metadata.create_all)
        async with service.resources[AsyncEngine].connect() as connection:
            yield connection


def runs(name: str) -> tuple[int, int]:
    totals = operations[name].totals()
    return totals.buckets[-1][1], totals.failed


async def test_statements_are_timed_by_operation_and_table(empty: Database) -> None:
    names = [f"database.{kind}.teas" for kind in ("insert", "select", "update", "delete")]
    before = [runs(name) for name in names]
    async with connected(empty) as connection:
        await connection.execute(TEAS.insert(), {"name": "a"})
        await connection.execute(select(TEAS.c.name).where(TEAS.c.id == 1))
        await connection.execute(TEAS.update().values(name="b"))
        await connection.execute(TEAS.delete())
    assert [runs(name) for name in names] == [(count + 1, failed) for count, failed in before]


async def test_text_has_no_table_and_makes_no_name(empty: Database) -> None:
    count, failed = runs("database.other.other")
    async with connected(empty) as connection:
        known = {name for name, _ in operations}
        for number in range(50):
            await connection.execute(text(f"SELECT {number} AS a{number}"))
        assert {name for name, _ in operations} == known
    assert runs("database.other.other")[0] >= count + 50
    assert runs("database.other.other")[1] == failed


async def test_what_fails_is_counted(empty: Database) -> None:
    async with connected(empty) as connection:
        await connection.execute(TEAS.insert(), {"id": 1, "name": "a"})
        count, failed = runs("database.insert.teas")
        with pytest.raises(DBAPIError):
            await connection.execute(TEAS.insert(), {"id": 1, "name": "a"})
    assert runs("database.insert.teas") == (count + 1, failed + 1)


async def test_who_watches_runs_is_told_what_is_asked_of_which_system(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def watch(name: str, attributes: Any) -> Callable[[BaseException | None], None]:
        told.append((name, attributes))
        return lambda error: told.append(type(error).__name__)

    async with connected(empty) as connection:
        monkeypatch.setattr(operations, "observer", watch)
        await connection.execute(TEAS.insert(), {"id": 1, "name": "hush"})
        with pytest.raises(DBAPIError):
            await connection.execute(TEAS.insert(), {"id": 1, "name": "hush"})
        monkeypatch.setattr(operations, "observer", None)
    system = "postgresql" if empty.url.startswith("postgresql") else "sqlite"
    known = {"db.operation.name": "INSERT", "db.collection.name": "teas"}
    begun = ("database.insert.teas", {"db.system.name": system, **known})
    ends = [told[place + 1] for place, entry in enumerate(told) if entry == begun]
    assert ends == ["NoneType", "IntegrityError" if system == "sqlite" else ends[1]]
    assert ends[1] != "NoneType"


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
