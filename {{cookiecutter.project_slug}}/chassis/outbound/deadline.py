"""When a call must have ended: by its own settings, and by the request that it is made for."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import httpx2

from chassis.exchange import current, header

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEADER = "x-request-timeout"
"""Seconds, as a decimal number, for which the sender will wait for the answer.

There is no standard. A span, not a moment, for clocks differ; in seconds, as Retry-After is.
"""
FORMAT = re.compile(rb"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class DeadlineExceeded(httpx2.TimeoutException):
    """The call took longer than it may."""


class Expired(DeadlineExceeded):
    """Who sent the request that the call was made for waits no longer."""


class Deadline(NamedTuple):
    """The two ends of a call, in the event loop's time."""

    own: float
    """When the settings end it."""
    inbound: float
    """When nobody will wait for it any more."""

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """End a call after these seconds, or with the request being served if that is sooner."""
        now = asyncio.get_running_loop().time()
        return cls(now + seconds, now + left_of_request())

    @property
    def left(self) -> float:
        """Seconds until the sooner of the two."""
        return min(self) - asyncio.get_running_loop().time()

    @asynccontextmanager
    async def of_request(self, request: httpx2.Request) -> AsyncIterator[None]:
        """Cut a block when nobody waits for it any more. Raises Expired.

        Inside, that is a cancellation: it says nothing of the service that is called.
        """
        if self.inbound >= self.own:
            yield
            return
        expired = Expired("the request that this is done for has run out of time", request=request)
        if self.left <= 0:
            raise expired
        try:
            async with asyncio.timeout_at(self.inbound):
                yield
        except TimeoutError as error:
            raise expired from error


def left_of_request() -> float:
    """Seconds that the sender of the request being served still waits; infinite if not known.

    What goes on after the answer, such as a background task, is waited for by nobody.
    """
    exchange = current.get()
    if exchange is None or exchange.seconds is not None:
        return inf
    given = header(exchange.scope, HEADER.encode())
    if not FORMAT.fullmatch(given):
        return inf
    return float(given) - (perf_counter() - exchange.began)
