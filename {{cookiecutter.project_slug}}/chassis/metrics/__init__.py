"""Shows Prometheus, on a port of its own, what the service does; yours are counted with the rest.

A metric made with prometheus_client anywhere in the service, such as
`Counter("orders_total", "Orders taken.", ["channel"])`, is shown as it is.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Annotated

from prometheus_client import REGISTRY
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from chassis.metrics.board import BoardCollector
from chassis.metrics.exchanges import ExchangeTable
from chassis.metrics.exposition import expose
from chassis.metrics.lag import Lag
from chassis.metrics.operations import OperationTable
from chassis.metrics.port import listening
from chassis.service import Feature
from chassis.timing.histogram import SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service

__all__ = ["Metrics"]

logger = logging.getLogger(__name__)


def _split(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _rising(bounds: tuple[float, ...]) -> tuple[float, ...]:
    if not all(low < high for low, high in pairwise((0.0, *bounds, inf))):
        raise ValueError("must be positive, finite and rising, such as 0.1,0.5,1")
    return bounds


class Metrics(Feature):
    """What is shown, where, and how finely."""

    enabled: bool = True
    """Whether anything is measured and the port is opened."""
    host: str = "127.0.0.1"
    """Address that the metrics port listens on."""
    port: int = Field(default=9090, ge=0, le=65535)
    """Port that serves /metrics and /timings; 0 takes any free one and logs which."""
    buckets: Annotated[
        tuple[float, ...], NoDecode, BeforeValidator(_split), AfterValidator(_rising)
    ] = SECONDS
    """Upper bounds of the request duration histogram in seconds, rising, separated by commas."""
    max_series: int = Field(default=1000, ge=1)
    """Sets of method, route and status told apart; all further ones are counted as `_OTHER`."""

    def install(self, service: Service) -> None:
        """Watch every exchange; open the port while the service lives."""
        if not self.enabled:
            return
        exchanges = ExchangeTable(self.buckets, self.max_series)
        lag = Lag()
        service.observers.append(exchanges.observe)
        service.gauges["event_loop_lag_seconds"] = lag.worst
        service.gauges["http_requests_in_flight"] = lambda: service.in_flight
        service.gauges["websockets_open"] = lambda: len(service.websockets)
        tables = (BoardCollector(service), exchanges, OperationTable())
        show = partial(expose, registry=REGISTRY, tables=tables)

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            with listening(self.host, self.port, show) as url:
                logger.info("metrics are at %s/metrics", url)
                async with lag.measured():
                    yield

        service.lifespans.append(lifespan)
