"""Answers a handshake that is refused: a WebSocket that never opens is a request with a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.exchange import current_exchange
from chassis.problems.problem import Problem, ProblemResponse

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

DENIAL = "websocket.http.response"
"""Extension of ASGI by which a handshake can be refused with a whole answer."""


def refusing(scope: Scope, receive: Receive, send: Send) -> Send:
    """Wrap `send`: to close before the handshake is over is 404 without a route, 403 with one.

    Servers would answer with a bare 403 for both.
    """
    exchange = current_exchange.get()

    async def send_or_refuse(message: Message) -> None:
        refused = message["type"] == "websocket.close" and exchange and exchange.status is None
        if not refused or DENIAL not in scope.get("extensions", ()):
            await send(message)
            return
        problem = Problem(403 if "endpoint" in scope else 404)
        await ProblemResponse(problem)(scope, receive, send)

    return send_or_refuse
