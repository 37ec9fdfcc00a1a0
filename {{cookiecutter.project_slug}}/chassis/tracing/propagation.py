"""The current span in headers and log lines: W3C Trace Context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.exchange import Trace
from chassis.logs.traceparent import caller_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import Span

    from chassis.exchange import Exchange

HEADERS = ("traceparent", "tracestate")
PROPAGATOR = TraceContextTextMapPropagator()


def trace_of(span: Span) -> Trace | None:
    """Return the ids of a span, None if it has none."""
    ids = span.get_span_context()
    if not ids.is_valid:
        return None
    return Trace(f"{ids.trace_id:032x}", f"{ids.span_id:016x}", f"{ids.trace_flags:02x}")


def caller_context(exchange: Exchange) -> Context:
    """Return the context for a span whose parent is the caller's span, if there is one."""
    if b"traceparent" not in exchange.headers:
        return Context()
    given = {name: exchange.headers.get(name.encode()) for name in HEADERS}
    return PROPAGATOR.extract(
        {name: value.decode("latin-1") for name, value in given.items() if value}, Context()
    )


def current_trace(exchange: Exchange | None) -> Trace | None:
    """Return the ids of the current span; if nothing is traced, of the caller's."""
    request = exchange.trace if exchange else None
    return trace_of(get_current_span()) or request or caller_trace(exchange)


def propagation_headers() -> Mapping[str, str]:
    """Return the headers that propagate the current span to another service, sampled or not."""
    headers: dict[str, str] = {}
    PROPAGATOR.inject(headers)
    return headers
