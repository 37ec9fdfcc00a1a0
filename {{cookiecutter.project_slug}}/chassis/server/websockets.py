"""Closes WebSockets when the service stops: clients are told to come back, handlers to end."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from chassis.server.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Collection

    from chassis.service import Service

GOODBYE_SECONDS = 1
"""Seconds that clients get to close their side, and handlers to end by themselves."""
PAUSE = 0.02


async def close_websockets(service: Service, connections: Collection[asyncio.Protocol]) -> None:
    """Close all with 1012, service restart; cut off whoever has not closed in time.

    Connections of uvicorn that are no `Connection` are WebSockets, whatever library serves them.
    """
    latest = monotonic() + GOODBYE_SECONDS
    goodbyes: dict[object, asyncio.Task[None]] = {}
    while (service.websockets or _upgraded(connections)) and monotonic() < latest:
        for websocket in service.websockets - goodbyes.keys():
            goodbyes[websocket] = asyncio.create_task(websocket.leave())
        await asyncio.sleep(PAUSE)
    for goodbye in goodbyes.values():
        goodbye.cancel()  # its client takes nothing any more
    await asyncio.gather(*goodbyes.values(), return_exceptions=True)
    for websocket in list(service.websockets):
        websocket.cancel()
    for connection in _upgraded(connections):
        connection.transport.abort()  # type: ignore[attr-defined]


def _upgraded(connections: Collection[asyncio.Protocol]) -> list[asyncio.Protocol]:
    return [connection for connection in connections if not isinstance(connection, Connection)]
