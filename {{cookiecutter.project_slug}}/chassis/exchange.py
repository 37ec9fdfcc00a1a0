"""One request and its answer: identified once, timed once, shown to every feature that watches."""

from __future__ import annotations

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

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange being served, in every task and thread that its context was carried to."""


class Trace(NamedTuple):
    """One span of a trace, in hexadecimal, as W3C Trace Context writes it."""

    trace_id: str
    span_id: str
    trace_flags: str

    @property
    def sampled(self) -> bool:
        """Whether the trace is kept; of others only the ids are known."""
        return bool(int(self.trace_flags, 16) & 1)


class Board(Protocol):
    """What an exchange needs of the service that it belongs to."""

    observers: list[Observer]
    headers: dict[bytes, bytes]
    in_flight: int
    draining: bool

    @property
    def later(self) -> Callable[[Callable[[], object]], object]:
        """Makes a call that no answer waits for."""


class Exchange:
    """One request and its answer."""

    trace: Trace | None = None
    """Its own span, if a feature traces."""
    status: int | None = None
    """Status of the answer; None until it has begun, and for good if it never did."""
    sent = 0
    """Bytes of the answer's body."""
    logged = False
    """Whether the error that ended it has been logged."""
    complete = False
    """Whether the answer went out whole."""
    seconds: float | None = None
    """Seconds from the request's head to the last byte of the answer; None until then."""
    ended = 0.0
    """When that was, in seconds since 1970; observers may be told later."""

    def __init__(
        self, scope: Scope, send: Send, service: Board, routes: Sequence[BaseRoute] = ()
    ) -> None:
        """Start the clock; keep a well-formed request id, make one otherwise."""
        self.began = perf_counter()
        self.scope = scope
        self._send = send
        self._service = service
        self._routes = routes
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        """Headers of the request, in lower case; the last value of one that came more than once."""
        given = self.headers.get(b"x-request-id")
        well_formed = given is not None and REQUEST_ID.fullmatch(given)
        self.request_id = well_formed[0].decode() if well_formed else f"{getrandbits(128):032x}"

    @cached_property
    def route(self) -> str | None:
        """Full template of the route that matched, such as `/orders/{id}`; None if none did."""
        return route_template(self.scope, self._routes)

    async def send(self, message: Message) -> None:
        """Pass the answer on, with the service's headers on its head; take the time at its end."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete(message.get("headers", ()))
            await self._send(message)
            return
        self.sent += len(message.get("body", b""))
        await self._send(message)
        if not message.get("more_body", False):
            self.complete = True
            self.end()

    def end(self) -> None:
        """Take the time and have the observers told, once."""
        if self.seconds is None:
            self.seconds, self.ended = perf_counter() - self.began, time()
            self._service.later(self._tell)

    def _tell(self) -> None:
        for observe in self._service.observers:
            observe(self)

    def _complete(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        answer = [*headers]
        present, ours = dict(answer), self._service.headers
        if present.keys().isdisjoint(ours):
            answer += ours.items()
        else:
            answer += [pair for pair in ours.items() if pair[0] not in present]
        answer.append((b"x-request-id", self.request_id.encode()))
        if self._service.draining:
            answer.append((b"connection", b"close"))
        return answer


class Exchanges:
    """The outermost wrapper: every HTTP request becomes an exchange; `others` serves all else."""

    def __init__(
        self,
        app: ASGIApp,
        service: Board,
        routes: Sequence[BaseRoute] = (),
        others: ASGIApp | None = None,
    ) -> None:
        """Wrap the whole application, which has these routes."""
        self.app = app
        self.others = others or app
        self.service = service
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; an error that has been answered and logged goes no further."""
        if scope["type"] != "http":
            await self.others(scope, receive, send)
            return
        exchange = Exchange(scope, send, self.service, self.routes)
        current.set(exchange)
        self.service.in_flight += 1
        try:
            await self.app(scope, receive, exchange.send)
        except Exception:
            if exchange.status is None or not exchange.logged:
                raise
        finally:
            self.service.in_flight -= 1
            exchange.end()


def header(scope: Scope, name: bytes) -> bytes:
    """Last value of a request header, empty if absent; `name` in lower case."""
    found: bytes = b""
    for key, value in scope["headers"]:
        if key == name:
            found = value
    return found
