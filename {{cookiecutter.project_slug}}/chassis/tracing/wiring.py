"""Puts tracing together: the library's provider, our queue, and every place that has spans."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased

from chassis.logs.pipeline import Output
from chassis.logs.redaction import Redaction
from chassis.timing import operations
from chassis.tracing.collector import Collector
from chassis.tracing.operations import OperationSpans
from chassis.tracing.propagation import headers, running
from chassis.tracing.queue import Queue
from chassis.tracing.requests import Requests, RequestSpans
from chassis.tracing.sampling import ByExchange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service
    from chassis.tracing import Tracing


def wire(settings: Tracing, service: Service) -> None:
    """Trace what this service does, and show on its board how the spans fare."""
    queue = Queue(Collector(settings).send, settings)
    provider = TracerProvider(
        sampler=ParentBased(ByExchange(settings.ratio)),
        resource=resource(service),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(queue)
    tracer = provider.get_tracer("app", service.identity.version)
    requests = Requests(tracer, settings, Redaction(service.secrets), service.probes)
    service.resources[TracerProvider] = provider
    service.middleware.append(partial(RequestSpans, requests=requests))
    service.observers.append(requests.end)
    service.outgoing.append(headers)
    service.gauges["tracing_spans_waiting"] = lambda: len(queue)
    service.counters["tracing_spans_exported_total"] = lambda: queue.exported
    service.counters["tracing_spans_failed_total"] = lambda: queue.failed
    service.counters["tracing_spans_dropped_total"] = lambda: queue.dropped
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Output):
            handler.lines.trace = running

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # nobody's yet
            trace.set_tracer_provider(provider)
        operations.watch = OperationSpans(tracer)
        queue.open()
        try:
            yield
        finally:
            operations.watch = None
            await asyncio.to_thread(queue.close, settings.flush_seconds)

    service.lifespans.append(lifespan)


def resource(service: Service) -> Resource:
    """Say who sends the spans; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, if set, win."""
    own = {
        "service.name": service.identity.name,
        "service.version": service.identity.version,
        "service.instance.id": str(uuid4()),
        "deployment.environment.name": service.environment,
        "vcs.ref.head.revision": service.identity.revision,
    }
    return Resource.create(own).merge(OTELResourceDetector().detect())
