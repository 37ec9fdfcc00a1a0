"""Connects to a Redis or Valkey server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

from chassis.environment.local_host import is_local_host

if TYPE_CHECKING:
    from chassis.cache import Caching

IN_MEMORY = "memory://"
"""No server: the store in this process."""
SCHEMES = ("redis", "rediss", "unix")
SECRET_PARAMETERS = ("password", "ssl_password")
MIN_BACKOFF, MAX_BACKOFF = 0.01, 0.1
"""Seconds before a command is retried."""


def validate_url(url: str) -> str:
    """Return the URL unchanged. Raises ValueError, which does not repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port  # is parsed only now
    except ValueError:
        raise ValueError(
            "has no valid host and port; write / # ? @ : of a password as %2F %23 %3F %40 %3A"
        ) from None
    target = parts.path if parts.scheme == "unix" else parts.hostname
    if url != IN_MEMORY and (parts.scheme not in SCHEMES or not target or port == 0):
        raise ValueError("must be like redis://host:6379/0, rediss://…, unix:///path or memory://")
    if any(name in SECRET_PARAMETERS for name in parse_qs(parts.query)):
        raise ValueError("has its password after the ?, where it is not masked; put it before an @")
    return url


def is_unencrypted(url: str) -> bool:
    """Return whether passwords and values cross a network that others may read."""
    parts = urlsplit(url)
    return parts.scheme == "redis" and not is_local_host(parts.hostname or "")


def connect(settings: Caching) -> Redis:
    """Return a client, which connects at first use and keeps its connections.

    The timeout applies to each step of a command, not to their sum: set a deadline around a
    command.
    """
    backoff = ExponentialWithJitterBackoff(base=MIN_BACKOFF, cap=MAX_BACKOFF)
    pool = BlockingConnectionPool.from_url(
        settings.url,
        max_connections=settings.pool_size,
        timeout=settings.timeout_seconds,
        socket_timeout=settings.timeout_seconds,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(backoff, settings.retries),
        health_check_interval=settings.health_check_seconds,
        protocol=2,  # every server and proxy supports it
        driver_info=None,  # saves a command at each connection, which names the library
    )
    return Redis.from_pool(pool)
