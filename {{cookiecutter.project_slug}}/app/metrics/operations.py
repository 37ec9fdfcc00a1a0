"""Shows the operations that `track` times as metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from app.timing import operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

LABELS = ("operation",)


class OperationTable(Collector):
    """Every operation of the process since its start."""

    def collect(self) -> Iterator[Metric]:
        """Render durations and failures."""
        seconds = HistogramMetricFamily(
            "operation_duration_seconds", "Tracked operations.", labels=LABELS
        )
        failures = CounterMetricFamily(
            "operation_failures", "Tracked operations that raised.", labels=LABELS
        )
        for name, operation in operations:
            labels = (
                name.encode(errors="replace").decode(),
            )  # one odd name must not hide the rest
            totals = operation.totals()
            seconds.add_metric(labels, totals.buckets, totals.seconds)
            failures.add_metric(labels, totals.failed)
        yield from (seconds, failures)
