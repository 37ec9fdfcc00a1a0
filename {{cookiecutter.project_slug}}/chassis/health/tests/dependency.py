"""A service with checks of something that works, fails or hangs."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2

from chassis.service import Check, Identity, Service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI

    from chassis.health import Health

TOKEN = "a-token-of-thirty-two-bytes-or-more"
DSN = "amqp://user:hunter2@10.0.0.7/orders"


class Dependency:
    """Something that works, fails or hangs as a test says, and counts how often it was asked."""

    def __init__(self, mood: str = "well") -> None:
        self.mood = mood
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.mood == "failing":
            raise ConnectionRefusedError(DSN)
        if self.mood == "exiting":
            raise SystemExit(DSN)
        bound = time.monotonic() + 3
        while self.mood == "deaf" and time.monotonic() < bound:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.5)
        if self.mood == "hanging":
            await asyncio.sleep(3)


def installed(health: Health, **checks: Check) -> Service:
    identity = Identity(name="orders", version="1.2.3", revision="abc")
    service = Service(identity=identity, environment="test", checks=checks)
    health.install(service)
    return service


def client(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t")


def check(probe: Callable[[], Awaitable[object]], gates: Any, timeout: float = 0.2) -> Check:
    return Check(probe=probe, gates=gates, timeout=timeout)
