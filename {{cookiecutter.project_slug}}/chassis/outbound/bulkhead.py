"""Bounds how many calls are under way at once, so that one slow service cannot take everything."""

from __future__ import annotations

import asyncio

import httpx2  # noqa: TC002

from chassis.outbound.errors import Rejected

RETRY_AFTER = 1.0
"""Seconds after which a place may be free."""


class Bulkhead:
    """So many places, and a short queue in front of them."""

    def __init__(self, places: int, wait_seconds: float) -> None:
        """Begin with all places free."""
        self._free = asyncio.Semaphore(places)
        self._wait_seconds = wait_seconds
        self.in_flight = 0
        """Calls that have a place."""
        self.waiting = 0
        """Calls that want one."""

    async def enter(self, request: httpx2.Request, until: float) -> None:
        """Take a place, before a moment in the event loop's time. Raises Rejected."""
        if self._free.locked():
            await self._wait(request, until)
        else:
            await self._free.acquire()
        self.in_flight += 1

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._free.release()

    async def _wait(self, request: httpx2.Request, until: float) -> None:
        patience = asyncio.get_running_loop().time() + self._wait_seconds
        self.waiting += 1
        try:
            async with asyncio.timeout_at(min(patience, until)):
                await self._free.acquire()
        except TimeoutError as error:
            message = "as many calls are under way as may be"
            raise Rejected(message, request=request, retry_after=RETRY_AFTER) from error
        finally:
            self.waiting -= 1
