"""A client in a service of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from chassis.application import Application
from chassis.exchange import Exchange, current_exchange
from chassis.outbound import Client, Outbound
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

NEVER = 100
"""Tries that the breaker waits for in vain."""


class BillingApi(Outbound):
    """A service to call."""

    dependency: ClassVar[str] = "billing"


@asynccontextmanager
async def calling(url: str, **settings: Any) -> AsyncIterator[tuple[Client, Service]]:
    service = Service(identity=Identity(name="test"), environment="test")
    BillingApi(base_url=url, **settings).install(service)
    async with service.lifespan(Application(service)):
        yield service.resources[BillingApi], service


def count(service: Service, metric: str, **labels: str) -> float:
    """Add up what the board says of a metric, of the series that have these labels."""
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(
        read()
        for name, read in {**service.counters, **service.gauges}.items()
        if name.startswith(f"{metric}{{") and all(label in name for label in wanted)
    )


@contextmanager
def serving(**headers: str) -> Iterator[Exchange]:
    """Do what is in the block for a request that has these headers."""
    service = Service(identity=Identity(name="test"), environment="test")
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def send(_: Any) -> None:
        """Send nothing."""

    exchange = Exchange({"type": "http", "headers": raw}, send, service)
    token = current_exchange.set(exchange)
    try:
        yield exchange
    finally:
        current_exchange.reset(token)
