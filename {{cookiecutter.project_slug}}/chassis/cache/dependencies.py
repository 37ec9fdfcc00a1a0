"""What a route can depend on: the cache, and the invalidation of what it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotation

from chassis.cache.json_cache import JsonCache


async def _get_cache(connection: HTTPConnection) -> JsonCache:
    cache: JsonCache = connection.app.service.resources[JsonCache]
    return cache


Cache = Annotated[JsonCache, Depends(_get_cache)]
"""The cache of the service: `async def route(cache: Cache)`."""


async def _collect_keys(cache: Cache) -> AsyncIterator[Callable[[str], None]]:
    keys: list[str] = []
    try:
        yield keys.append
    finally:  # a route that failed may have changed something all the same
        await cache.delete(*keys)


Invalidate = Annotated[Callable[[str], None], Depends(_collect_keys, scope="function")]
"""Takes keys, `invalidate("note:1")`, and deletes them after the route and before the answer.

Declare it before the session: what begins first ends last, so it deletes after the commit.
"""
