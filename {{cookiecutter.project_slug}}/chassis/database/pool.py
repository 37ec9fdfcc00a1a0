"""A connection pool that serves requests in order, and refuses those that would wait too long."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import AsyncAdaptedQueuePool, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.util import await_

from chassis.waiting_line import MIN_LENGTH, WaitingLine

if TYPE_CHECKING:
    from sqlalchemy.pool import PoolProxiedConnection

logger = logging.getLogger(f"{__name__}.FairPool")
"""SQLAlchemy names the logger of a pool after its class."""

MAX_WAIT_SECONDS = 0.13
"""Longest time in seconds that a request may wait for a connection."""


class PoolOverloaded(PoolTimeout):
    """The request would have to wait too long for a connection."""


class FairPool(AsyncAdaptedQueuePool):
    """A pool that gives its connections to requests in the order of their arrival.

    SQLAlchemy's pool gives a returned connection to the next request that asks, and those that wait
    start over at the end: under overload some wait until they time out. As many requests as there
    are connections may always wait, which takes about the time of one transaction.
    """

    def __init__(
        self,
        creator: Any,  # noqa: ANN401 - the pool's own
        pool_size: int,
        max_overflow: int,
        **options: Any,  # noqa: ANN401 - the pool's own
    ) -> None:
        super().__init__(creator, pool_size, max_overflow, **options)
        if logger.level == logging.NOTSET:  # as SQLAlchemy's own: debug lines if asked for
            logger.setLevel(logging.WARNING)
        self.limit = pool_size + max_overflow
        self.line = WaitingLine("a connection", MAX_WAIT_SECONDS, max(MIN_LENGTH, self.limit))
        self.called = 0
        """Requests whose turn it is, but that have not taken their connection yet."""
        event.listen(self, "checkin", self.lend_soon)

    def connect(self) -> PoolProxiedConnection:
        """Give a connection. Raises `PoolOverloaded`, or `TimeoutError` after `pool_timeout`."""
        if self.line.waiting or self.checkedout() + self.called >= self.limit:
            if self.line.refuses():
                raise PoolOverloaded("too many requests wait for a connection")
            await_(self.wait())
        try:
            return super().connect()
        except BaseException:
            self.lend_soon()
            raise

    async def wait(self) -> None:
        """Wait for the turn of this request."""
        turn = self.line.join()
        try:
            async with asyncio.timeout(self.timeout()):
                await turn
        except TimeoutError as error:
            raise PoolTimeout(f"no connection was free in {self.timeout():g} s") from error
        finally:
            if turn.done() and not turn.cancelled():
                self.called -= 1
                self.lend_soon()

    def lend_soon(self, *_: object) -> None:
        """Give out free connections once the returned one is free; from any thread."""
        if self.line.waiting:
            self.line.waiting[0].get_loop().call_soon_threadsafe(self.lend)

    def lend(self) -> None:
        """Let as many requests take a connection as are free."""
        self.called += self.line.start(self.limit - self.checkedout() - self.called)
