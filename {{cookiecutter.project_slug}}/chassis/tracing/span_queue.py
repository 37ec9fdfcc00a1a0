"""A bounded queue of ended spans, and the thread that exports them.

The SDK's batch processor counts neither lost nor dropped spans, and delays the end of the service
by up to 30 s if the collector hangs (promise: a collector delays neither answers nor the end).
"""

from __future__ import annotations

import logging
from collections import deque
from http.client import HTTPException
from threading import Condition, Thread
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanProcessor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from chassis.tracing import Tracing

logger = logging.getLogger("chassis.tracing")


class SpanQueue(SpanProcessor):
    """Keeps ended spans until they are exported; the code that ends a span never waits."""

    def __init__(self, send: Callable[[Sequence[ReadableSpan]], None], settings: Tracing) -> None:
        """Take what sends a batch, which may block and raise, and the bounds."""
        self.exported = 0
        """Spans that the collector accepted."""
        self.failed = 0
        """Spans that it rejected, or that still waited when the service stopped."""
        self.dropped = 0
        """Spans that were dropped, the oldest first, because too many waited."""
        self._send = send
        self._settings = settings
        self._spans: deque[ReadableSpan] = deque(maxlen=settings.queue_size)
        self._changed = Condition()
        self._in_flight = 0
        self._closing = False
        self._failing = False

    def __len__(self) -> int:
        """How many spans wait."""
        return len(self._spans)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended; the tracer provider calls it."""
        with self._changed:
            self.dropped += len(self._spans) == self._spans.maxlen
            self._spans.append(span)
            if len(self._spans) >= self._settings.batch_size:
                self._changed.notify()

    def open(self) -> None:
        """Start to export."""
        self._closing = False
        self._thread = Thread(target=self._run, name="tracing", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Export what waits, for so many seconds; count as failed what is left then."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)
        with self._changed:
            self.failed += self._in_flight + len(self._spans)
            self._in_flight = 0
            self._spans.clear()
        if self.failed or self.dropped:
            logger.warning("spans were lost: %d failed, %d dropped", self.failed, self.dropped)

    def _run(self) -> None:
        while batch := self._next_batch():
            while not self._export(batch):
                if self._closing:
                    return
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, self._settings.interval_seconds)
            self._in_flight = 0

    def _next_batch(self) -> list[ReadableSpan]:
        """Wait for a full batch, or for an interval in which any span came; empty: closing."""
        with self._changed:
            while not self._changed.wait_for(self._is_due, self._settings.interval_seconds):
                if self._spans:
                    break
            self._in_flight = min(self._settings.batch_size, len(self._spans))
            return [self._spans.popleft() for _ in range(self._in_flight)]

    def _is_due(self) -> bool:
        return self._closing or len(self._spans) >= self._settings.batch_size

    def _export(self, batch: list[ReadableSpan]) -> bool:
        """Send a batch; return False if it is to be retried."""
        try:
            self._send(batch)
        except (OSError, HTTPException) as error:
            self._log_failure("the collector is away, spans wait for it: %s", error)
            return False
        except Exception as error:  # noqa: BLE001 - rejected, or a span that cannot be encoded
            self.failed += self._in_flight
            self._log_failure("the collector takes no such spans: %s", error)
            return True
        self.exported += self._in_flight
        if self._failing:
            self._failing = False
            logger.info("the collector takes spans again, %d were dropped", self.dropped)
        return True

    def _log_failure(self, message: str, error: Exception) -> None:
        """Log the first failure after a success; nothing about spans that were given up."""
        if self._in_flight and not self._failing:
            self._failing = True
            logger.warning(message, error)
