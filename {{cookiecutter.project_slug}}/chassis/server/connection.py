"""uvicorn's HTTP/1.1 connection, with a limit on heads and on patience."""

from __future__ import annotations

import json
from contextvars import Context
from typing import TYPE_CHECKING, Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.server.outlet import Outlet

if TYPE_CHECKING:
    from chassis.server import Server

log = structlog.get_logger("chassis.server")

TOO_LARGE = "431 Request Header Fields Too Large"
TOO_SLOW = "408 Request Timeout"
UNREADABLE = "400 Bad Request"
ANSWER = """\
HTTP/1.1 {status}\r
content-type: application/problem+json\r
content-length: {length}\r
connection: close\r
\r
{body}"""


MINIMUM_RATE = 1_000
"""Bytes a second at which a body must come, once `read_seconds` have passed."""
OVERHEAD = 8
"""Bytes on the wire for each byte of a body: chunks of one byte have six."""


class Connection(HttpToolsProtocol):
    """Refuses heads and trailers that are too long, and clients that stop half-way.

    uvicorn has neither limit with httptools: a head or a trailer may grow without end, and a
    client that sends nothing is kept for ever.
    """

    def __init__(self, *, limits: Server, **uvicorn: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Keep the limits beside uvicorn's own arguments."""
        super().__init__(**uvicorn)
        self.limits = limits
        self.in_head = True
        self.head_bytes = 0
        """Bytes of the head that is being read, but for those that came together with its start."""
        self.body_bytes = 0
        self.other_bytes = 0
        """Bytes since the head that are no body: sizes and extensions of chunks, trailers."""
        self.began = self.loop.time()
        """When the head, or the body, that is being read began."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Put the outlet before the transport."""
        super().connection_made(Outlet(transport, self.loop))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Count what comes, by what is being read."""
        self.piece = len(data)
        if self.in_head:
            self.head_bytes += self.piece
        else:
            self.other_bytes += self.piece
        super().data_received(data)
        unfinished = self.head_bytes if self.in_head else self.other_bytes
        if unfinished > self.limits.max_head_bytes:
            self.refuse(TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start the clock of a head."""
        super().on_message_begin()
        if not self.in_head:
            self.head_bytes = 0
        self.in_head = True
        self.began = self.loop.time()

    def on_headers_complete(self) -> None:
        """Start the request if its head is allowed. Raises ValueError if it is not."""
        if max(self.head_bytes, self.piece) > self.limits.max_head_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > self.limits.max_head_bytes:
                raise ValueError(TOO_LARGE)
            self.head_bytes = 0
        # The parser takes an upgrade's body for the next request, which nobody has looked at.
        if self.parser.should_upgrade() and self._announces_body():
            raise ValueError(UNREADABLE)
        self.in_head = False
        self.body_bytes = self.other_bytes = 0
        self.began = self.loop.time()
        super().on_headers_complete()
        self.headers = [*self.headers]  # trailers end here: nothing has looked at them

    def handle_websocket_upgrade(self) -> None:
        """Become a WebSocket, which inherits no context of earlier requests."""
        Context().run(super().handle_websocket_upgrade)

    def on_body(self, body: bytes) -> None:
        """Count the body."""
        self.body_bytes += len(body)
        self.other_bytes -= OVERHEAD * len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Answer what the parser gave up on; it gives up on a head that is too long as well."""
        self.refuse(TOO_LARGE if self.head_bytes > self.limits.max_head_bytes else UNREADABLE)

    def close_if_slow(self) -> None:
        """End a request that has been begun and is not being sent on."""
        now, cycle = self.loop.time(), self.cycle
        if self.flow.read_paused:  # it is not the client who is slow
            self.began = now
        patience = self.limits.read_seconds + self.body_bytes / MINIMUM_RATE
        in_body = cycle is not None and cycle.more_body and not cycle.response_complete
        if (self.in_head or in_body) and now - self.began >= patience:
            self.refuse(TOO_SLOW)

    def refuse(self, status: str) -> None:
        """Answer, unless an answer has begun, and hang up."""
        if self.transport.is_closing():
            return
        log.info("connection refused", status=status, client=self.client and self.client[0])
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            code, _, title = status.partition(" ")
            body = json.dumps({"type": "about:blank", "title": title, "status": int(code)})
            answer = ANSWER.format(status=status, length=len(body), body=body)
            self.transport.write(answer.encode())
        self.transport.close()

    def _announces_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
            for name, value in self.headers
        )

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore the wish to upgrade, as RFC 9110 allows, without a line for each request."""
