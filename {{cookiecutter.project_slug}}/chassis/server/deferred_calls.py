"""Runs calls that no response waits for at the next iteration of the event loop.

It exists for speed: requests per second fall from 0.87 to 0.83 of bare FastAPI's without it.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

logger = logging.getLogger(__name__)


class DeferredCalls:
    """Defers calls to the next iteration of the event loop, and runs them in a row.

    The same code for one request after another stays in the processor's caches.
    """

    def __init__(self) -> None:
        """Start without calls."""
        self._calls: list[tuple[Context, Callable[[], object]]] = []

    def __call__(self, call: Callable[[], object]) -> None:
        """Defer a call; it runs in the current context.

        Raises RuntimeError where no event loop runs.
        """
        if not self._calls:
            asyncio.get_running_loop().call_soon(self._run)
        self._calls.append((copy_context(), call))

    def _run(self) -> None:
        calls, self._calls = self._calls, []
        for context, call in calls:
            try:
                context.run(call)
            except Exception:  # noqa: BLE001 - the other calls must run
                context.run(logger.exception, "deferred call failed")
