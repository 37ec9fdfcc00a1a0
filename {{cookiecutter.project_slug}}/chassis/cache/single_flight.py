"""Single flight: of all who ask for the same key at once, one does the work and the others wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    Work: TypeAlias = Callable[["Flight"], Awaitable[bytes]]


class Flight:
    """Work in progress, which others may be waiting for."""

    def __init__(self) -> None:
        """Begin without a result."""
        self.result: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.forgotten = False
        """Whether the result must not be stored: what it is made of has changed meanwhile."""


class SingleFlight:
    """The work in progress in this process, by key."""

    def __init__(self) -> None:
        """Begin with none."""
        self._flights: dict[bytes, Flight] = {}

    async def run(self, key: bytes, work: Work) -> bytes:
        """Do the work, or wait for the result if it is in progress.

        It runs in the task of its caller, which has that request's session. If that task is
        cancelled, the next in line does the work. If it fails, one of those who waited retries
        it, and all get that result.
        """
        failed = False
        while flight := self._flights.get(key):
            result = flight.result
            await asyncio.wait({result})  # unlike awaiting it, a cancelled waiter cancels no work
            if result.cancelled():
                continue
            error = result.exception()
            if error is None:
                return result.result()
            if failed:
                raise error
            failed = True
        return await self._lead(key, work)

    def forget(self, key: bytes) -> None:
        """Let those who wait have the result, but nobody who asks from now on."""
        if flight := self._flights.pop(key, None):
            flight.forgotten = True

    async def _lead(self, key: bytes, work: Work) -> bytes:
        flight = self._flights[key] = Flight()
        result = flight.result
        try:
            data = await work(flight)
            result.set_result(data)
        except Exception as error:
            result.set_exception(error)
            result.exception()  # marks it as retrieved: perhaps nobody waits for it
            raise
        finally:
            result.cancel()  # wakes those who wait when this task is cancelled
            if self._flights.get(key) is flight:
                del self._flights[key]
        return data
