"""One line for each WebSocket that was open, when it has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chassis.logs.access import client_address, duration_ms, logger
from chassis.websocket import INTERNAL

if TYPE_CHECKING:
    from chassis.websocket import WebSocketExchange


def log_websocket(websocket: WebSocketExchange) -> None:
    """Write the line of one WebSocket, without the query, which may contain anything."""
    level = logging.ERROR if websocket.code == INTERNAL else logging.INFO
    if not logger.isEnabledFor(level):
        return
    message = f"WebSocket {websocket.route} closed with {websocket.code}"
    fields = {
        "http.request.method": "GET",
        "http.route": websocket.route,
        "http.response.status_code": websocket.status,
        "websocket.close_code": websocket.code,
        "websocket.messages_received": websocket.messages_received,
        "websocket.messages_sent": websocket.messages_sent,
        "duration_ms": round(duration_ms(websocket), 3),
        "client.address": client_address(websocket),
    }
    record = logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=fields)
    record.created = websocket.ended
    logger.handle(record)
