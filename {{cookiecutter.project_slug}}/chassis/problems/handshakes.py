"""Denies WebSocket handshakes with a problem, as ASGI's denial response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.exchange import current_exchange
from chassis.problems.problem import Problem, ProblemResponse

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

DENIAL = "websocket.http.response"
"""ASGI extension that denies a handshake with a whole response."""


def deny_with_problem(scope: Scope, receive: Receive, send: Send) -> Send:
    """Wrap `send`: closing during the handshake becomes 404 without a route, 403 with one.

    Servers would respond with a bare 403 to both.
    """
    exchange = current_exchange.get()

    async def send_or_deny(message: Message) -> None:
        is_denied = message["type"] == "websocket.close" and exchange and exchange.status is None
        if not is_denied or DENIAL not in scope.get("extensions", ()):
            await send(message)
            return
        problem = Problem(403 if "endpoint" in scope else 404)
        await ProblemResponse(problem)(scope, receive, send)

    return send_or_deny
