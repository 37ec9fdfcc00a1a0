"""Installs tracing: the SDK's provider, and spans of requests and operations."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from chassis.logs.redaction import Redactor
from chassis.timing import operations
from chassis.tracing.exporter import Exporter
from chassis.tracing.jobs import continue_trace  # if jobs
from chassis.tracing.operations import OperationSpans
from chassis.tracing.processor import BoundedProcessor
from chassis.tracing.propagation import current_trace, propagation_headers
from chassis.tracing.requests import TracingMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service
    from chassis.tracing import Tracing


def install_tracing(settings: Tracing, service: Service) -> None:
    """Trace requests and operations, and add the counts of spans to the board."""
    exporter = Exporter(settings)
    processor = BoundedProcessor(exporter, settings)
    sampler = ParentBased(TraceIdRatioBased(settings.ratio))
    provider = TracerProvider(sampler, describe_service(service), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("app", service.identity.version)
    service.resources[TracerProvider] = provider
    service.middleware.append(
        partial(
            TracingMiddleware,
            tracer=tracer,
            redactor=Redactor(service.secrets),
            probes=service.probes,
            trust_callers=settings.trust_callers,
        )
    )
    service.outgoing_headers.append(propagation_headers)
    service.trace_context = current_trace
    service.continue_trace = continue_trace  # if jobs
    service.gauges["tracing_spans_waiting"] = lambda: processor.waiting
    service.counters["tracing_spans_exported_total"] = lambda: exporter.exported
    service.counters["tracing_spans_failed_total"] = lambda: exporter.failed
    service.counters["tracing_spans_dropped_total"] = lambda: processor.dropped

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # no provider is set
            trace.set_tracer_provider(provider)
        operations.observer = OperationSpans(tracer)
        try:
            yield
        finally:
            operations.observer = None
            await asyncio.to_thread(processor.close, settings.flush_seconds)

    service.lifespans.append(lifespan)


def describe_service(service: Service) -> Resource:
    """Return the resource; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it."""
    attributes = {
        "service.name": service.identity.name,
        "service.version": service.identity.version,
        "service.instance.id": str(uuid4()),
        "deployment.environment.name": service.environment,
        "vcs.ref.head.revision": service.identity.revision,
    }
    return Resource.create(attributes).merge(OTELResourceDetector().detect())
