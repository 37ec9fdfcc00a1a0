"""Connections are lent in order; who would wait too long is refused at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.database import Database
from chassis.database.engines import create_pooled_engine
from chassis.database.pool import MAX_WAIT_SECONDS, PoolOverloaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

HELD_SECONDS = 0.01
CONNECTIONS = 2


@asynccontextmanager
async def opened(folder: Path, pool_timeout_seconds: float = 2) -> AsyncIterator[AsyncEngine]:
    settings = Database(
        url=f"sqlite:///{folder}/db",
        pool_size=1,
        max_overflow=1,
        pool_timeout_seconds=pool_timeout_seconds,
    )
    engine = create_pooled_engine(settings, "t")
    try:
        yield engine
    finally:
        await engine.dispose()


async def hold(engine: AsyncEngine, seconds: float = HELD_SECONDS) -> None:
    async with engine.connect():
        await asyncio.sleep(seconds)


def test_a_connection_that_is_lent_is_no_line_in_development(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            await hold(engine)

    caplog.set_level("DEBUG")
    asyncio.run(run())
    assert [it.getMessage() for it in caplog.records if "pool" in it.name] == []


def test_connections_go_to_whom_asked_first(tmp_path: Path) -> None:
    served: list[int] = []

    async def use(engine: AsyncEngine, number: int) -> None:
        async with engine.connect():
            served.append(number)
            await asyncio.sleep(HELD_SECONDS)
        if number < CONNECTIONS:  # asks again at the very moment at which it returns one
            async with engine.connect():
                served.append(number)

    async def run() -> None:
        async with opened(tmp_path) as engine:
            await asyncio.gather(*(use(engine, number) for number in range(5)))

    asyncio.run(run())
    assert served[CONNECTIONS:5] == [2, 3, 4]
    assert sorted(served[5:]) == [0, 1]


def test_under_overload_those_served_wait_no_longer_than_allowed(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    waits: list[float] = []

    async def use(engine: AsyncEngine) -> None:
        began = time.monotonic()
        try:
            async with engine.connect():
                waits.append(time.monotonic() - began)
                await asyncio.sleep(HELD_SECONDS)
        except PoolOverloaded:
            outcomes["refused"] += 1
            assert time.monotonic() - began < MAX_WAIT_SECONDS
        else:
            outcomes["served"] += 1

    async def run() -> None:
        async with opened(tmp_path) as engine, asyncio.TaskGroup() as group:
            for _ in range(400):
                group.create_task(use(engine))
                await asyncio.sleep(HELD_SECONDS / CONNECTIONS / 2)

    asyncio.run(run())
    assert min(outcomes.values()) > 50
    assert sorted(waits)[len(waits) * 9 // 10] < 2 * MAX_WAIT_SECONDS


def test_who_waits_in_vain_leaves_the_line(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, pool_timeout_seconds=0.05) as engine:
            holding = [asyncio.create_task(hold(engine, 0.2)) for _ in range(CONNECTIONS)]
            await asyncio.sleep(0.01)
            cancelled = asyncio.create_task(hold(engine))
            late = asyncio.create_task(hold(engine))
            await asyncio.sleep(0.01)
            cancelled.cancel()
            with pytest.raises(PoolTimeout, match=r"in 0\.05 s"):
                await late
            await asyncio.gather(*holding)
            await asyncio.gather(*(hold(engine) for _ in range(3 * CONNECTIONS)))

    asyncio.run(run())


def test_a_connection_that_cannot_be_opened_keeps_nobody_waiting(tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise OSError

    async def run() -> None:
        async with opened(tmp_path) as engine:
            event.listen(engine.sync_engine, "do_connect", fail)
            began = time.monotonic()
            errors = await asyncio.gather(*(hold(engine) for _ in range(6)), return_exceptions=True)
            assert all(isinstance(error, OSError) for error in errors)
            assert time.monotonic() - began < 1

    asyncio.run(run())
