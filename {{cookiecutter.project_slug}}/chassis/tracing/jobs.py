"""A job runs in the trace of the request that enqueued it.

Attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import attach

from chassis.tracing.propagation import caller_context

if TYPE_CHECKING:
    from chassis.exchange import Exchange


def continue_trace(exchange: Exchange) -> None:
    """Make the span that a job was enqueued in the current one of this task."""
    attach(caller_context(exchange))
