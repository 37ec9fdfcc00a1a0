"""Metrics for Prometheus, on a port of their own: the service's, and those of its features.

A metric made with prometheus_client anywhere in the service, such as
`Counter("orders_total", "Orders taken.", ["channel"])`, is exposed with its labels.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Annotated

from prometheus_client import REGISTRY
from pydantic import AfterValidator, Field

from chassis.metrics.board import BoardCollector
from chassis.metrics.event_loop_lag import EventLoopLag
from chassis.metrics.exchanges import ExchangeCollector
from chassis.metrics.exposition import expose
from chassis.metrics.operations import OperationCollector
from chassis.metrics.server import serve_metrics
from chassis.service import Feature
from chassis.timing.histogram import SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service

__all__ = ["Metrics"]

logger = logging.getLogger(__name__)


def _validate_buckets(bounds: tuple[float, ...]) -> tuple[float, ...]:
    if not all(low < high for low, high in pairwise((0.0, *bounds, inf))):
        raise ValueError("must be positive, finite and increasing, such as 0.1,0.5,1")
    return bounds


class Metrics(Feature):
    """Where metrics are served, and their limits."""

    enabled: bool = True
    """Whether metrics are collected and served."""
    host: str = "127.0.0.1"
    """Address that the metrics server listens on, or several such as 0.0.0.0,::."""
    port: int = Field(default=9090, ge=0, le=65535)
    """Port of the metrics server; 0 takes any free one and logs which."""
    buckets: Annotated[tuple[float, ...], AfterValidator(_validate_buckets)] = SECONDS
    """Upper bounds of the request duration histogram in seconds, increasing, comma-separated."""
    max_series: int = Field(default=1000, ge=1)
    """Most combinations of method, route and status; further ones are counted as `_OTHER`."""

    def install(self, service: Service) -> None:
        """Observe every exchange; serve metrics while the service runs."""
        if not self.enabled:
            return
        exchanges = ExchangeCollector(self.buckets, self.max_series, lambda: service.requests_shed)
        lag = EventLoopLag()
        service.observers.append(exchanges.observe)
        service.gauges["event_loop_lag_seconds"] = lag.longest
        service.gauges["http_requests_in_flight"] = lambda: service.in_flight
        service.gauges["websockets_open"] = lambda: len(service.websockets)
        collectors = (BoardCollector(service), exchanges, OperationCollector())
        exposition = partial(expose, registry=REGISTRY, collectors=collectors)

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            with serve_metrics(self.host, self.port, exposition) as url:
                logger.info("serving metrics", extra={"url": f"{url}/metrics"})
                async with lag.measure():
                    yield

        service.lifespans.append(lifespan)
