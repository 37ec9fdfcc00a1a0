"""Single flight: of concurrent callers with the same key, one does the work and the others wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    Work: TypeAlias = Callable[[Callable[[], bool]], Awaitable[bytes]]
    """Gets a function that returns whether the result is still wanted: False after `forget`."""


class SingleFlight:
    """The work in progress in this process, by key."""

    def __init__(self) -> None:
        self._flights: dict[bytes, asyncio.Future[bytes]] = {}

    async def run(self, key: bytes, work: Work) -> bytes:
        """Do the work, or wait for its result if it is in progress; all callers get its error too.

        The work runs in the task of its caller, which has that request's session. If that task is
        cancelled, the next caller does the work.
        """
        while flight := self._flights.get(key):
            await asyncio.wait({flight})  # unlike await, cancels no work if cancelled
            if not flight.cancelled():
                return flight.result()
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            flight.set_result(await work(lambda: self._flights.get(key) is flight))
        except Exception as error:  # noqa: BLE001 - it is raised below
            flight.set_exception(error)
        finally:
            flight.cancel()  # wakes the waiting callers when this task is cancelled
            if self._flights.get(key) is flight:
                del self._flights[key]
        return flight.result()

    def forget(self, key: bytes) -> None:
        """Give the result to callers that wait now, but not to later ones."""
        self._flights.pop(key, None)
