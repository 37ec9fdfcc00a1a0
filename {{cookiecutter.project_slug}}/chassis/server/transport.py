"""A transport that sends a response's headers together with its body.

It exists for speed: requests per second fall from 0.87 to 0.78 of bare FastAPI's without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

END_OF_HEAD = b"\r\n\r\n"
MAX_COPIED_BYTES = 65_536
"""Size from which a body is written separately instead of copied, in bytes."""


class CoalescingTransport:
    """Holds the headers until the next write, or the next iteration of the event loop.

    uvicorn writes headers and body separately, in two packets. Everything else is delegated to the
    wrapped transport.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending_head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes | memoryview) -> None:
        """Hold headers; write anything else, after the held headers."""
        if not self._pending_head and data[-4:] == END_OF_HEAD:
            self._pending_head = bytes(data)
            self._loop.call_soon(self.flush)
            return
        if len(data) < MAX_COPIED_BYTES:
            data, self._pending_head = self._pending_head + data, b""
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Write the held headers, if any."""
        if self._pending_head:
            head, self._pending_head = self._pending_head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Write the held headers, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute
        """Return an attribute of the wrapped transport."""
        return getattr(self._transport, name)
