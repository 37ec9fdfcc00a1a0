"""Keeps values for a while, in this process or on a Redis server, and is never missed when down."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from chassis.cache.connection import EMBEDDED, connect, valid
from chassis.cache.dependencies import Cache, Outdated
from chassis.cache.json_cache import JsonCache
from chassis.cache.memory import Memory
from chassis.cache.pause import Pause
from chassis.service import Check, Feature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from chassis.service import Service

__all__ = ["Cache", "Caching", "Outdated"]

NOT_SHARED = (
    "is 'memory://', which no two replicas share: what one of them deletes, the others still "
    "answer with. Set it to a server, such as rediss://:password@host:6379/0."
)


class Caching(Feature):
    """Where values are kept, for how long, and what may be spent on it."""

    url: Annotated[str, AfterValidator(valid)] = EMBEDDED
    """Redis or Valkey server: `redis://`, `rediss://` (TLS) or `unix://`; or `memory://`."""
    timeout_seconds: float = Field(default=0.25, gt=0, le=5)
    """Seconds that one command may take in all, waiting, connecting and retrying included."""
    pause_seconds: float = Field(default=2.0, ge=0, le=60)
    """Seconds for which a server is left alone after 3 errors in a row, until one call tries it."""
    pool_size: int = Field(default=20, ge=1)
    """Connections that this process opens at most, beside one for the health check."""
    retries: int = Field(default=1, ge=0, le=5)
    """Times that a command is sent again when its connection breaks."""
    health_check_seconds: float = Field(default=30, ge=0)
    """Seconds of idleness after which a connection is tried before it is used; 0 means never."""
    namespace: str = ""
    """Beginning of every key, to share a server; the name of the service if empty."""
    version: int = Field(default=1, ge=1)
    """Format of the values, part of every key; raise it when a release cannot read old values."""
    ttl_seconds: float = Field(default=300, gt=0)
    """Seconds for which a value is kept, unless the code says otherwise."""
    jitter: float = Field(default=0.1, ge=0, lt=1)
    """Share of that time which chance may take off, so that not all values expire at once."""
    max_value_bytes: int = Field(default=1_000_000, ge=1)
    """Bytes of the largest value that is kept."""
    max_entries: int = Field(default=10_000, ge=1)
    """Values that `memory://` holds at once; the one unused for longest makes room."""
    max_bytes: int = Field(default=64_000_000, ge=1)
    """Bytes of keys and values that `memory://` holds at once."""

    def install(self, service: Service) -> None:
        """Hand out the cache; close it with the service."""
        pause = Pause(self.pause_seconds)
        prefix = f"{self.namespace or service.identity.name}:{self.version}"
        store = self._memory(service) if self.url == EMBEDDED else self._server(service, prefix)
        service.resources[JsonCache] = JsonCache(store, self, prefix, pause)
        service.gauges["cache_up"] = lambda: not pause.on

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            try:
                yield
            finally:
                await store.aclose()

        service.lifespans.append(lifespan)

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse the embedded store, of which each replica has its own."""
        if self.url == EMBEDDED:
            yield "url", NOT_SHARED

    def _memory(self, service: Service) -> Memory:
        memory = Memory(self.max_entries, self.max_bytes)
        service.gauges["cache_entries"] = lambda: memory.entries
        service.gauges["cache_bytes"] = lambda: memory.bytes
        return memory

    def _server(self, service: Service, prefix: str) -> Redis:
        own = connect(self, connections=1)

        async def probe() -> None:  # writes, for a full server or a replica still answers a ping
            await own.set(f"{prefix}#health", b"", px=1000)

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            try:
                yield
            finally:
                await own.aclose()

        service.checks["cache"] = Check(probe=probe, timeout=self.timeout_seconds, gates="nothing")
        service.lifespans.append(lifespan)
        return connect(self, connections=self.pool_size)
