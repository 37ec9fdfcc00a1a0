"""Connects to a Redis or Valkey server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

if TYPE_CHECKING:
    from chassis.cache import Caching

EMBEDDED = "memory://"
"""Stands for no server: the store in this process."""
SCHEMES = ("redis", "rediss", "unix")
SECRETS = ("password", "ssl_password")
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.1
"""Seconds before a command is sent again."""


def valid(url: str) -> str:
    """Return an address that can be used. Raises ValueError that does not repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port  # is parsed only now
    except ValueError:
        raise ValueError(
            "has no valid host and port; write / # ? @ : of a password as %2F %23 %3F %40 %3A"
        ) from None
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if url != EMBEDDED and (parts.scheme not in SCHEMES or not place or port == 0):
        raise ValueError("must be like redis://host:6379/0, rediss://…, unix:///path or memory://")
    if any(name in SECRETS for name in parse_qs(parts.query)):
        raise ValueError("has its password after the ?, where it is not masked; put it before an @")
    return url


def connect(settings: Caching, connections: int) -> Redis:
    """Make a client, which connects when it is first used and then keeps its connections.

    Nothing it does lasts longer than the timeout of the settings, but the sum may: put a deadline
    around each command.
    """
    pause = ExponentialWithJitterBackoff(base=FIRST_PAUSE, cap=LONGEST_PAUSE)
    pool = BlockingConnectionPool.from_url(
        settings.url,
        max_connections=connections,
        timeout=settings.timeout_seconds,
        socket_timeout=settings.timeout_seconds,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(pause, settings.retries),
        health_check_interval=settings.health_check_seconds,
        protocol=2,  # every server and every proxy speaks it, and it has all that is needed
        driver_info=None,  # nor is anyone to be told what library this is, at each connection
    )
    return Redis.from_pool(pool)
