"""Installs tracing: the SDK's provider with our queue, and spans of requests and operations."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, TraceIdRatioBased

from chassis.logs.redaction import Redactor
from chassis.timing import operations
from chassis.tracing.exporter import Exporter
from chassis.tracing.operations import OperationSpans
from chassis.tracing.propagation import current_trace, propagation_headers
from chassis.tracing.requests import RequestTracer, TracingMiddleware
from chassis.tracing.span_queue import SpanQueue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from opentelemetry.sdk.trace.sampling import Sampler

    from chassis.service import Service
    from chassis.tracing import Tracing


def install_tracing(settings: Tracing, service: Service) -> None:
    """Trace requests and operations, and pin to the board how many spans are delivered."""
    queue = SpanQueue(Exporter(settings).send, settings)
    resource = describe_service(service)

    def make_provider(sampler: Sampler) -> TracerProvider:
        provider = TracerProvider(sampler, resource, shutdown_on_exit=False)
        provider.add_span_processor(queue)
        return provider

    sampled = make_provider(ALWAYS_ON).get_tracer("app", service.identity.version)
    provider = make_provider(ParentBased(TraceIdRatioBased(settings.ratio)))
    requests = RequestTracer(sampled, settings, Redactor(service.secrets), service.probes)
    service.resources[TracerProvider] = provider
    service.middleware.append(partial(TracingMiddleware, requests=requests))
    service.observers.append(requests.end_span)
    service.outgoing_headers.append(propagation_headers)
    service.trace_context = current_trace
    service.gauges["tracing_spans_waiting"] = lambda: len(queue)
    service.counters["tracing_spans_exported_total"] = lambda: queue.exported
    service.counters["tracing_spans_failed_total"] = lambda: queue.failed
    service.counters["tracing_spans_dropped_total"] = lambda: queue.dropped

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # nobody set one
            trace.set_tracer_provider(provider)
        operations.observer = OperationSpans(sampled)
        queue.open()
        try:
            yield
        finally:
            operations.observer = None
            await asyncio.to_thread(queue.close, settings.flush_seconds)

    service.lifespans.append(lifespan)


def describe_service(service: Service) -> Resource:
    """Return who sends the spans; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it."""
    attributes = {
        "service.name": service.identity.name,
        "service.version": service.identity.version,
        "service.instance.id": str(uuid4()),
        "deployment.environment.name": service.environment,
        "vcs.ref.head.revision": service.identity.revision,
    }
    return Resource.create(attributes).merge(OTELResourceDetector().detect())
