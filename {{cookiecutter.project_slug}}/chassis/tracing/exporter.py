"""Sends spans to a collector by OTLP over HTTP: https://opentelemetry.io/docs/specs/otlp/.

The SDK's exporter needs up to nine more packages, counts a redirect as delivered, so that the alert
on lost spans stays silent, drops a batch after its timeout, and logs each attempt.
"""

from __future__ import annotations

import logging
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from chassis.tracing.endpoint import parse_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from chassis.tracing import Tracing

OK = range(200, 300)
TRANSIENT_STATUSES = {429, 502, 503, 504}
"""Statuses after which OTLP says to retry."""

logger = logging.getLogger("chassis.tracing")


class Exporter(SpanExporter):
    """Sends batches, each on a new connection: a kept one could have been closed."""

    def __init__(self, settings: Tracing) -> None:
        """Parse the URL; nothing is opened before there are spans."""
        self.exported = 0
        """Spans that the collector accepted."""
        self.failed = 0
        """Spans that it rejected, or that were still queued when the service stopped."""
        self.closing = Event()
        """Whether the service is stopping: then a failed batch is not retried."""
        self._url = urlsplit(settings.endpoint)
        self._settings = settings
        self._headers = parse_headers(settings.headers.get_secret_value())
        self._headers |= {"Content-Type": "application/x-protobuf", "Connection": "close"}
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Deliver a batch, with any number of retries; it may block."""
        while not self._deliver(spans):
            if self.closing.wait(self._settings.interval_seconds):
                return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def _deliver(self, spans: Sequence[ReadableSpan]) -> bool:
        """Send a batch; return False if it is to be retried."""
        try:
            self._post(encode_spans(spans).SerializeToString())
        except (OSError, HTTPException) as error:
            self._log_failure("collector unavailable, spans are queued", error)
            return False
        except Exception as error:  # noqa: BLE001 - rejected, or a span that cannot be encoded
            self.failed += len(spans)
            self._log_failure("collector rejected spans", error)
            return True
        self.exported += len(spans)
        if self._failing:
            self._failing = False
            logger.info("collector accepts spans again")
        return True

    def _post(self, body: bytes) -> None:
        """Send a request. Raises OSError or HTTPException if it is to be retried, or ValueError."""
        connect = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        host, port = self._url.hostname or "", self._url.port
        with closing(connect(host, port, timeout=self._settings.timeout_seconds)) as connection:
            connection.request("POST", self._url.path, body, self._headers)
            response = connection.getresponse()
        if response.status in TRANSIENT_STATUSES:
            raise OSError(f"{response.status} {response.reason}")
        if response.status not in OK:
            raise ValueError(f"{response.status} {response.reason}")

    def _log_failure(self, message: str, error: Exception) -> None:
        """Log the first failure after a success."""
        if not self._failing:
            self._failing = True
            logger.warning(message, extra={"error": str(error)})
