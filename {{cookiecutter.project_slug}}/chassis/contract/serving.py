"""The chassis without a service: a slow route, and features that log when they close."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter

from chassis.environment import Environment, load
from chassis.health import Health
from chassis.logs import Log
from chassis.problems import Problems
from chassis.server import Server
from chassis.service import Feature, Identity, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger("app.slow")


class Closing(Feature):
    """Logs when it closes."""

    name: str

    def install(self, service: Service) -> None:
        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            yield
            log.info("closing", feature=self.name)

        service.lifespans.append(lifespan)


class Slow(Feature):
    """Responds slowly."""

    def install(self, service: Service) -> None:
        router = APIRouter()

        @router.get("/slow/{seconds}")
        async def slow(seconds: float) -> float:
            log.info("waiting")
            await asyncio.sleep(seconds)
            return seconds

        service.routers.append(router)


class Test(Environment):
    service: Identity = Identity(name="t")
    log: Log = Log()
    server: Server = Server(port=0)
    health: Health = Health()
    problems: Problems = Problems()
    outer: Closing = Closing(name="outer")
    slow: Slow = Slow()
    inner: Closing = Closing(name="inner")


def main() -> int:
    settings = load([Test])
    service = Service(identity=settings.service, environment=settings.name())
    for _, feature in settings.features():
        feature.install(service)
    return settings.server.serve(service)


if __name__ == "__main__":
    sys.exit(main())
