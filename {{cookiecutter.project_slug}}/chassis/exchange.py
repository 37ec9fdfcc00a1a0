"""One request and its response: it gets an id, is timed, and is passed to all observers."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from functools import cached_property
from random import getrandbits
from time import perf_counter, time
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from chassis.route_template import route_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Observer: TypeAlias = Callable[["Exchange"], None]

__all__ = ["Exchange", "Trace", "current_exchange", "header"]

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

MIN_SECRET_CHARACTERS = 6
"""Shorter secrets are not searched for, because they would match common words."""
ARRIVED = "chassis.arrived"
"""Key of the scope: when a request that had to wait arrived, in seconds of `perf_counter`."""

AFTER_TRANSACTION = "chassis.after_transaction"  # if cache
"""Key of the scope: functions to call when the request's transaction has ended."""  # if cache

current_exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The current exchange, in every task and thread with its context."""


class Trace(NamedTuple):
    """One span of a trace, in hexadecimal, as W3C Trace Context writes it."""

    trace_id: str
    span_id: str
    trace_flags: str

    @property
    def sampled(self) -> bool:
        """Whether the trace is recorded; otherwise only its ids are propagated."""
        return bool(int(self.trace_flags, 16) & 1)


class Board(Protocol):
    """What an exchange needs from its service."""

    secrets: frozenset[str]
    observers: list[Observer]
    headers: dict[bytes, bytes]
    in_flight: int
    draining: bool

    @property
    def defer(self) -> Callable[[Callable[[], None]], object]:
        """Run a call after the response was sent."""


class Exchange:
    """One request and its response."""

    trace: Trace | None = None
    """Its span, if a feature traces."""
    status: int | None = None
    """Status of the response; None until the response starts."""
    sent = 0
    """Bytes of the response's body."""
    logged = False
    """Whether the error that ended it has been logged."""
    complete = False
    """Whether the whole response was sent."""
    seconds: float | None = None
    """Seconds from the request's headers to the last byte of the response; None until then."""
    extra_headers: Sequence[tuple[bytes, bytes]] = ()
    """Further headers of the response, beside those of the application and of the service."""
    ended = 0.0
    """When it ended, in seconds since 1970; observers may be called later."""

    def __init__(
        self, scope: Scope, send: Send, service: Board, routes: Sequence[BaseRoute] = ()
    ) -> None:
        """Start the clock; accept the client's request id if it is valid, else generate one."""
        self.began: float = scope.get(ARRIVED) or perf_counter()
        self.scope = scope
        self._send = send
        self._service = service
        self._routes = routes
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        """Headers of the request, in lower case; of a repeated header, the last value."""
        given = self.headers.get(b"x-request-id")
        accepted = accept_request_id(given, service.secrets) if given else None
        self.request_id = accepted or f"{getrandbits(128):032x}"

    @cached_property
    def route(self) -> str | None:
        """Full template of the matched route, such as `/orders/{id}`; None if none matched."""
        return route_template(self.scope, self._routes)

    async def send(self, message: Message) -> None:
        """Send the response with the service's headers; take the time at its end."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete_headers(message.get("headers", ()))
            await self._send(message)
            return
        self.sent += len(message.get("body", b""))
        await self._send(message)
        if not message.get("more_body", False):
            self.complete = True
            self.end()

    def end(self) -> None:
        """Take the time and notify the observers, once."""
        if self.seconds is None:
            self.seconds, self.ended = perf_counter() - self.began, time()
            self._service.defer(self._notify)

    def _notify(self) -> None:
        """Notify the observers; an error of theirs is only logged."""
        try:
            self._notify_observers()
        except Exception:
            logger.exception("an observer of requests failed")

    def _notify_observers(self) -> None:
        for observe in self._service.observers:
            observe(self)

    def _complete_headers(
        self, headers: Iterable[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        headers = [*headers]
        present, ours = dict(headers), self._service.headers
        if present.keys().isdisjoint(ours):
            headers += ours.items()
        else:
            headers += [pair for pair in ours.items() if pair[0] not in present]
        headers.append((b"x-request-id", self.request_id.encode()))
        headers += self.extra_headers
        if self._service.draining:
            headers.append((b"connection", b"close"))
        return headers


class ExchangeMiddleware:
    """The outermost middleware: makes HTTP requests exchanges; `other_app` serves the rest."""

    def __init__(
        self,
        app: ASGIApp,
        service: Board,
        routes: Sequence[BaseRoute] = (),
        other_app: ASGIApp | None = None,
    ) -> None:
        self.app = app
        self.other_app = other_app or app
        self.service = service
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; an error that was answered and logged is not raised again."""
        if scope["type"] != "http":
            await self.other_app(scope, receive, send)
            return
        exchange = Exchange(scope, send, self.service, self.routes)
        current_exchange.set(exchange)
        self.service.in_flight += 1
        try:
            await self.app(scope, receive, exchange.send)
        except Exception:
            if exchange.status is None or not exchange.logged:
                raise
        finally:
            self.service.in_flight -= 1
            exchange.end()


def accept_request_id(given: bytes, secrets: Iterable[str]) -> str | None:
    """Return the client's request id; None if it is not well-formed or contains a secret."""
    text = given.decode() if REQUEST_ID.fullmatch(given) else None
    held = (it for it in secrets if text and len(it) >= MIN_SECRET_CHARACTERS and it in text)
    return None if any(held) else text


def header(scope: Scope, name: bytes) -> bytes:
    """Return the last value of a request header, empty if absent; `name` in lower case."""
    found: bytes = b""
    for key, value in scope["headers"]:
        if key == name:
            found = value
    return found
