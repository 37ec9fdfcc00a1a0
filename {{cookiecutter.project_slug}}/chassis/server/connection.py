"""uvicorn's HTTP/1.1 connection, with limits on header size and on slow clients."""

from __future__ import annotations

import json
import re
from contextvars import Context
from typing import TYPE_CHECKING, Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.server.transport import CoalescingTransport

if TYPE_CHECKING:
    from chassis.server import Server
    from chassis.server.forwarded import ForwardedHeaders

log = structlog.get_logger("chassis.server")

HEADERS_TOO_LARGE = "431 Request Header Fields Too Large"
REQUEST_TIMEOUT = "408 Request Timeout"
BAD_REQUEST = "400 Bad Request"
RESPONSE = """\
HTTP/1.1 {status}\r
content-type: application/problem+json\r
content-length: {length}\r
connection: close\r
\r
{body}"""

ABSOLUTE_TARGET = re.compile(rb"[^/?#]*://([^/?#]*)")
"""A request target with a host, which replaces the header Host: RFC 9112, section 3.2.2."""
MINIMUM_RATE = 1_000
"""Bytes per second at which a body must arrive after `read_seconds`."""
FRAMING_BYTES = 8
"""Bytes of chunked framing allowed per byte of a body; chunks of one byte need six."""


class Connection(HttpToolsProtocol):
    """Rejects headers and trailers that are too long, and clients that send too slowly.

    uvicorn has neither limit with httptools: headers and trailers are unbounded, and so is the wait
    for the rest of a request.
    """

    def __init__(
        self,
        *,
        limits: Server,
        forwarded: ForwardedHeaders,
        **uvicorn: Any,  # noqa: ANN401 - uvicorn's own
    ) -> None:
        super().__init__(**uvicorn)
        self.limits = limits
        self.forwarded = forwarded
        self.is_first = True
        """Whether no request has arrived yet; a proxy sends much the same headers with each."""
        self.in_head = True
        self.head_bytes = 0
        """Bytes of the headers being read, without the chunk in which they started."""
        self.body_bytes = 0
        self.other_bytes = 0
        """Bytes after the headers that are not body: chunk sizes and extensions, trailers."""
        self.phase_started = self.loop.time()
        """When the headers or body being read started, in the loop's time."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Wrap the transport, so that headers and body are one write."""
        super().connection_made(CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Count the bytes of the headers, or of what follows them."""
        self.chunk_bytes = len(data)
        if self.in_head:
            self.head_bytes += self.chunk_bytes
        else:
            self.other_bytes += self.chunk_bytes
        super().data_received(data)
        unfinished = self.head_bytes if self.in_head else self.other_bytes
        if unfinished > self.limits.max_head_bytes:
            self.reject(HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start the clock of the headers."""
        super().on_message_begin()
        if not self.in_head:
            self.head_bytes = 0
        self.in_head = True
        self.phase_started = self.loop.time()

    def on_headers_complete(self) -> None:
        """Start the request. Raises ValueError if its headers are not allowed."""
        if max(self.head_bytes, self.chunk_bytes) > self.limits.max_head_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > self.limits.max_head_bytes:
                raise ValueError(HEADERS_TOO_LARGE)
            self.head_bytes = 0
        # The parser would take the body of an upgrade for the next request, without checks.
        if self.parser.should_upgrade() and self._has_body():
            raise ValueError(BAD_REQUEST)
        if self.is_first and self.client and not self.forwarded.is_settled:
            self.forwarded.check(self.client[0], self.headers)
        self.is_first = False
        if authority := ABSOLUTE_TARGET.match(self.url):
            self.headers[:] = [(n, authority[1] if n == b"host" else v) for n, v in self.headers]
        self.in_head = False
        self.body_bytes = self.other_bytes = 0
        self.phase_started = self.loop.time()
        super().on_headers_complete()
        self.headers = [*self.headers]  # a copy: the parser would append trailers to it, unchecked

    def handle_websocket_upgrade(self) -> None:
        """Become a WebSocket, without the context of earlier requests."""
        Context().run(super().handle_websocket_upgrade)

    def on_body(self, body: bytes) -> None:
        """Count the bytes of the body."""
        self.body_bytes += len(body)
        self.other_bytes -= FRAMING_BYTES * len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Reject a malformed request; the parser also fails on headers that are too long."""
        self.reject(
            HEADERS_TOO_LARGE if self.head_bytes > self.limits.max_head_bytes else BAD_REQUEST
        )

    def close_if_slow(self) -> None:
        """Reject a request whose headers or body arrive too slowly."""
        now, cycle = self.loop.time(), self.cycle
        if self.flow.read_paused:  # the service is slow, not the client
            self.phase_started = now
        allowed_seconds = self.limits.read_seconds + self.body_bytes / MINIMUM_RATE
        in_body = cycle is not None and cycle.more_body and not cycle.response_complete
        if (self.in_head or in_body) and now - self.phase_started >= allowed_seconds:
            self.reject(REQUEST_TIMEOUT)

    def reject(self, status: str) -> None:
        """Respond, unless a response has started, and close the connection."""
        if self.transport.is_closing():
            return
        log.info("connection rejected", status=status, client=self.client and self.client[0])
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            code, _, title = status.partition(" ")
            body = json.dumps({"type": "about:blank", "title": title, "status": int(code)})
            answer = RESPONSE.format(status=status, length=len(body), body=body)
            self.transport.write(answer.encode())
        self.transport.close()

    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
            for name, value in self.headers
        )
