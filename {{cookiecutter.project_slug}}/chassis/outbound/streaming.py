"""A streamed response counts as part of its call until it is closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2

from chassis.outbound.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import ExitStack
    from datetime import timedelta

    from chassis.outbound.call import Call


class StreamedBody(httpx2.AsyncByteStream):
    """Enforces the deadline while it is read, and holds the slot of the call until it is closed."""

    def __init__(self, stream: Any, call: Call, slot: ExitStack) -> None:  # noqa: ANN401 - the library's own
        self._stream = stream
        self._call = call
        self._slot = slot

    @property
    def elapsed(self) -> timedelta | None:
        """Duration of the call, set when it is closed; the library reads it."""
        elapsed: timedelta | None = self._stream.elapsed
        return elapsed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the chunks. Raises DeadlineExceeded."""
        chunks = aiter(self._stream)
        while (chunk := await self._next(chunks)) is not None:
            yield chunk

    async def aclose(self) -> None:
        """Release the connection and the slot."""
        with self._slot:
            await self._stream.aclose()

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout_at(self._call.deadline):
                return await anext(chunks, None)
        except TimeoutError as error:
            message = "deadline exceeded while the response was read"
            raise DeadlineExceeded(message, request=self._call.request) from error
