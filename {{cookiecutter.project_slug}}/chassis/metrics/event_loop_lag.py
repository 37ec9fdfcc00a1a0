"""Measures the event loop's lag: how late it runs due callbacks."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INTERVAL_SECONDS = 0.25
"""Seconds between two samples."""
SAMPLES = 60
"""Samples kept: 15 seconds, so that the usual scrape interval misses no stall."""


class EventLoopLag:
    """Sampled on the event loop, read from any thread."""

    def __init__(self) -> None:
        self._due = inf
        self._delays = deque([0.0], maxlen=SAMPLES)

    def longest(self) -> float:
        """Return the longest delay of the last 15 seconds in seconds, including an ongoing one."""
        return max(*self._delays.copy(), monotonic() - self._due)

    @asynccontextmanager
    async def measure(self) -> AsyncIterator[None]:
        """Take samples while the block runs."""
        sampler = asyncio.create_task(self._sample_repeatedly())
        try:
            yield
        finally:
            sampler.cancel()
            await asyncio.wait({sampler})
            self._due = inf

    async def _sample_repeatedly(self) -> None:
        while True:
            self._due = monotonic() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            self._delays.append(monotonic() - self._due)
