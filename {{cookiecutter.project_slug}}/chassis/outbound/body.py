"""An answer that is read piece by piece belongs to its call until it is closed."""

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


class Body(httpx2.AsyncByteStream):
    """Keeps the deadline while it is read, and the place until it is closed."""

    def __init__(self, stream: Any, call: Call, place: ExitStack) -> None:  # noqa: ANN401 - the library's own
        """Read from the library's stream."""
        self._stream = stream
        self._call = call
        self._place = place

    @property
    def elapsed(self) -> timedelta | None:
        """How long the call took, once it is closed; the library asks for it."""
        elapsed: timedelta | None = self._stream.elapsed
        return elapsed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces. Raises DeadlineExceeded."""
        pieces = aiter(self._stream)
        while (piece := await self._next(pieces)) is not None:
            yield piece

    async def aclose(self) -> None:
        """Let go of the connection and of the place."""
        with self._place:
            await self._stream.aclose()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout_at(self._call.deadline):
                return await anext(pieces, None)
        except TimeoutError as error:
            message = "the answer took too long to read"
            raise DeadlineExceeded(message, request=self._call.request) from error
