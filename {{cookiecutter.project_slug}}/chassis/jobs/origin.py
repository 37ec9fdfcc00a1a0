"""The ids of the request that enqueues a job: stored with it, and restored where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars

from chassis.exchange import Exchange, current_exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.service import Service

HEADERS = {"request_id": b"x-request-id", "traceparent": b"traceparent"}
"""Name in the stored job -> header that has the id."""


def origin(service: Service) -> dict[str, str]:
    """Return the ids of the request that is served, and of its span."""
    exchange = current_exchange.get()
    found = {"request_id": exchange.request_id} if exchange else {}
    if service.trace_context and (trace := service.trace_context(exchange)):
        found["traceparent"] = f"00-{trace.trace_id}-{trace.span_id}-{trace.trace_flags}"
    elif exchange and (given := exchange.headers.get(b"traceparent")):
        found["traceparent"] = given.decode("latin-1")
    return found


def restore_origin(
    service: Service, name: str, number: int, envelope: Mapping[str, object]
) -> None:
    """Put on every line of this task the ids of a job, and of the request that enqueued it."""
    given = {header: envelope.get(field) for field, header in HEADERS.items()}
    headers = [(header, str(value).encode()) for header, value in given.items() if value]
    scope = {"type": "http", "method": "POST", "path": f"/jobs/{name}", "headers": headers}
    exchange = Exchange(scope, send_nothing, service)
    current_exchange.set(exchange)
    if service.continue_trace:
        service.continue_trace(exchange)
    bind_contextvars(job=name, job_id=number)


async def send_nothing(message: Any) -> None:  # noqa: ANN401 - ASGI's
    """Send nothing: a job has no client."""
