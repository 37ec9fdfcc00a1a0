"""A connection's way out: an answer's head leaves together with its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

END_OF_HEAD = b"\r\n\r\n"
LONG = 65_536
"""Bytes of a body that is not copied to be written together with its head."""


class Outlet:
    """A transport that keeps a head until the next write, or the end of this turn of the loop.

    uvicorn writes head and body apart, in two packets. Everything else is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Hold nothing yet."""
        self._transport = transport
        self._loop = loop
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes | memoryview) -> None:
        """Write, together with the head that is held; or hold a head."""
        if not self._head and data[-4:] == END_OF_HEAD:
            self._head = bytes(data)
            self._loop.call_soon(self.flush)
            return
        if len(data) < LONG:
            data, self._head = self._head + data, b""
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Write the head that is held, if nothing has followed it."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Close, after everything has been written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        """Give what the transport has."""
        return getattr(self._transport, name)
