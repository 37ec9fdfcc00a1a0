"""Dependencies of routes: the cache, and the invalidation of values that they change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotation

from chassis.cache.json_cache import JsonCache
from chassis.exchange import AFTER_TRANSACTION
from chassis.service import service_of


async def _get_cache(connection: HTTPConnection) -> JsonCache:
    cache: JsonCache = service_of(connection).resources[JsonCache]
    return cache


Cache = Annotated[JsonCache, Depends(_get_cache)]
"""The cache of the service: `async def route(cache: Cache)`."""


async def _collect_keys(
    cache: Cache, connection: HTTPConnection
) -> AsyncIterator[Callable[[str], None]]:
    keys: list[str] = []
    try:
        yield keys.append
    finally:  # a route that failed may still have changed something
        open_transaction = connection.scope.get(AFTER_TRANSACTION)
        if open_transaction is None:
            await cache.delete(*keys)
        else:
            open_transaction.append(partial(cache.delete, *keys))


Invalidate = Annotated[Callable[[str], None], Depends(_collect_keys, scope="function")]
"""Takes keys, `invalidate("note:1")`, and deletes them after the route, before the response.

If the route has a transaction, it deletes after the commit, whichever is declared first."""
