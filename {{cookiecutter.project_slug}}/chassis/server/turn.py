"""What need not be done while others wait for an answer: at the end of a turn of the loop."""

from __future__ import annotations

import asyncio
import logging
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

logger = logging.getLogger(__name__)


class Turn:
    """Puts calls off to the end of this turn of the event loop, and makes them in a row.

    The same code for one request after the other stays in the processor's caches.
    """

    def __init__(self) -> None:
        """Put off nothing yet."""
        self._calls: list[tuple[Context, Callable[[], object]]] = []

    def __call__(self, call: Callable[[], object]) -> None:
        """Put a call off; it will be made in the context that is the present one.

        Raises RuntimeError where no event loop runs.
        """
        if not self._calls:
            asyncio.get_running_loop().call_soon(self._end)
        self._calls.append((copy_context(), call))

    def _end(self) -> None:
        calls, self._calls = self._calls, []
        for context, call in calls:
            try:
                context.run(call)
            except Exception:  # noqa: BLE001 - the other calls are not to blame
                context.run(logger.exception, "a call that was put off failed")
