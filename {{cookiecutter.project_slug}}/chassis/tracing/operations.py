"""A span for each operation that `track` times within a sampled trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import attach, get_current
from opentelemetry.trace import SpanKind, StatusCode, get_current_span, set_span_in_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Tracer

    from chassis.timing.operation import Attributes

REMOTE_ATTRIBUTES = frozenset(("db.system.name", "server.address"))
"""An operation with one of these attributes calls another system: its span has the kind CLIENT."""
JOB_ATTRIBUTE = "messaging.operation.type"  # if jobs
"""An operation with this is a try of a job: without a request, the sampler decides."""  # if jobs


class OperationSpans:
    """Observes operations."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(
        self, name: str, attributes: Attributes | None
    ) -> Callable[[BaseException | None], None] | None:
        """Start the span of a run as a child of the current span, if that is sampled."""
        sampled = get_current_span().get_span_context().trace_flags.sampled
        is_job = JOB_ATTRIBUTE in (attributes or ())  # if jobs
        sampled = sampled or is_job  # if jobs
        if not sampled:
            return None
        remote = attributes is not None and not REMOTE_ATTRIBUTES.isdisjoint(attributes)
        kind = SpanKind.CLIENT if remote else SpanKind.INTERNAL
        kind = SpanKind.CONSUMER if is_job else kind  # if jobs
        span = self._tracer.start_span(name, kind=kind)
        outer_context = get_current()
        attach(set_span_in_context(span))

        def end(error: BaseException | None) -> None:
            if get_current_span() is span:  # a generator may be closed in another context
                attach(outer_context)
            if attributes:
                span.set_attributes(attributes)
            if error is not None:
                span.set_attribute("error.type", type(error).__qualname__)
            if error is not None or "error.type" in (attributes or ()):
                span.set_status(StatusCode.ERROR)
            span.end()

        return end
