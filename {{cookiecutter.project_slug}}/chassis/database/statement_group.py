"""The statements of one operation on one table: their durations, failures and span name."""

from __future__ import annotations

from chassis.timing.histogram import Histogram

OTHER = "_OTHER"
"""Label of an unknown operation or table."""
SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Bounds that OpenTelemetry's semantic conventions recommend for `db.client.operation.duration`."""


class StatementGroup:
    """Counts since the start."""

    def __init__(self, system: str, operation: str, table: str) -> None:
        self.durations = Histogram(SECONDS)
        self.failures = 0
        known = {"db.operation.name": operation, "db.collection.name": table}
        known = {name: value for name, value in known.items() if value != OTHER}
        self.attributes = {"db.system.name": system, **known}
        self.span_name = " ".join(known.values()) or system
        """Span name by OpenTelemetry's semantic conventions."""

    def read(self) -> tuple[list[tuple[str, int]], float]:
        """Return buckets and sum of the durations."""
        return self.durations.buckets(), self.durations.sum
