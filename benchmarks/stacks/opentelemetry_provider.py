"""The provider that OpenTelemetry's documentation sets up, for the stacks that trace."""

import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

sampler = ParentBased(TraceIdRatioBased(float(os.environ["RATIO"])))
provider = TracerProvider(resource=Resource({"service.name": "hello"}), sampler=sampler)
exporter = OTLPSpanExporter(endpoint=f"{os.environ['COLLECTOR']}/v1/traces")
provider.add_span_processor(BatchSpanProcessor(exporter))
