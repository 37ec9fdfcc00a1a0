"""The SDK's batch processor, which counts dropped spans, and stops in bounded time.

The SDK's own does not count them, and may delay the shutdown by 30 s if the collector hangs.
"""

from __future__ import annotations

from threading import Lock, Thread
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace.export import BatchSpanProcessor

from chassis.tracing.exporter import logger

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from chassis.tracing import Tracing
    from chassis.tracing.exporter import Exporter


class BoundedProcessor(BatchSpanProcessor):
    """Queues ended spans until they are exported; code that ends a span never waits."""

    def __init__(self, exporter: Exporter, settings: Tracing) -> None:
        """Start the SDK's thread, which exports."""
        self.dropped = 0
        """Spans dropped because the queue was full."""
        self._exporter = exporter
        self._size = settings.queue_size
        self._taken = 0
        self._lock = Lock()
        super().__init__(
            exporter,
            max_queue_size=settings.queue_size,
            schedule_delay_millis=settings.interval_seconds * 1000,
            max_export_batch_size=settings.batch_size,
        )

    @property
    def waiting(self) -> int:
        """Queued spans, including those being sent."""
        return self._taken - self._exporter.exported - self._exporter.failed

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span that has ended; called by the tracer provider."""
        with self._lock:
            if self.waiting >= self._size:
                self.dropped += 1
                return
            self._taken += 1
        super().on_end(span)

    def close(self, seconds: float) -> None:
        """Export queued spans for at most `seconds`; count the rest as failed."""
        exporter = self._exporter
        exporter.closing.set()
        flushing = Thread(target=self.shutdown, name="tracing", daemon=True)
        flushing.start()
        flushing.join(seconds)
        exporter.failed += self.waiting
        if exporter.failed or self.dropped:
            fields = {"failed": exporter.failed, "dropped": self.dropped}
            logger.warning("spans were lost", extra=fields)
