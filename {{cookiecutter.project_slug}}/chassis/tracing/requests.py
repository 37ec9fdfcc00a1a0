"""A span for each request, which records if the request is sampled."""

from __future__ import annotations

import re
from http import HTTPMethod
from typing import TYPE_CHECKING

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

from chassis.exchange import current_exchange
from chassis.tracing.propagation import caller_context, trace_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from opentelemetry.trace import Span, Tracer
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.exchange import Exchange
    from chassis.logs.redaction import Redactor

KNOWN_METHODS = frozenset(HTTPMethod)
OTHER_METHOD = "_OTHER"
MAX_TEXT_CHARACTERS = 200
"""Most characters kept of a text from a client."""
PORT_SUFFIX = re.compile(r":\d*$")
SERVER_ERROR = 500


class TracingMiddleware:
    """Makes the span of a request the current one for all code that serves it.

    Attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tracer: Tracer,
        redactor: Redactor,
        probes: AbstractSet[str],
        trust_callers: bool,
    ) -> None:
        """Wrap an application; `probes` are the paths of probes, a set that may grow."""
        self._app = app
        self._tracer = tracer
        self._redactor = redactor
        self._probes = probes
        self._trust_callers = trust_callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        exchange = current_exchange.get() if scope["type"] == "http" else None
        if exchange is None or scope["path"] in self._probes:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in KNOWN_METHODS else OTHER_METHOD
        parent = caller_context(exchange) if self._trust_callers else Context()
        span = self._tracer.start_span(method, parent, SpanKind.SERVER)
        exchange.trace = trace_of(span)
        token = attach(set_span_in_context(span))
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            detach(token)
            if span.is_recording():
                self._describe(span, exchange, method)
                span.end(round(exchange.ended * 1e9) or None)

    def _describe(self, span: Span, exchange: Exchange, method: str) -> None:
        """Name a span after its route, which is only known now, and set its attributes."""
        scope, status, route = exchange.scope, exchange.status, exchange.route
        client = scope.get("client")
        host = PORT_SUFFIX.sub("", self._header(exchange, b"host"))
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
            "user_agent.original": self._redact(self._header(exchange, b"user-agent")),
            "network.protocol.version": scope.get("http_version"),
        }
        span.set_attributes({name: value for name, value in attributes.items() if value})
        if status is None or status >= SERVER_ERROR:
            span.set_status(StatusCode.ERROR)
        if status is not None and status >= SERVER_ERROR:
            span.set_attribute("error.type", str(status))

    def _header(self, exchange: Exchange, name: bytes) -> str:
        return exchange.headers.get(name, b"").decode("latin-1")

    def _redact(self, text: str) -> str:
        return self._redactor.redact(text, MAX_TEXT_CHARACTERS)
