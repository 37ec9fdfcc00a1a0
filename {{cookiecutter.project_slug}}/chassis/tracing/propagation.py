"""The span that runs, as other services and log lines are told of it: W3C Trace Context."""

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

from chassis.exchange import Trace, current, header
from chassis.logs.traces import inbound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import Span

    from chassis.exchange import Exchange

LONGEST = 512
"""Bytes of a `tracestate` that is passed on; a longer one may be dropped, says the standard."""


def written(span: Span) -> Trace | None:
    """Write the ids of a span; None if it has none."""
    known = span.get_span_context()
    if not known.is_valid:
        return None
    return Trace(f"{known.trace_id:032x}", f"{known.span_id:016x}", f"{known.trace_flags:02x}")


def below(caller: Trace | None) -> Context:
    """Make the context of a span whose parent is in the calling service, if any."""
    if caller is None:
        return Context()
    parent = SpanContext(
        int(caller.trace_id, 16),
        int(caller.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(caller.trace_flags, 16)),
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())


def running(exchange: Exchange | None) -> Trace | None:
    """Name the span that runs now; where nothing is traced, the caller's."""
    own = exchange.trace if exchange else None
    if own is not None and not own.sampled:
        return own
    return written(get_current_span()) or own or inbound(exchange)


def headers() -> Mapping[str, str]:
    """Tell a service that is called of the span that runs; of one that is not kept, too."""
    exchange = current.get()
    trace = running(exchange)
    if trace is None:
        return {}
    told = {"traceparent": f"00-{'-'.join(trace)}"}
    caller = inbound(exchange)
    if exchange and caller and caller.trace_id == trace.trace_id:
        given = header(exchange.scope, b"tracestate")[: LONGEST + 1]
        state = TraceState.from_header([given.decode("latin-1")]).to_header()
        if state and len(given) <= LONGEST:
            told["tracestate"] = state
    return told
