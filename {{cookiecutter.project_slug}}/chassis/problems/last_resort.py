"""Answers for requests that no handler can answer any more."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from chassis.exchange import current_exchange
from chassis.problems.handshakes import refusing
from chassis.problems.problem import Problem, ProblemResponse
from chassis.websocket import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.service import Service

logger = logging.getLogger(__name__)


class LastResort:
    """Answers an error raised outside FastAPI, and a request cut at the end of the grace time.

    Without it the server would send a bare 500 for both. Cancellation that has another reason
    than the end of the process goes on.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        unhandled: Callable[[HTTPConnection, Exception], Awaitable[ProblemResponse]],
    ) -> None:
        self.app = app
        self.service = service
        self.unhandled = unhandled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer it if nothing else did."""
        is_websocket = scope["type"] == "websocket"
        try:
            await self.app(scope, receive, refusing(scope, receive, send) if is_websocket else send)
        except WebSocketDisconnect:
            raise  # which is how what serves one learns that it is closed
        except CancelledError:
            if answered() or not self.service.draining:
                raise
            logger.warning("request cut at the end of the grace time")
            busy = Problem(503, "The service is shutting down.", headers={"Retry-After": "1"})
            await ProblemResponse(busy)(scope, receive, send)
        except Exception as error:
            if not answered():
                response = await self.unhandled(HTTPConnection(scope), error)
                await response(scope, receive, send)
            elif is_websocket:
                await self.unhandled(HTTPConnection(scope), error)
                await send({"type": "websocket.close", "code": INTERNAL})
            raise


def answered() -> bool:
    """Tell whether an answer has begun, or there is none to give."""
    exchange = current_exchange.get()
    return exchange is None or exchange.status is not None
