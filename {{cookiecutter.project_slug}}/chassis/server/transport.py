"""A transport that sends a response's head together with its body.

It exists for speed: requests per second fall from 0.87 to 0.78 of bare FastAPI's without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

END_OF_HEAD = b"\r\n\r\n"
MAX_COPIED_BYTES = 65_536
"""Bytes from which on a body is written apart from its head rather than copied."""


class CoalescingTransport:
    """Holds a head until the next write, or the next iteration of the event loop.

    uvicorn writes head and body separately, in two packets. All else is the wrapped transport's.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending_head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes | memoryview) -> None:
        """Hold a head; write anything else, after the head that is held."""
        if not self._pending_head and data[-4:] == END_OF_HEAD:
            self._pending_head = bytes(data)
            self._loop.call_soon(self.flush)
            return
        if len(data) < MAX_COPIED_BYTES:
            data, self._pending_head = self._pending_head + data, b""
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Write the head that is held, if any."""
        if self._pending_head:
            head, self._pending_head = self._pending_head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Write the head that is held, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute
        """Return an attribute of the wrapped transport."""
        return getattr(self._transport, name)
