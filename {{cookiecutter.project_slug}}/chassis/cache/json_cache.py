"""The cache that code uses: typed values by string keys, stored as JSON until they expire."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from pydantic import TypeAdapter
from pydantic_core import to_json

from chassis.cache.connection import IN_MEMORY
from chassis.cache.single_flight import SingleFlight
from chassis.cache.stale_keys import StaleKeys
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from chassis.breaker import Breaker
    from chassis.cache import Caching
    from chassis.cache.memory import MemoryStore

T = TypeVar("T")
Result: TypeAlias = Literal["hit", "miss", "error"]
RESULTS: tuple[Result, ...] = get_args(Result)
WriteResult: TypeAlias = Literal["success", "error"]
WRITE_RESULTS: tuple[WriteResult, ...] = get_args(WriteResult)

logger = logging.getLogger(__name__)


class JsonCache:
    """Stores values; errors of the server are not raised: every lookup then finds nothing.

    Values are anything that pydantic can serialize as JSON. `kind` is the type to read them as; a
    value that does not match it counts as a miss.
    """

    def __init__(
        self, store: Redis | MemoryStore, settings: Caching, prefix: str, breaker: Breaker
    ) -> None:
        self._store = store
        self._settings = settings
        self._prefix = prefix
        self._breaker = breaker
        self._single_flight = SingleFlight()
        self._attributes = None if settings.url == IN_MEMORY else {"db.system.name": "redis"}
        self._stale = StaleKeys(settings.ttl_seconds)
        self.requests = dict.fromkeys(RESULTS, 0)
        """Number of lookups by result; an error is any lookup without a response."""
        self.writes = dict.fromkeys(WRITE_RESULTS, 0)
        """Number of values stored or deleted, by result."""
        self.is_writable = True
        """Whether the latest write succeeded."""

    async def get(self, key: str, kind: type[T]) -> T | None:
        """Return a value; None if there is none."""
        found = await self._look_up(self._full_key(key), kind)
        return found[1] if found else None

    async def set(self, key: str, value: object, ttl: float | None = None) -> None:
        """Store a value for `ttl` seconds.

        Raises ValueError if it cannot be serialized as JSON.
        """
        data = encode(value)
        full_key = self._full_key(key)
        self._single_flight.forget(full_key)
        if not await self._store_data(full_key, data, ttl):
            self._stale.add(full_key)

    async def delete(self, *keys: str) -> None:
        """Delete values; do this after the change of their source has been committed."""
        full_keys = [self._full_key(key) for key in keys]
        for full_key in full_keys:
            self._single_flight.forget(full_key)
        if full_keys:
            done, _ = await self._execute("cache.delete", self._store.delete, *full_keys)
            self._count_write(done=done)
            (self._stale.discard if done else self._stale.add)(*full_keys)

    async def get_or_set(
        self,
        key: str,
        kind: type[T],
        make: Callable[[], Awaitable[T]],
        ttl: float | None = None,
    ) -> T:
        """Return a value; if there is none, make and store it, once for all concurrent callers.

        A new value goes through JSON like a stored one. Raises what `make` raises, and ValueError
        if its result cannot be serialized as JSON or is not a `kind`.
        """
        full_key = self._full_key(key)

        async def work(is_wanted: Callable[[], bool]) -> bytes:
            if found := await self._look_up(full_key, kind):
                return found[0]
            data = encode(await make())
            if is_wanted():
                await self._store_data(full_key, data, ttl)
            return data

        return decode(await self._single_flight.run(full_key, work), kind)

    def _full_key(self, key: str) -> bytes:
        return f"{self._prefix}:{key}".encode(errors="surrogatepass")

    def _count_write(self, *, done: bool) -> None:
        """Count a write; log the first that fails, and the first that succeeds after that."""
        self.writes["success" if done else "error"] += 1
        if done is not self.is_writable:
            self.is_writable = done
            message = "cache: writes succeed again" if done else "cache: write failed"
            logger.log(logging.INFO if done else logging.WARNING, message)

    async def _look_up(self, full_key: bytes, kind: type[T]) -> tuple[bytes, T] | None:
        if full_key in self._stale:
            self.requests["error"] += 1
            return None
        answered, data = await self._execute("cache.get", self._store.get, full_key)
        found = None
        if data is not None:
            with suppress(ValueError):  # a value that does not match its type is a miss
                found = data, decode(data, kind)
        self.requests["hit" if found else "miss" if answered else "error"] += 1
        return found

    async def _store_data(self, full_key: bytes, data: bytes, ttl: float | None) -> bool:
        seconds = self._settings.ttl_seconds if ttl is None else ttl
        self._stale.seconds = max(self._stale.seconds, seconds)
        milliseconds = max(1, round(1000 * seconds))
        done, _ = await self._execute("cache.set", self._store.set, full_key, data, px=milliseconds)
        self._count_write(done=done)
        if done:
            self._stale.discard(full_key)
        return done

    async def _execute(
        self, operation: str, command: Callable[..., Awaitable[Any]], *args: bytes, **options: int
    ) -> tuple[bool, Any]:
        """Return whether the store responded, and its response."""

        async def run() -> Any:  # noqa: ANN401 - the driver's types
            with track(operation, self._attributes):
                async with asyncio.timeout(self._settings.timeout_seconds):
                    return await command(*args, **options)

        try:
            return True, await self._breaker.call(run)
        except Exception:  # noqa: BLE001 - the open circuit, or whatever a driver makes of a broken server
            return False, None


def encode(value: object) -> bytes:
    """Serialize a value as JSON, fields under their own names. Raises ValueError."""
    return to_json(value, by_alias=False, round_trip=True)


def decode(data: bytes, kind: type[T]) -> T:
    """Decode what `encode` returned. Raises ValueError if it is not JSON, or not a `kind`."""
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type]  # a type is hashable
    return adapter.validate_json(data, by_alias=False, by_name=True)


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any type; making one takes long
    return TypeAdapter(kind)
