"""The kernel: a feature is a group of settings that installs itself, a service what it pins to."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, field_validator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter, FastAPI
    from starlette.types import ASGIApp

    from chassis.exchange import Exchange, Observer, Trace
    from chassis.websocket import WebSocketExchange

    Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]
    Middleware: TypeAlias = Callable[[ASGIApp], ASGIApp]
    Gauge: TypeAlias = Callable[[], float]
    TraceContext: TypeAlias = Callable[[Exchange | None], Trace | None]

logger = logging.getLogger("app")


class Feature(BaseModel):
    """A group of settings that knows how to install itself."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, validate_default=True)

    def install(self, service: Service) -> None:
        """Pin to the board what this feature brings."""

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Name each setting that must not reach production, and say what to set instead."""
        yield from ()


class Identity(Feature):
    """Who this service is, on every log line and at /version."""

    name: str = ""
    """Name of the service."""
    version: str = "0.1.0"
    """Version of the release that runs."""
    revision: str = "unknown"
    """Source revision the release was built from, such as a git commit."""

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("should be text in UTF-8") from error
        return value


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing the service depends on; `probe` returns when it is well and raises if not."""

    probe: Callable[[], Awaitable[object]]
    timeout: float = 1.0
    """Seconds after which a silent dependency counts as failed."""
    gates: Literal["startup", "readiness", "nothing"] = "startup"
    """What a failure holds back: start-up until the first success, readiness always, or nothing."""


@dataclass(kw_only=True)
class Service:
    """What the features bring, outermost first: the first one in is the last one out."""

    identity: Identity
    environment: str
    secrets: frozenset[str] = frozenset()
    """Values of every secret setting, so that logs can keep them out."""
    middleware: list[Middleware] = field(default_factory=list)
    lifespans: list[Lifespan] = field(default_factory=list)
    routers: list[APIRouter] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)
    websocket_observers: list[Callable[[WebSocketExchange], None]] = field(default_factory=list)
    """Told of each WebSocket that was open, at its end; one that was refused is a request."""
    checks: dict[str, Check] = field(default_factory=dict)
    gauges: dict[str, Gauge] = field(default_factory=dict)
    """Figures by `series`; they are read from another thread."""
    counters: dict[str, Gauge] = field(default_factory=dict)
    """Figures that only grow, by `series` whose name ends in `_total`; read likewise."""
    outgoing: list[Callable[[], Mapping[str, str]]] = field(default_factory=list)
    """What gives the headers that every call to another service carries, the strongest last."""
    trace_context: TraceContext | None = None
    """Returns the span that log lines name; without it, they name the caller's."""
    resources: dict[type, Any] = field(default_factory=dict)
    """What dependencies hand out through `request.app.service`, by type."""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    """Headers of every answer that does not set them itself."""
    probes: set[str] = field(default_factory=set)
    """Paths that health checkers call: always admitted, logged at debug."""
    options: dict[str, Any] = field(default_factory=dict)
    """What FastAPI is made with, beyond what the kernel gives it."""
    customizers: list[Callable[[FastAPI], object]] = field(default_factory=list)
    """Functions that get the application once it has its routes, and may change it."""
    later: Callable[[Callable[[], object]], object] = lambda call: call()
    """Makes a call that no answer waits for: at once, unless a server knows a better moment."""
    in_flight: int = 0
    """Requests that are being served; WebSockets are not among them."""
    websockets: set[WebSocketExchange] = field(default_factory=set)
    """Those that are open, or in their handshake."""
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
