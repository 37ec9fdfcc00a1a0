"""Follows requests from service to service: spans, sent to an OpenTelemetry collector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from chassis.environment import Also
from chassis.service import Feature
from chassis.tracing.address import base, pairs

if TYPE_CHECKING:
    from typing import Self

    from chassis.service import Service


def _well_formed(headers: SecretStr) -> SecretStr:
    pairs(headers.get_secret_value())
    return headers


class Tracing(Feature):
    """Where spans are sent, of how many requests, and what may be spent on it."""

    endpoint: Annotated[
        str,
        Also("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        AfterValidator(base),
    ] = ""
    """Collector that takes OTLP over HTTP, such as http://collector:4318; empty traces nothing."""
    headers: Annotated[
        SecretStr,
        Also("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
        AfterValidator(_well_formed),
    ] = SecretStr("")
    """Headers that the collector asks for, such as api-key=KEY,tenant=blue, percent-encoded."""
    ratio: Annotated[float, Also("OTEL_TRACES_SAMPLER_ARG")] = Field(default=0.1, ge=0, le=1)
    """Share of the requests that are traced, of those whose caller has not decided it."""
    trust_callers: bool = True
    """Whether a caller's `traceparent` is followed; switch it off where strangers call."""
    queue_size: Annotated[int, Also("OTEL_BSP_MAX_QUEUE_SIZE")] = Field(default=2048, ge=1)
    """Spans that wait for the collector at most; further ones push the oldest out."""
    batch_size: Annotated[int, Also("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")] = Field(default=256, ge=1)
    """Spans that are sent at once at most."""
    interval_seconds: float = Field(default=5, gt=0, le=60)
    """Seconds that a span waits for others, and until a collector that failed is asked again."""
    timeout_seconds: float = Field(default=5, gt=0, le=60)
    """Seconds of silence after which the collector counts as failed."""
    flush_seconds: float = Field(default=2, ge=0, le=3)
    """Seconds at the service's end in which spans that wait are still sent."""

    @model_validator(mode="after")
    def _batches_fit(self) -> Self:
        if self.batch_size > self.queue_size:
            raise ValueError("TRACING_BATCH_SIZE must not exceed TRACING_QUEUE_SIZE")
        return self

    def install(self, service: Service) -> None:
        """Trace requests and operations; without an endpoint, import and pin nothing."""
        if self.endpoint:
            from chassis.tracing.wiring import wire  # noqa: PLC0415 - it takes time, and may be off

            wire(self, service)
