"""Single flight: of all who ask for the same key at once, one does the work and the others wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    Work: TypeAlias = Callable[[Callable[[], bool]], Awaitable[bytes]]
    """Is passed a function that tells whether its result is still wanted: False once forgotten."""


class SingleFlight:
    """The work in progress in this process, by key."""

    def __init__(self) -> None:
        self._flights: dict[bytes, asyncio.Future[bytes]] = {}

    async def run(self, key: bytes, work: Work) -> bytes:
        """Do the work, or wait for the result if it is in progress; all get its error as well.

        It runs in the task of its caller, which has that request's session. If that task is
        cancelled, the next in line does the work.
        """
        while flight := self._flights.get(key):
            await asyncio.wait({flight})  # unlike awaiting it, a cancelled waiter cancels no work
            if not flight.cancelled():
                return flight.result()
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            flight.set_result(await work(lambda: self._flights.get(key) is flight))
        except Exception as error:  # noqa: BLE001 - it is raised below
            flight.set_exception(error)
        finally:
            flight.cancel()  # wakes those who wait when this task is cancelled
            if self._flights.get(key) is flight:
                del self._flights[key]
        return flight.result()

    def forget(self, key: bytes) -> None:
        """Return the result to callers that wait, but to none that comes later."""
        self._flights.pop(key, None)
