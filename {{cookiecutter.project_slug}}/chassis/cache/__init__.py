"""A cache in this process or on a Redis server; if it is down, the service works without it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from chassis.breaker import Breaker, Policy
from chassis.cache.connection import IN_MEMORY, connect, is_unencrypted, validate_url
from chassis.cache.dependencies import Cache, Invalidate
from chassis.cache.json_cache import RESULTS, WRITE_RESULTS, JsonCache
from chassis.cache.memory import MemoryStore
from chassis.series import series
from chassis.service import Check, Feature, Seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from chassis.service import Service

__all__ = ["Cache", "Caching", "Invalidate", "JsonCache"]

FAILURES = 3
"""Failed commands in a row that open the circuit."""
NOT_SHARED = (
    "is 'memory://', which replicas do not share: what one of them deletes, the others still "
    "serve. Set it to a server, such as rediss://:password@host:6379/0."
)

UNENCRYPTED = (
    "sends passwords and values without TLS. Begin it with rediss://, or set "
    "SERVICE_PRIVATE_NETWORK=true."
)


class Caching(Feature):
    """Where values are stored, for how long, and the limits of doing so."""

    url: Annotated[str, AfterValidator(validate_url)] = IN_MEMORY
    """Redis or Valkey server: `redis://`, `rediss://` (TLS) or `unix://`; or `memory://`."""
    timeout_seconds: Seconds = Field(default=0.25, le=5)
    """Deadline of one command in seconds: waiting, connecting and retries included."""
    breaker_open_seconds: Seconds = Field(default=2, le=60)
    """Seconds for which an open circuit, after 3 failures in a row, skips the server."""
    pool_size: int = Field(default=20, ge=1)
    """Most connections of this process."""
    retries: int = Field(default=1, ge=0, le=5)
    """Retries of a command whose connection breaks."""
    health_check_seconds: float = Field(default=30, ge=0, le=2_147_483)
    """Idle time in seconds after which a connection is tested before use; 0 means never."""
    namespace: str = ""
    """Prefix of every key, to share a server; the name of the service if empty."""
    version: int = Field(default=1, ge=1)
    """Version of the values, part of every key; raise it if a release cannot read old values."""
    ttl_seconds: Seconds = 300
    """Seconds after which a value expires, unless the code says otherwise."""

    def install(self, service: Service) -> None:
        """Provide the cache; close it with the service."""
        prefix = f"{self.namespace or service.identity.name}:{self.version}"
        store = MemoryStore() if self.url == IN_MEMORY else connect(self)
        breaker = self._make_breaker()
        cache = service.resources[JsonCache] = JsonCache(store, self, prefix, breaker)
        service.gauges["cache_up"] = lambda: breaker.state == "closed" and cache.is_writable
        for result in RESULTS:
            name = series("cache_requests_total", result=result)
            service.counters[name] = partial(cache.requests.__getitem__, result)
        for written in WRITE_RESULTS:
            name = series("cache_writes_total", result=written)
            service.counters[name] = partial(cache.writes.__getitem__, written)
        if self.url != IN_MEMORY:
            # The check writes: a full server or a replica still responds to PING.
            probe = partial(store.set, f"{prefix}#health".encode(), b"", px=1000)
            check = Check(probe=probe, timeout=self.timeout_seconds, gates="nothing")
            service.checks["cache"] = check

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            try:
                yield
            finally:
                await store.aclose()

        service.lifespans.append(lifespan)

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse the store in memory, which replicas do not share."""
        if self.url == IN_MEMORY:
            yield "url", NOT_SHARED

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        """Refuse a server on another machine that is reached without TLS."""
        if is_unencrypted(self.url):
            yield "url", UNENCRYPTED

    def _make_breaker(self) -> Breaker:
        """Open it after failures in a row: a full server rejects writes but still reads."""
        policy = Policy(
            failure_ratio=1,
            minimum_calls=FAILURES,
            window_calls=FAILURES,
            open_seconds=self.breaker_open_seconds,
            permits=1,
            trial_seconds=2 * self.timeout_seconds,
        )
        return Breaker("cache", policy)
