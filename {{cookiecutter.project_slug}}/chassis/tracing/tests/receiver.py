"""A collector that takes OTLP over HTTP on a real port, and fails as requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chassis.tests.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


def values(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    def plain(value: AnyValue) -> object:
        return getattr(value, value.WhichOneof("value") or "string_value")

    return {pair.key: plain(pair.value) for pair in pairs}


class Receiver(Collector):
    """Keeps spans, and who sent each."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []
        self.origins: list[dict[str, Any]] = []
        self.raw = b""

    def keep(self, body: bytes, headers: dict[str, str]) -> None:  # noqa: ARG002 - what the base class passes
        message = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for part in message.resource_spans:
            spans = [span for scope in part.scope_spans for span in scope.spans]
            self.origins += [values(part.resource.attributes)] * len(spans)
            self.spans += spans

    def described(self) -> list[str]:
        return [span.name for span in self.spans]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Span:
        """Wait for the only span of a name."""
        self.wait(lambda: self.named(name))
        (span,) = self.named(name)
        return span
