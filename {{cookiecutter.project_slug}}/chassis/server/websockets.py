"""Closes WebSockets when the service stops, with code 1012 (service restart)."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from chassis.server.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Collection

    from chassis.service import Service

CLOSE_HANDSHAKE_SECONDS = 1
"""Seconds that clients have to complete the close, and handlers to return."""
POLL_SECONDS = 0.02


async def close_websockets(service: Service, connections: Collection[asyncio.Protocol]) -> None:
    """Close all with 1012; abort those that have not closed in time.

    Any connection of uvicorn that is not a `Connection` is a WebSocket, whichever library serves
    it.
    """
    deadline = monotonic() + CLOSE_HANDSHAKE_SECONDS
    closings: dict[object, asyncio.Task[None]] = {}
    while (service.websockets or _websocket_connections(connections)) and monotonic() < deadline:
        for websocket in service.websockets - closings.keys():
            closings[websocket] = asyncio.create_task(websocket.close_for_restart())
        await asyncio.sleep(POLL_SECONDS)
    for closing in closings.values():
        closing.cancel()  # its client no longer reads
    await asyncio.gather(*closings.values(), return_exceptions=True)
    for websocket in list(service.websockets):
        websocket.cancel()
    for connection in _websocket_connections(connections):
        connection.transport.abort()  # type: ignore[attr-defined]


def _websocket_connections(connections: Collection[asyncio.Protocol]) -> list[asyncio.Protocol]:
    return [connection for connection in connections if not isinstance(connection, Connection)]
