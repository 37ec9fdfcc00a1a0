"""Responds to requests that no exception handler can respond to."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from chassis.exchange import current_exchange
from chassis.problems.problem import Problem, ProblemResponse
from chassis.websocket import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.service import Service

logger = logging.getLogger(__name__)


class FallbackMiddleware:
    """Responds to errors raised outside FastAPI, and to requests cancelled after the grace time.

    Without it the server would send a 500 without a problem for both. Other cancellations are
    raised.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        handle_error: Callable[[HTTPConnection, Exception], Awaitable[ProblemResponse]],
    ) -> None:
        self.app = app
        self.service = service
        self.handle_error = handle_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; respond to it if it fails without a response."""
        try:
            await self.app(scope, receive, send)
        except WebSocketDisconnect:
            raise  # raised to the caller, which knows that it is closed
        except CancelledError:
            if response_started() or not self.service.draining:
                raise
            logger.warning("request cancelled: the grace time has expired")
            stopping = Problem(503, "The service is shutting down.", headers={"Retry-After": "1"})
            await ProblemResponse(stopping)(scope, receive, send)
        except Exception as error:
            if not response_started():
                response = await self.handle_error(HTTPConnection(scope), error)
                await response(scope, receive, send)
            elif scope["type"] == "websocket":
                await self.handle_error(HTTPConnection(scope), error)
                await send({"type": "websocket.close", "code": INTERNAL})
            raise


def response_started() -> bool:
    """Return whether a response has started, or none is possible."""
    exchange = current_exchange.get()
    return exchange is None or exchange.status is not None
