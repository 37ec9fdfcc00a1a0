"""Collects the operations that `track` times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.metrics.exposition import Family
from chassis.series import label
from chassis.timing import operations

if TYPE_CHECKING:
    from collections.abc import Iterator


class OperationCollector:
    """Reads every operation of the process."""

    def families(self) -> Iterator[Family]:
        """Yield durations and failures."""
        seconds = Family("histogram", "operation_duration_seconds", "Tracked operations.")
        failures = Family("counter", "operation_failures", "Tracked operations that raised.")
        for name, operation in operations:
            labels = label(operation=name)
            totals = operation.totals()
            seconds.histogram(labels, totals.buckets, totals.seconds)
            failures.counter(labels, totals.failed)
        yield from (seconds, failures)
