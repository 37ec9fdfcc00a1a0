"""A span for each sampled request; the others only get ids, which costs next to nothing."""

from __future__ import annotations

import re
from random import getrandbits, random
from typing import TYPE_CHECKING

from opentelemetry.context import attach, detach
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    set_span_in_context,
)

from chassis.exchange import current_exchange, header
from chassis.logs.traceparent import caller_trace
from chassis.tracing.propagation import parent_context, trace_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from opentelemetry.trace import Span, Tracer
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.exchange import Exchange
    from chassis.logs.redaction import Redactor
    from chassis.tracing import Tracing

KNOWN_METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)
OTHER_METHOD = "_OTHER"
SPAN_KEY = "chassis.tracing.span"
"""Key of the span in the scope of its request."""
MAX_TEXT_CHARACTERS = 200
"""Characters that are kept of a text that a client sent."""
PORT_SUFFIX = re.compile(r":\d*$")
SERVER_ERROR = 500


class RequestTracer:
    """Starts and ends the spans of requests.

    Attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
    """

    def __init__(
        self, tracer: Tracer, settings: Tracing, redactor: Redactor, probes: AbstractSet[str]
    ) -> None:
        """Take a tracer that samples everything, and the paths of probes, a set that may grow."""
        self._tracer = tracer
        self._ratio = settings.ratio
        self._trust_callers = settings.trust_callers
        self._redactor = redactor
        self._probes = probes

    def start_span(self, exchange: Exchange) -> Span | None:
        """Start the span of an exchange, one that only has ids unless it is sampled."""
        if exchange.scope["path"] in self._probes:
            return None
        caller = caller_trace(exchange) if self._trust_callers else None
        sampled = caller.sampled if caller else random() < self._ratio  # noqa: S311 - not a secret
        if sampled:
            span = self._tracer.start_span(
                _method(exchange), parent_context(caller), SpanKind.SERVER
            )
            exchange.scope[SPAN_KEY] = span
        else:
            trace_id = int(caller.trace_id, 16) if caller else getrandbits(128)
            span = NonRecordingSpan(SpanContext(trace_id, getrandbits(64), is_remote=False))
        exchange.trace = trace_of(span)
        return span

    def end_span(self, exchange: Exchange) -> None:
        """End the span of an exchange that has ended: its route is known only now."""
        span: Span | None = exchange.scope.get(SPAN_KEY)
        if span is None:
            return
        scope, status, route = exchange.scope, exchange.status, exchange.route
        client, method = scope.get("client"), _method(exchange)
        host = PORT_SUFFIX.sub("", header(scope, b"host").decode("latin-1"))
        span.update_name(
            " ".join(filter(None, ("HTTP" if method == OTHER_METHOD else method, route)))
        )
        attributes = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "url.scheme": scope["scheme"],
            "url.path": self._redact(scope["path"]),
            "server.address": self._redact(host),
            "client.address": client[0] if client else None,
            "user_agent.original": self._redact(header(scope, b"user-agent").decode("latin-1")),
            "network.protocol.version": scope.get("http_version"),
        }
        span.set_attributes({name: value for name, value in attributes.items() if value})
        if status is None or status >= SERVER_ERROR:
            span.set_status(StatusCode.ERROR)
        if status is not None and status >= SERVER_ERROR:
            span.set_attribute("error.type", str(status))
        span.end(round(exchange.ended * 1e9))

    def _redact(self, text: str) -> str:
        return self._redactor.redact(text, MAX_TEXT_CHARACTERS)


class TracingMiddleware:
    """Makes the span of a request the current one for all code that serves it."""

    def __init__(self, app: ASGIApp, requests: RequestTracer) -> None:
        """Wrap an application."""
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        exchange = current_exchange.get() if scope["type"] == "http" else None
        span = self._requests.start_span(exchange) if exchange else None
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
    return method if method in KNOWN_METHODS else OTHER_METHOD
