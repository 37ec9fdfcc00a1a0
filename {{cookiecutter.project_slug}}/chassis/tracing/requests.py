"""A span for each request that is traced; the others only get ids, and cost next to nothing."""

from __future__ import annotations

import re
from random import getrandbits, random
from typing import TYPE_CHECKING

from opentelemetry.context import attach, detach
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

from chassis.exchange import Trace, current, header
from chassis.logs.traces import inbound
from chassis.tracing.propagation import below, written

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from opentelemetry.trace import Span, Tracer
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.exchange import Exchange
    from chassis.logs.redaction import Redaction
    from chassis.tracing import Tracing

METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)
OTHER = "_OTHER"
SPAN = "chassis.tracing.span"
"""Where the scope of a request keeps its span."""
LONGEST = 200
"""Characters of what a client wrote that are kept."""
PORT = re.compile(r":\d*$")
ERROR = 500


class Requests:
    """Begins and ends the spans of requests.

    Attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
    """

    def __init__(
        self, tracer: Tracer, settings: Tracing, redaction: Redaction, probes: AbstractSet[str]
    ) -> None:
        """Take the paths that are never traced; there may be more of them later."""
        self._tracer = tracer
        self._ratio = settings.ratio
        self._trust_callers = settings.trust_callers
        self._redaction = redaction
        self._probes = probes

    def begin(self, exchange: Exchange) -> Span | None:
        """Give an exchange its place in a trace, and a span if the trace is kept."""
        if exchange.scope["path"] in self._probes:
            return None
        caller = inbound(exchange) if self._trust_callers else None
        sampled = caller.sampled if caller else random() < self._ratio  # noqa: S311 - no secret
        ids = f"{getrandbits(192):048x}"
        trace_id = caller.trace_id if caller else ids[:32]
        exchange.trace = Trace(trace_id, ids[32:], "01" if sampled else "00")
        if not sampled:
            return None
        span = self._tracer.start_span(_method(exchange), below(caller), SpanKind.SERVER)
        exchange.trace = written(span)
        exchange.scope[SPAN] = span
        return span

    def end(self, exchange: Exchange) -> None:
        """End the span of an exchange that has ended: only now is its route known."""
        span: Span | None = exchange.scope.get(SPAN)
        if span is None:
            return
        scope, status, route = exchange.scope, exchange.status, exchange.route
        client, method = scope.get("client"), _method(exchange)
        host = PORT.sub("", header(scope, b"host").decode("latin-1"))
        span.update_name(" ".join(filter(None, ("HTTP" if method == OTHER else method, route))))
        known = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "url.scheme": scope["scheme"],
            "url.path": self._shown(scope["path"]),
            "server.address": self._shown(host),
            "client.address": client[0] if client else None,
            "user_agent.original": self._shown(header(scope, b"user-agent").decode("latin-1")),
            "network.protocol.version": scope.get("http_version"),
        }
        span.set_attributes({name: value for name, value in known.items() if value})
        if status is None or status >= ERROR:
            span.set_status(StatusCode.ERROR)
        if status is not None and status >= ERROR:
            span.set_attribute("error.type", str(status))
        span.end(round(exchange.ended * 1e9))

    def _shown(self, text: str) -> str:
        return self._redaction.text(text, LONGEST)


class RequestSpans:
    """Makes the span of a request the one that runs, for all that serves it."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        """Wrap an application."""
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        exchange = current.get() if scope["type"] == "http" else None
        span = self._requests.begin(exchange) if exchange else None
        if span is None:
            await self._app(scope, receive, send)
            return
        token = attach(set_span_in_context(span))
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            if span.is_recording():
                span.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            detach(token)


def _method(exchange: Exchange) -> str:
    method: str = exchange.scope["method"]
    return method if method in METHODS else OTHER
