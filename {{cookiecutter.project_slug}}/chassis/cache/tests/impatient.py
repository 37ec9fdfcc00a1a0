"""A cache that gives up soon, for tests that wait until it does."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from chassis.application import Application
from chassis.cache import Caching
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TIMEOUT = 0.1
OPEN = 0.3
MARGIN = 1.0
"""Seconds that a machine with other work to do may add."""


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[Service]:
    service = Service(identity=Identity(name="test"), environment="test")
    impatient = {"timeout_seconds": TIMEOUT, "breaker_open_seconds": OPEN, **settings}
    Caching(url=url, **impatient).install(service)
    async with service.lifespan(Application(service)):
        yield service
