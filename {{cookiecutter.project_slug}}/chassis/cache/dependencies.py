"""What a route can ask for: the cache, and a way to say what it makes outdated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotation

from chassis.cache.json_cache import JsonCache


async def _cache(connection: HTTPConnection) -> JsonCache:
    cache: JsonCache = connection.app.service.resources[JsonCache]
    return cache


Cache = Annotated[JsonCache, Depends(_cache)]
"""The cache of the service: `async def route(cache: Cache)`."""


async def _outdated(cache: Cache) -> AsyncIterator[Callable[[str], None]]:
    keys: list[str] = []
    try:
        yield keys.append
    finally:  # a route that failed may have changed something all the same
        await cache.delete(*keys)


Outdated = Annotated[Callable[[str], None], Depends(_outdated, scope="function")]
"""Takes the keys of what a route changes, `outdated("note:1")`, and deletes them before the answer.

Ask for it before the session: what begins first ends last, so it deletes after the commit.
"""
