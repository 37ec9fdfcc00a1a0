"""Decides whether a call is tried again, and how long to wait before."""

from __future__ import annotations

from asyncio import get_running_loop
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform
from typing import TYPE_CHECKING

import httpx2

from chassis.outbound.budget import Budget

if TYPE_CHECKING:
    from chassis.outbound.call import Call

IDEMPOTENT = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}
"""Methods that do the same however often they are sent: RFC 9110, section 9.2.2."""
PASSING = {429, 502, 503, 504}
"""Answers that may be better in a moment; a 500 is the same mistake again."""
PASSING_ERRORS = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)
FIRST = 0.1
"""Seconds below which chance chooses the first pause; each further one may be twice as long."""
LONGEST = 9
"""Digits of Retry-After beyond which it is not worth reading."""


class Retries:
    """The rules for one service that is called."""

    def __init__(self, most: int, ratio: float) -> None:
        """Try a call again so many times, and so large a share of all calls, at most."""
        self._most = most
        self._budget = Budget(ratio)
        self.made = 0
        """How many there were."""
        self.refused = 0
        """How many there were not, for want of budget."""

    def deposit(self) -> None:
        """Count a call."""
        self._budget.deposit()

    def pause(self, call: Call, outcome: httpx2.Response | Exception) -> float | None:
        """Seconds to wait before the next try, after what came of this one; None for no next."""
        if call.tries > self._most or not passing(outcome) or not repeatable(call.request):
            return None
        asked = retry_after(outcome) if isinstance(outcome, httpx2.Response) else None
        pause = (asked or 0.0) + uniform(0, FIRST * 2 ** (call.tries - 1))  # noqa: S311 - jitter
        if pause >= call.deadline - get_running_loop().time():
            return None
        if not self._budget.withdraw():
            self.refused += 1
            return None
        self.made += 1
        return pause


def passing(outcome: httpx2.Response | Exception) -> bool:
    """Tell whether the same call may come to something better in a moment."""
    if isinstance(outcome, httpx2.Response):
        return outcome.status_code in PASSING
    return isinstance(outcome, PASSING_ERRORS)


def repeatable(request: httpx2.Request) -> bool:
    """Tell whether a request does no harm when sent twice, and its body is still there."""
    harmless = request.method in IDEMPOTENT or "idempotency-key" in request.headers
    return harmless and isinstance(request.stream, httpx2.ByteStream)


def retry_after(answer: httpx2.Response) -> float | None:
    """Seconds that an answer asks to wait, by its Retry-After; None if it does not say."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit() and len(given) <= LONGEST:
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, OverflowError):  # years and zones that no clock has
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
