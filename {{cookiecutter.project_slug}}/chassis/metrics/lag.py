"""Measures how long the event loop keeps its work waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BEAT = 0.25
"""Seconds between two looks."""
BEATS = 60
"""Looks remembered: 15 seconds, so that a usual scrape interval misses no stall."""


class Lag:
    """A heart that beats on the loop and is listened to from any thread."""

    def __init__(self) -> None:
        """Begin with no lag."""
        self._due = inf
        self._late = deque([0.0], maxlen=BEATS)

    def worst(self) -> float:
        """Give the longest delay of the last 15 seconds, one that still lasts included; seconds."""
        return max(*self._late.copy(), monotonic() - self._due)

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Beat while the block runs."""
        heart = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            heart.cancel()
            await asyncio.wait({heart})
            self._due = inf

    async def _beat(self) -> None:
        while True:
            self._due = monotonic() + BEAT
            await asyncio.sleep(BEAT)
            self._late.append(monotonic() - self._due)
