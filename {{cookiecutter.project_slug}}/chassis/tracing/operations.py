"""A span for each operation that `track` times within a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import attach, get_current
from opentelemetry.trace import SpanKind, StatusCode, get_current_span, set_span_in_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Tracer

    from chassis.timing.operation import Attributes

ELSEWHERE = frozenset(("db.system.name", "server.address"))
"""Attributes that tell an operation which asks another system from one that works here."""


class OperationSpans:
    """Watches operations."""

    def __init__(self, tracer: Tracer) -> None:
        """Make spans with this tracer."""
        self._tracer = tracer

    def __call__(
        self, name: str, attributes: Attributes | None
    ) -> Callable[[BaseException | None], None] | None:
        """Begin the span of a run, below the one that runs, if that belongs to a trace kept."""
        if not get_current_span().get_span_context().trace_flags.sampled:
            return None
        elsewhere = attributes is not None and not ELSEWHERE.isdisjoint(attributes)
        span = self._tracer.start_span(
            name, kind=SpanKind.CLIENT if elsewhere else SpanKind.INTERNAL
        )
        outer = get_current()
        attach(set_span_in_context(span))

        def end(error: BaseException | None) -> None:
            if get_current_span() is span:  # a generator may be closed by someone else
                attach(outer)
            if attributes:
                span.set_attributes(attributes)
            if error is not None:
                span.set_attribute("error.type", type(error).__qualname__)
            if error is not None or "error.type" in (attributes or ()):
                span.set_status(StatusCode.ERROR)
            span.end()

        return end
