"""Single flight: of all who ask for the same at once, one does the work and the others wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    Work: TypeAlias = Callable[["Flight"], Awaitable[bytes]]


class Flight:
    """Work under way, which others may be waiting for."""

    def __init__(self) -> None:
        """Begin without an outcome."""
        self.outcome: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.outdated = False
        """Whether what comes of it must not be kept: its subject has changed meanwhile."""


class Flights:
    """The work under way in this process, by name."""

    def __init__(self) -> None:
        """Begin with none."""
        self._under_way: dict[bytes, Flight] = {}

    async def share(self, name: bytes, work: Work) -> bytes:
        """Do the work, or wait for who does it already.

        It is done in the task of its caller, with whatever that request has open. If that is
        cancelled, the next in line does the work. If it fails, one of those who waited tries
        again, and its outcome, begun after all of them had asked, is everybody's.
        """
        failed = False
        while flight := self._under_way.get(name):
            outcome = flight.outcome
            await asyncio.wait({outcome})  # unlike awaiting it, leaving early cancels nobody's work
            if outcome.cancelled():
                continue
            error = outcome.exception()
            if error is None:
                return outcome.result()
            if failed:
                raise error
            failed = True
        return await self._lead(name, work)

    def outdate(self, name: bytes) -> None:
        """Let those who wait have the outcome, but nobody who asks from now on."""
        if flight := self._under_way.pop(name, None):
            flight.outdated = True

    async def _lead(self, name: bytes, work: Work) -> bytes:
        flight = self._under_way[name] = Flight()
        outcome = flight.outcome
        try:
            result = await work(flight)
            outcome.set_result(result)
        except Exception as error:
            outcome.set_exception(error)
            outcome.exception()  # or asyncio would complain when nobody waited for it
            raise
        finally:
            outcome.cancel()  # wakes those who wait when this task is cancelled
            if self._under_way.get(name) is flight:
                del self._under_way[name]
        return result
