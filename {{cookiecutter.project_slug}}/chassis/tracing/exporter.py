"""Sends spans to a collector by OTLP over HTTP: https://opentelemetry.io/docs/specs/otlp/.

The SDK's exporter brings up to nine packages more, counts a redirect as delivered, so that the
alert on lost spans stays silent, gives a batch up after its timeout, and logs each attempt.
"""

from __future__ import annotations

import ssl
from contextlib import closing
from functools import cached_property
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from chassis.tracing.endpoint import parse_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from chassis.tracing import Tracing

OK = range(200, 300)
TRANSIENT_STATUSES = {429, 502, 503, 504}
"""Statuses after which OTLP says to retry."""
MAX_RESPONSE_BYTES = 65_536
"""Bytes of a response that are read."""


class BatchRejectedError(Exception):
    """The collector rejected a batch for good; a retry would not help."""


class Exporter:
    """Sends batches, each on a connection of its own: none is kept that could have died."""

    def __init__(self, settings: Tracing) -> None:
        """Read the address; nothing is opened before there are spans."""
        url = urlsplit(settings.endpoint)
        self._host = url.hostname or ""
        self._port = url.port
        self._path = url.path
        self._secure = url.scheme == "https"
        self._timeout = settings.timeout_seconds
        self._headers = parse_headers(settings.headers.get_secret_value())
        self._headers |= {"Content-Type": "application/x-protobuf", "Connection": "close"}

    def send(self, spans: Sequence[ReadableSpan]) -> None:
        """Deliver spans. Raises BatchRejectedError, or OSError or HTTPException: then retry."""
        body = encode_spans(spans).SerializeToString()
        with closing(self._connection()) as connection:
            connection.request("POST", self._path, body, self._headers)
            response = connection.getresponse()
            response.read(MAX_RESPONSE_BYTES)
        if response.status in TRANSIENT_STATUSES:
            raise OSError(f"{response.status} {response.reason}")
        if response.status not in OK:
            raise BatchRejectedError(f"{response.status} {response.reason}")

    def _connection(self) -> HTTPConnection:
        if self._secure:
            return HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._tls_context
            )
        return HTTPConnection(self._host, self._port, timeout=self._timeout)

    @cached_property
    def _tls_context(self) -> ssl.SSLContext:
        return ssl.create_default_context()
