"""Spans on their way: a bounded queue, and the thread that empties it.

The library's own processor counts no drop, and ends 30 seconds late if the collector hangs.
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


class Queue(SpanProcessor):
    """Keeps spans until the collector has them; who makes them never waits."""

    def __init__(self, send: Callable[[Sequence[ReadableSpan]], None], settings: Tracing) -> None:
        """Send through `send`, which may block and raise."""
        self.exported = 0
        """Spans that the collector took."""
        self.failed = 0
        """Spans that it refused, or that were left at the end."""
        self.dropped = 0
        """Spans that were pushed out because too many waited."""
        self._send = send
        self._settings = settings
        self._spans: deque[ReadableSpan] = deque(maxlen=settings.queue_size)
        self._news = Condition()
        self._in_hand = 0
        self._closing = False
        self._trouble = False

    def __len__(self) -> int:
        """How many spans wait."""
        return len(self._spans)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended, as the library calls it."""
        with self._news:
            self.dropped += len(self._spans) == self._spans.maxlen
            self._spans.append(span)
            if len(self._spans) >= self._settings.batch_size:
                self._news.notify()

    def open(self) -> None:
        """Begin to send."""
        self._closing = False
        self._thread = Thread(target=self._run, name="tracing", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Send what waits, for so many seconds; what is left then is lost and counted."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(seconds)
        with self._news:
            self.failed += self._in_hand + len(self._spans)
            self._in_hand = 0
            self._spans.clear()
        if self.failed or self.dropped:
            logger.warning("spans were lost: %d failed, %d dropped", self.failed, self.dropped)

    def _run(self) -> None:
        while batch := self._next():
            while not self._deliver(batch):
                if self._closing:
                    return
                with self._news:
                    self._news.wait_for(lambda: self._closing, self._settings.interval_seconds)
            self._in_hand = 0

    def _next(self) -> list[ReadableSpan]:
        """Wait for a batch, or for the end of an interval in which any came; none is the end."""
        with self._news:
            while not self._news.wait_for(self._is_due, self._settings.interval_seconds):
                if self._spans:
                    break
            self._in_hand = min(self._settings.batch_size, len(self._spans))
            return [self._spans.popleft() for _ in range(self._in_hand)]

    def _is_due(self) -> bool:
        return self._closing or len(self._spans) >= self._settings.batch_size

    def _deliver(self, batch: list[ReadableSpan]) -> bool:
        """Tell whether a batch is done with: taken, or refused for good."""
        try:
            self._send(batch)
        except (OSError, HTTPException) as error:
            self._complain("the collector is away, spans wait for it: %s", error)
            return False
        except Exception as error:  # noqa: BLE001 - one span that cannot be written is not the end
            self.failed += self._in_hand
            self._complain("the collector takes no such spans: %s", error)
            return True
        self.exported += self._in_hand
        if self._trouble:
            self._trouble = False
            logger.info("the collector takes spans again, %d were dropped", self.dropped)
        return True

    def _complain(self, message: str, error: Exception) -> None:
        """Say once what is wrong, until it is well again; nothing of spans already given up."""
        if self._in_hand and not self._trouble:
            self._trouble = True
            logger.warning(message, error)
