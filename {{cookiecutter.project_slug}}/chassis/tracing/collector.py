"""Sends spans to a collector, as OTLP over HTTP has it.

The library's own exporter takes nine packages more, writes a line for each failure, and tries
again by itself while nothing else gets out. https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import ssl
from contextlib import closing
from functools import cached_property
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from chassis.tracing.address import pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from chassis.tracing import Tracing

OK = range(200, 300)
PASSING = {429, 502, 503, 504}
"""Statuses after which the same spans may be sent again, says the standard."""
ANSWER = 65_536
"""Bytes of an answer that are read."""


class Refused(Exception):  # noqa: N818 - it is an answer, not an accident
    """The collector will not take these spans, however often they are sent."""


class Collector:
    """Where spans go. A connection for each batch: none is kept that could have died."""

    def __init__(self, settings: Tracing) -> None:
        """Read the address; nothing is opened before there are spans."""
        url = urlsplit(settings.endpoint)
        self._host = url.hostname or ""
        self._port = url.port
        self._path = url.path
        self._secure = url.scheme == "https"
        self._timeout = settings.timeout_seconds
        self._headers = pairs(settings.headers.get_secret_value())
        self._headers |= {"Content-Type": "application/x-protobuf", "Connection": "close"}

    def send(self, spans: Sequence[ReadableSpan]) -> None:
        """Deliver spans. Raises Refused, and OSError if it is worth to try again."""
        body = encode_spans(spans).SerializeToString()
        with closing(self._connection()) as connection:
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            answer.read(ANSWER)
        if answer.status in PASSING:
            raise OSError(f"{answer.status} {answer.reason}")
        if answer.status not in OK:
            raise Refused(f"{answer.status} {answer.reason}")

    def _connection(self) -> HTTPConnection:
        if self._secure:
            return HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._trust
            )
        return HTTPConnection(self._host, self._port, timeout=self._timeout)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()
