"""Limits the calls in flight, so that one slow service cannot take every connection and task.

The library's connection pool cannot do it: calls would wait for it behind the circuit breaker, and
still reach a dead service after the circuit has opened (promise R9).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anyio import WouldBlock

from chassis.outbound.errors import Rejected

if TYPE_CHECKING:
    from anyio import CapacityLimiter

    from chassis.outbound.call import Call

RETRY_AFTER = 1.0
"""Seconds after which a slot may be free."""


async def acquire_slot(limiter: CapacityLimiter, call: Call, wait_seconds: float) -> None:
    """Acquire a slot for the call, which it holds until it is released. Raises Rejected."""
    try:
        limiter.acquire_on_behalf_of_nowait(call)
    except WouldBlock:
        wait_until = asyncio.get_running_loop().time() + wait_seconds
        try:
            async with asyncio.timeout_at(min(wait_until, call.deadline)):
                await limiter.acquire_on_behalf_of(call)
        except TimeoutError as error:
            message = "concurrency limit reached"
            raise Rejected(message, request=call.request, retry_after=RETRY_AFTER) from error
