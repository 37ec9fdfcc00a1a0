"""The current span, as other services and log lines are told of it: W3C Trace Context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)

from chassis.exchange import Trace, current_exchange, header
from chassis.logs.traceparent import caller_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import Span

    from chassis.exchange import Exchange

MAX_TRACESTATE_BYTES = 512
"""A longer `tracestate` may be dropped: https://www.w3.org/TR/trace-context/#tracestate-limits."""


def trace_of(span: Span) -> Trace | None:
    """Return the ids of a span, None if it has none."""
    ids = span.get_span_context()
    if not ids.is_valid:
        return None
    return Trace(f"{ids.trace_id:032x}", f"{ids.span_id:016x}", f"{ids.trace_flags:02x}")


def parent_context(caller: Trace | None) -> Context:
    """Return the context of a span whose parent is the caller's span, if there is one."""
    if caller is None:
        return Context()
    parent = SpanContext(
        int(caller.trace_id, 16),
        int(caller.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(caller.trace_flags, 16)),
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())


def current_trace(exchange: Exchange | None) -> Trace | None:
    """Return the ids of the current span; where nothing is traced, of the caller's."""
    request = exchange.trace if exchange else None
    if request is not None and not request.sampled:
        return request
    return trace_of(get_current_span()) or request or caller_trace(exchange)


def propagation_headers() -> Mapping[str, str]:
    """Return the headers that name the current span to another service, sampled or not."""
    exchange = current_exchange.get()
    trace = current_trace(exchange)
    if trace is None:
        return {}
    headers = {"traceparent": f"00-{'-'.join(trace)}"}
    caller = caller_trace(exchange)
    if exchange and caller and caller.trace_id == trace.trace_id:
        given = header(exchange.scope, b"tracestate")[: MAX_TRACESTATE_BYTES + 1]
        state = TraceState.from_header([given.decode("latin-1")]).to_header()
        if state and len(given) <= MAX_TRACESTATE_BYTES:
            headers["tracestate"] = state
    return headers
