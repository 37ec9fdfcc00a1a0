"""Decides whether a call is retried, and after which delay.

A retry library would replace only the loop around this, a dozen lines: the rules for methods and
errors, the budget, Retry-After and the deadline (promise R9) would remain.
"""

from __future__ import annotations

from asyncio import get_running_loop
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform
from typing import TYPE_CHECKING

import httpx2

from chassis.outbound.retry_budget import RetryBudget

if TYPE_CHECKING:
    from chassis.outbound.call import Call

IDEMPOTENT_METHODS = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}
"""Methods that have the same effect however often they are sent: RFC 9110, section 9.2.2."""
TRANSIENT_STATUSES = {429, 502, 503, 504}
"""Statuses that are worth a retry; a 500 would probably be the same error again."""
TRANSIENT_ERRORS = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)
BASE_DELAY = 0.1
"""Upper limit of the random first delay, in seconds; it doubles with each further retry."""
MAX_DIGITS = 9
"""Digits of a Retry-After in seconds beyond which it is ignored."""


class RetryPolicy:
    """When calls to one service are retried, and how often they were."""

    def __init__(self, max_retries: int, ratio: float) -> None:
        """Retry a call at most `max_retries` times, and at most `ratio` of all calls."""
        self._max_retries = max_retries
        self.budget = RetryBudget(ratio)
        """Each call adds to it."""
        self.retries = 0
        """Number of retries."""
        self.refused = 0
        """Number of retries refused because the budget was used up."""

    def next_delay(self, call: Call, result: httpx2.Response | Exception) -> float | None:
        """Return the seconds to wait before the next try; None if there must be none."""
        transient = is_transient(result)
        if call.tries > self._max_retries or not transient or not may_retry(call.request):
            return None
        asked = parse_retry_after(result) if isinstance(result, httpx2.Response) else None
        jitter = uniform(0, BASE_DELAY * 2 ** (call.tries - 1))  # noqa: S311 - spreads load, hides nothing
        delay = (asked or 0.0) + jitter
        if get_running_loop().time() + delay >= call.deadline:
            return None
        if not self.budget.take_token():
            self.refused += 1
            return None
        self.retries += 1
        return delay


def is_transient(result: httpx2.Response | Exception) -> bool:
    """Return whether the same request may succeed shortly."""
    if isinstance(result, httpx2.Response):
        return result.status_code in TRANSIENT_STATUSES
    return isinstance(result, TRANSIENT_ERRORS)


def may_retry(request: httpx2.Request) -> bool:
    """Return whether a request is idempotent and its body can be sent again."""
    idempotent = request.method in IDEMPOTENT_METHODS or "idempotency-key" in request.headers
    return idempotent and isinstance(request.stream, httpx2.ByteStream)


def parse_retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds in Retry-After of a response; None if it is missing or invalid."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS:
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # years and zones that no clock has
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
