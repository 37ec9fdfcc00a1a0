"""The kernel: a feature is a group of settings that installs itself on a service's board."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter, FastAPI
    from starlette.requests import HTTPConnection
    from starlette.routing import Route
    from starlette.types import ASGIApp

    from chassis.exchange import Exchange, Observer, Trace
    from chassis.websocket import WebSocketExchange

    Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]
    Middleware: TypeAlias = Callable[[ASGIApp], ASGIApp]
    Gauge: TypeAlias = Callable[[], float]
    Distribution: TypeAlias = Callable[[], tuple[list[tuple[str, int]], float]]
    TraceContext: TypeAlias = Callable[[Exchange | None], Trace | None]

__all__ = ["Check", "Feature", "Identity", "Seconds", "Service", "service_of"]

logger = logging.getLogger("app")

Seconds = Annotated[float, Field(ge=0.001, le=2_147_483)]
"""A duration that every server accepts as a limit: some use 31 bits of ms, and 0 for none."""


class Feature(BaseModel):
    """A group of settings that installs itself."""

    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, validate_default=True, allow_inf_nan=False
    )

    def install(self, service: Service) -> None:
        """Add to the board what this feature provides."""

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Yield each setting that production refuses, and what to set instead."""
        yield from ()

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        """Yield likewise each setting that production accepts only in a private network."""
        yield from ()


class Identity(Feature):
    """Name and version of the service, on every log line and at /version."""

    name: str = ""
    """Name of the service."""
    version: str = "0.1.0"
    """Version of the release that runs."""
    revision: str = "unknown"
    """Source revision the release was built from, such as a git commit."""
    private_network: bool = False
    """Whether the network to its servers is private, so that they need no TLS."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One dependency of the service; `probe` returns if it is healthy and raises if not."""

    probe: Callable[[], Awaitable[object]]
    timeout: float = 1.0
    """Seconds after which a check without a response counts as failed."""
    gates: Literal["startup", "readiness", "nothing"] = "startup"
    """What a failure prevents: startup, until the first success; readiness; or nothing."""


@dataclass(kw_only=True)
class Service:
    """The board: what the features provide, outermost first; they close in reverse order."""

    identity: Identity
    environment: str
    secrets: frozenset[str] = frozenset()
    """Values of all secret settings, which logs redact."""
    entrance: Middleware | None = None
    """The outermost middleware, which can refuse a request before it costs anything."""
    middleware: list[Middleware] = field(default_factory=list)
    lifespans: list[Lifespan] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    """Plain routes, which match before those of the routers."""
    routers: list[APIRouter] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)
    websocket_observers: list[Callable[[WebSocketExchange], None]] = field(default_factory=list)
    """Called at the end of each WebSocket that was open; a denied handshake is a request."""
    checks: dict[str, Check] = field(default_factory=dict)
    gauges: dict[str, Gauge] = field(default_factory=dict)
    """Gauges by `series`; they are read from another thread."""
    counters: dict[str, Gauge] = field(default_factory=dict)
    """Counters by `series` whose name ends in `_total`; they are read from another thread."""
    histograms: dict[str, Distribution] = field(default_factory=dict)
    """Buckets (a bound, the number of values up to it) and the sum; read from another thread."""
    outgoing_headers: list[Callable[[], Mapping[str, str]]] = field(default_factory=list)
    """Functions that return headers for calls to other services; the last one wins."""
    trace_context: TraceContext | None = None
    """Returns the current span for log lines; without it, they have the caller's."""
    jobs: list[Any] = field(default_factory=list)  # if jobs
    """Jobs that a worker runs."""  # if jobs
    continue_trace: Callable[[Exchange], None] | None = None  # if jobs
    """Continues the trace of the request that enqueued a job."""  # if jobs
    resources: dict[type, Any] = field(default_factory=dict)
    """Objects that dependencies return, by type: `service_of(request).resources[…]`."""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    """Headers of every response that does not set them itself."""
    probes: set[str] = field(default_factory=set)
    """Paths of health probes: always admitted, logged at level debug."""
    schemas: dict[str, Any] = field(default_factory=dict)
    """Schemas of the OpenAPI document that no route has, by name."""
    options: dict[str, Any] = field(default_factory=dict)
    """Further arguments of `FastAPI()`."""
    customizers: list[Callable[[FastAPI], object]] = field(default_factory=list)
    """Functions that are called with the application once it has its routes."""
    defer: Callable[[Callable[[], None]], object] = lambda call: call()
    """Runs a call after the response: at once, unless the server defers it."""
    in_flight: int = 0
    """Requests in flight, without WebSockets."""
    requests_shed: int = 0
    """Requests that the entrance refused because of overload."""
    websockets: set[WebSocketExchange] = field(default_factory=set)
    """WebSockets that are open or in their handshake."""
    draining: bool = False

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Open the features in order; close those that opened, in reverse, whatever happens."""
        async with AsyncExitStack() as stack:
            try:
                for lifespan in self.lifespans:
                    await stack.enter_async_context(lifespan())
            except Exception as error:
                logger.critical("could not start: %s", error)
                raise
            yield


SERVICE = "chassis.service"
"""Key of the scope: the service that serves a request, also inside a mounted application."""


def service_of(connection: HTTPConnection) -> Service:
    """Return the service of a request or WebSocket."""
    service: Service = connection.scope[SERVICE]
    return service
