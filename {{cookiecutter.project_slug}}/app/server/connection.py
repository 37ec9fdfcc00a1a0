"""uvicorn's HTTP/1.1 connection, with a limit on heads and on patience."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from app.server import Server

log = structlog.get_logger("app.server")

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


class Connection(HttpToolsProtocol):
    """Refuses heads that are too long and clients that stop half-way through a request.

    uvicorn has neither limit with httptools: a head may grow without end, and a client that
    sends nothing is kept for ever.
    """

    def __init__(self, *, limits: Server, **uvicorn: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Keep the limits beside uvicorn's own arguments."""
        super().__init__(**uvicorn)
        self.limits = limits
        self.in_head = True
        self.head_bytes = 0
        """Bytes that came while the head was unfinished: never less than the head's own."""
        self.heard = self.loop.time()
        """When the head that is being read began, or the last piece of the body came."""

    def data_received(self, data: bytes) -> None:
        """Count what comes while a head is unfinished."""
        if self.in_head:
            self.head_bytes += len(data)
        else:
            self.head_bytes = len(data)
            self.heard = self.loop.time()
        super().data_received(data)
        if self.in_head and self.head_bytes > self.limits.max_head_bytes:
            self.refuse(TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start the clock of a head."""
        super().on_message_begin()
        self.in_head = True
        self.heard = self.loop.time()

    def on_headers_complete(self) -> None:
        """Measure a head that came in one large piece; the request starts only if it is allowed."""
        self.in_head = False
        if self.head_bytes > self.limits.max_head_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > self.limits.max_head_bytes:
                raise ValueError(TOO_LARGE)
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Answer what the parser gave up on; it gives up on a head that is too long as well."""
        self.refuse(TOO_LARGE if self.head_bytes > self.limits.max_head_bytes else UNREADABLE)

    def close_if_slow(self) -> None:
        """End a request that has been begun and is not being sent on."""
        if self.loop.time() - self.heard < self.limits.read_seconds:
            return
        cycle = self.cycle
        in_body = cycle is not None and cycle.more_body and not cycle.response_complete
        if self.in_head or (in_body and not self.flow.read_paused):
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
