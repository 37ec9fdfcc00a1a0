"""What the tests of tracing may ask for: a collector, and a small service that is traced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, HTTPException
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.exchange import current_exchange
from chassis.service import Identity, Service
from chassis.timing import track
from chassis.tracing import Tracing
from chassis.tracing.tests.receiver import Receiver

Make = Callable[..., Service]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def routes(service: Service) -> APIRouter:
    router, outer = APIRouter(prefix="/lines"), APIRouter(prefix="/orders/{number}")
    log = logging.getLogger("orders")

    @router.get("/{line}")
    async def line(number: int, line: int) -> dict[str, Any]:
        log.info("outside")
        async with asyncio.TaskGroup() as group:
            group.create_task(price())
        with track("orders.outer"):
            log.info("inside")
            attributes: dict[str, str | int] = {"db.system.name": "abacus"}
            with track("orders.inner", attributes):
                attributes["rows"] = 3
            await asyncio.to_thread(count)
        return {
            name: value for given in service.outgoing_headers for name, value in given().items()
        }

    @track("orders.price")
    async def price() -> None:
        await asyncio.sleep(0)

    @track("orders.count")
    def count() -> None:
        pass

    @outer.get("/fails/{how}")
    async def fails(how: str, later: BackgroundTasks) -> None:
        if how == "later":
            later.add_task(price)
            return
        if how == "missing":
            raise HTTPException(404)
        with track("orders.failing"):
            raise LookupError("s3cret-in-a-message")

    @outer.get("/ids")
    def ids() -> tuple[str, ...] | None:
        exchange = current_exchange.get()
        return exchange.trace if exchange else None

    @outer.get("/alive")
    async def alive() -> None:
        with track("orders.alive"):
            pass

    outer.include_router(router)
    return outer


@pytest.fixture
def make(collector: Receiver) -> Make:
    """Make a traced service; what is given goes to the settings."""

    def made(**settings: Any) -> Service:
        service = Service(identity=Identity(name="shop", version="7"), environment="test")
        given = {"endpoint": collector.url, "ratio": 1, "interval_seconds": 0.05, **settings}
        Tracing(**given).install(service)
        service.routers.append(routes(service))
        service.probes.add("/orders/1/alive")
        return service

    return made


def ask(service: Service, path: str, **headers: str) -> Any:
    app = Application(service)
    with TestClient(app, raise_server_exceptions=False) as client:
        return client.get(path, headers=headers).json()


def parent(trace_flags: str = "01") -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{SPAN}-{trace_flags}"}
