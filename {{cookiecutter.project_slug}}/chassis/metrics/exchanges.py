"""Counts every exchange in a plain table, which is formatted as metrics at a scrape."""

from __future__ import annotations

import logging
from http import HTTPMethod
from typing import TYPE_CHECKING

from chassis.metrics.exposition import Family
from chassis.series import label
from chassis.timing.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from chassis.exchange import Exchange

    Key: TypeAlias = tuple[str, str, int | str]

KNOWN_METHODS = frozenset(HTTPMethod)
OTHER = "_OTHER"
UNMATCHED = "unmatched"
SHED = "shed"
"""The route of requests that were refused because of overload, before they were exchanges."""
STATUS_IF_UNANSWERED = 500
"""Status of an exchange that ended before its response began: the client saw a failure."""
BODY_SIZE_BOUNDS = (1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
MAX_LENGTH_DIGITS = 18

logger = logging.getLogger(__name__)


class Series:
    """The exchanges of one method, route and status."""

    __slots__ = ("received", "seconds", "sent")

    def __init__(self, buckets: Sequence[float]) -> None:
        self.seconds = Histogram(buckets)
        self.received = Histogram(BODY_SIZE_BOUNDS)
        self.sent = Histogram(BODY_SIZE_BOUNDS)


class ExchangeCollector:
    """Written only by the event loop, read by the scrape's thread: neither waits for the other."""

    def __init__(
        self, buckets: Sequence[float], max_series: int, shed: Callable[[], int] = int
    ) -> None:
        """Keep `max_series` separate series, and at most six for all others.

        `shed` returns how many requests were refused because of overload.
        """
        self._shed = shed
        self._buckets = buckets
        self._max_series = max_series
        self._table: dict[Key, Series] = {}
        self._full = False

    def observe(self, exchange: Exchange) -> None:
        """Count an exchange that has ended."""
        method = exchange.scope["method"]
        key = (
            method if method in KNOWN_METHODS else OTHER,
            exchange.route or UNMATCHED,
            exchange.status or STATUS_IF_UNANSWERED,
        )
        series = self._table.get(key) or self._create_series(key)
        series.seconds.observe(exchange.seconds or 0.0)
        series.sent.observe(exchange.sent)
        length = exchange.headers.get(b"content-length")
        if length and length.isdigit() and len(length) <= MAX_LENGTH_DIGITS:
            series.received.observe(int(length))

    def families(self) -> Iterator[Family]:
        """Yield the table as metrics; one count serves requests and durations."""
        total = Family("counter", "http_requests", "Requests that have ended.")
        seconds, received, sent = (
            Family("histogram", name, meaning)
            for name, meaning in (
                ("http_request_duration_seconds", "From request headers to end of response."),
                ("http_request_body_bytes", "Request bodies whose length was announced."),
                ("http_response_body_bytes", "Response bodies."),
            )
        )
        for (method, route, status), series in self._table.copy().items():
            labels = label(method=method, route=route, status=str(status))
            buckets = series.seconds.buckets()
            total.counter(labels, buckets[-1][1])
            seconds.histogram(labels, buckets, series.seconds.sum)
            sent.histogram(labels, series.sent.buckets(), series.sent.sum)
            if series.received.count:
                received.histogram(labels, series.received.buckets(), series.received.sum)
        total.counter(label(method=OTHER, route=SHED, status="503"), self._shed())
        yield from (total, seconds, received, sent)

    def _create_series(self, key: Key) -> Series:
        if len(self._table) >= self._max_series:
            if not self._full:
                self._full = True
                fields = {"max_series": self._max_series, "labels": key, "counted_as": OTHER}
                logger.warning("METRICS_MAX_SERIES is reached", extra=fields)
            status = int(key[2])
            known = 100 <= status < 600  # noqa: PLR2004 - the classes of RFC 9110
            key = (OTHER, OTHER, f"{status // 100}xx" if known else OTHER)
        return self._table.setdefault(key, Series(self._buckets))
