"""Times calls to a database, a cache and a service, through the features and without them.

Run in the environment of a carved service with everything on: `python calls.py ADDRESS [ROUNDS]`.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import asyncpg
import httpx2
import redis.asyncio
from app.main import ENVIRONMENTS, compose
from app.quotes.api import QuotesApi
from chassis.cache.json_cache import JsonCache
from chassis.database.session import session
from chassis.environment import load
from chassis.service import SERVICE
from lifespan import opened
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Call = Callable[[], Awaitable[object]]

CALLS, WARM = 40, 200
TABLE = "CREATE TABLE bench AS SELECT n AS id, 'a note' AS text FROM generate_series(1, 1000) AS n"
KEY = "ALTER TABLE bench ADD PRIMARY KEY (id)"
ROW = "SELECT id, text FROM bench WHERE id = "
RAW, BOUND = f"{ROW}$1", text(f"{ROW}:id")


async def timed(calls: dict[str, Call], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Time each round of each call, in turn with the others: microseconds, and those it ran."""
    for call in calls.values():
        for _ in range(WARM):
            await call()
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began, ran = time.perf_counter(), time.process_time()
            for _ in range(CALLS):
                await call()
            took, ran = time.perf_counter() - began, time.process_time() - ran
            seen[name].append((took / CALLS * 1e6, ran / CALLS * 1e6))
    return seen


async def connected() -> bool:
    """Say that the client is still there."""
    return False


async def main(address: str, rounds: str = "50") -> None:
    """Time all of it; print JSON."""
    count = int(rounds)
    database = os.environ["DATABASE_URL"]
    service = compose(load(ENVIRONMENTS))
    raw = await asyncpg.connect(database)
    await raw.execute(TABLE)
    await raw.execute(KEY)
    engine = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://"))
    make = async_sessionmaker(engine, expire_on_commit=False)
    store = redis.asyncio.Redis.from_url(os.environ["CACHE_URL"], protocol=2)
    bare = httpx2.AsyncClient(base_url=address, trust_env=False)
    async with opened(service):
        cache = service.resources[JsonCache]
        client = service.resources[QuotesApi]
        request = SimpleNamespace(scope={SERVICE: service}, is_disconnected=connected)
        await cache.set("bench", {"a": 1}, ttl=600)
        await store.set("bench", b'{"a":1}')

        async def transaction():
            async with raw.transaction():
                return await raw.fetchrow(RAW, 7)

        async def sqlalchemy():
            async with make() as it:
                found = (await it.execute(BOUND, {"id": 7})).one()
                await it.commit()
                return found

        async def through_session():
            handed = session(request)
            it = await anext(handed)
            found = (await it.execute(BOUND, {"id": 7})).one()
            await anext(handed, None)
            return found

        async def parsed():
            return json.loads(await store.get("bench"))

        seen = await timed(
            {
                "asyncpg": lambda: raw.fetchrow(RAW, 7),
                "asyncpg, in a transaction": transaction,
                "SQLAlchemy's session": sqlalchemy,
                "**`Session`**": through_session,
            },
            count,
        )
        kept = await timed(
            {
                "redis-py": parsed,
                "**`Cache`**": lambda: cache.get("bench", dict),
            },
            count,
        )
        called = await timed(
            {
                "httpx2": lambda: bare.get("/hello"),
                "**client with breaker**": lambda: client.get("/hello"),
            },
            count,
        )
    json.dump({"a row": seen, "a cached value": kept, "a call": called}, sys.stdout)
    await raw.close()
    await engine.dispose()
    await store.aclose()
    await bare.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
