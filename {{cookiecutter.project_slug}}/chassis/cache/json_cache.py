"""The cache as the code sees it: typed values under string keys, kept as JSON, for a while."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from random import uniform
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from chassis.cache.connection import EMBEDDED
from chassis.cache.flights import Flight, Flights
from chassis.timing import operations, track

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from chassis.cache import Caching
    from chassis.cache.memory import Memory
    from chassis.cache.pause import Pause

T = TypeVar("T")

LONGEST = 200
"""Bytes of a key that is stored as it is; a longer one is stored as its hash."""


class JsonCache:
    """Keeps values, and fails nobody: when its server is down it finds nothing and keeps nothing.

    Values are anything that pydantic can write as JSON; `kind` says what to read them as, and what
    does not fit it counts as absent. A value may be older than what it was made of by its TTL.
    """

    def __init__(self, store: Redis | Memory, settings: Caching, prefix: str, pause: Pause) -> None:
        """Keep values in a store, under keys that begin with a prefix."""
        self._store = store
        self._settings = settings
        self._prefix = prefix
        self._pause = pause
        self._flights = Flights()
        self._attributes = None if settings.url == EMBEDDED else {"db.system.name": "redis"}

    async def get(self, key: str, kind: type[T]) -> T | None:
        """Find a value; None if there is none."""
        found = await self._find(self._name(key), kind)
        return found[1] if found else None

    async def set(self, key: str, value: object, ttl: float | None = None) -> None:
        """Keep a value for `ttl` seconds, a little less by chance.

        Raises ValueError if it cannot be written as JSON.
        """
        data = written(value)
        name = self._name(key)
        self._flights.outdate(name)
        await self._keep(name, data, ttl)

    async def delete(self, *keys: str) -> None:
        """Forget values; do it after the change they were made of has been committed."""
        names = [self._name(key) for key in keys]
        for name in names:
            self._flights.outdate(name)
        if names:
            await self._ask("cache.delete", self._store.delete, *names)

    async def get_or_set(
        self,
        key: str,
        kind: type[T],
        make: Callable[[], Awaitable[T]],
        ttl: float | None = None,
    ) -> T:
        """Find a value or make it, once for all who ask at the same time, and keep it.

        What has just been made takes the same way through JSON as what was kept. Raises what
        `make` raises, and ValueError if its result cannot be written as JSON or is no `kind`.
        """
        name = self._name(key)

        async def work(flight: Flight) -> bytes:
            if found := await self._find(name, kind):
                return found[0]
            data = written(await make())
            if not flight.outdated:
                await self._keep(name, data, ttl)
            return data

        return read(await self._flights.share(name, work), kind)

    def _name(self, key: str) -> bytes:
        raw = key.encode(errors="surrogatepass")
        if len(raw) > LONGEST:
            return f"{self._prefix}#{sha256(raw).hexdigest()}".encode()
        return f"{self._prefix}:".encode() + raw

    async def _find(self, name: bytes, kind: type[T]) -> tuple[bytes, T] | None:
        began = perf_counter()
        data = await self._ask("cache.get", self._store.get, name)
        found = None
        with suppress(ValueError):  # what does not fit its kind is as good as absent
            found = None if data is None else (data, read(data, kind))
        operation = operations["cache.hit" if found else "cache.miss"]
        operation.record(perf_counter() - began, failed=False)
        return found

    async def _keep(self, name: bytes, data: bytes, ttl: float | None) -> None:
        if len(data) > self._settings.max_value_bytes:
            await self._ask("cache.delete", self._store.delete, name)
            return
        seconds = self._settings.ttl_seconds if ttl is None else ttl
        seconds *= 1 - uniform(0, self._settings.jitter)  # noqa: S311 - spreads load, hides nothing
        await self._ask("cache.set", self._store.set, name, data, px=max(1, round(seconds * 1000)))

    async def _ask(
        self, operation: str, command: Callable[..., Awaitable[Any]], *args: bytes, **options: int
    ) -> Any:  # noqa: ANN401 - the driver's types
        if not self._pause.admits():
            return None
        try:
            with track(operation, self._attributes):
                async with asyncio.timeout(self._settings.timeout_seconds):
                    answer = await command(*args, **options)
        except Exception as error:  # noqa: BLE001 - whatever a driver makes of a broken server
            self._pause.failed(error)
            return None
        self._pause.succeeded()
        return answer


def written(value: object) -> bytes:
    """Write a value as JSON, fields under their own names. Raises ValueError."""
    return to_json(value, by_alias=False, round_trip=True)


def read(data: bytes, kind: type[T]) -> T:
    """Read what `written` wrote. Raises ValueError if it is no JSON, or no `kind`."""
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type]  # a type is hashable
    return adapter.validate_json(data, by_alias=False, by_name=True)


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any type; making one takes long
    return TypeAdapter(kind)
