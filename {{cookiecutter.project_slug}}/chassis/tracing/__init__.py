"""Traces requests from service to service: spans, sent to an OpenTelemetry collector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from chassis.environment import Aliases
from chassis.environment.url import UNENCRYPTED, is_unencrypted
from chassis.service import Feature, Seconds
from chassis.tracing.endpoint import complete_endpoint, parse_headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from chassis.service import Service

__all__ = ["Tracing"]


def _check_headers(headers: SecretStr) -> SecretStr:
    parse_headers(headers.get_secret_value())
    return headers


class Tracing(Feature):
    """Where spans are sent, for which share of the requests, and their limits."""

    endpoint: Annotated[
        str,
        Aliases("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        AfterValidator(complete_endpoint),
    ] = ""
    """Collector that accepts OTLP over HTTP, such as http://collector:4318; empty: no tracing."""
    headers: Annotated[
        SecretStr,
        Aliases("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
        AfterValidator(_check_headers),
    ] = SecretStr("")
    """Headers that the collector requires, such as api-key=KEY,tenant=blue, percent-encoded."""
    ratio: Annotated[float, Aliases("OTEL_TRACES_SAMPLER_ARG")] = Field(default=0.1, ge=0, le=1)
    """Share of requests that are traced, of those without a decision of the caller."""
    trust_callers: bool = True
    """Whether a caller's `traceparent` is followed; set false if untrusted clients call."""
    queue_size: Annotated[int, Aliases("OTEL_BSP_MAX_QUEUE_SIZE")] = Field(default=2048, ge=1)
    """Spans that may wait for the collector; further ones are dropped."""
    batch_size: Annotated[int, Aliases("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")] = Field(default=256, ge=1)
    """Most spans in one request to the collector."""
    interval_seconds: Seconds = Field(default=5, le=60)
    """Seconds between two batches that are not full, and between two attempts to send one."""
    timeout_seconds: Seconds = Field(default=5, le=60)
    """Timeout in seconds of an attempt to send a batch."""
    flush_seconds: float = Field(default=2, ge=0, le=3)
    """Seconds for which queued spans are still sent when the service stops."""

    @model_validator(mode="after")
    def _check_batch_size(self) -> Self:
        if self.batch_size > self.queue_size:
            raise ValueError("TRACING_BATCH_SIZE must not exceed TRACING_QUEUE_SIZE")
        return self

    def install(self, service: Service) -> None:
        """Trace requests and operations; without an endpoint, import and install nothing."""
        if self.endpoint:
            from chassis.tracing.installation import install_tracing  # noqa: PLC0415 - slow import

            install_tracing(self, service)

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        """Refuse a collector on another machine without TLS."""
        if is_unencrypted(self.endpoint):
            yield "endpoint", UNENCRYPTED
