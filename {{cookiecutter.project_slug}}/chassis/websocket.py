"""One WebSocket: it gets an id, is timed, and is passed to all observers."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from typing import TYPE_CHECKING, Protocol

from starlette.websockets import WebSocketDisconnect

from chassis.exchange import Board, Exchange, current_exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["WebSocketExchange"]

SWITCHING_PROTOCOLS = 101
FORBIDDEN = 403
SERVER_ERROR = 500
NORMAL, NO_CODE, ABNORMAL, VIOLATION, INTERNAL, RESTART = 1000, 1005, 1006, 1008, 1011, 1012
"""Close codes: RFC 6455, section 7.4.1, and IANA's registry for the last one."""


class WebSocketBoard(Board, Protocol):
    """What a WebSocket needs from its service, beyond `Board`."""

    websocket_observers: list[Callable[[WebSocketExchange], None]]
    websockets: set[WebSocketExchange]


class WebSocketExchange(Exchange):
    """One WebSocket. Its handshake is a request; if denied, it is an ordinary exchange.

    `status` is 101 once it is open, and `code` is set once it is closed.
    """

    code: int | None = None
    """Close code, from either side; None if the handshake was denied."""
    messages_received = 0
    messages_sent = 0
    _service: WebSocketBoard

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        service: WebSocketBoard,
        routes: Sequence[BaseRoute] = (),
    ) -> None:
        super().__init__(scope, send, service, routes)
        self._receive = receive
        self._task = asyncio.current_task()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent and received."""
        return self.status == SWITCHING_PROTOCOLS and self.code is None

    async def receive(self) -> Message:
        """Receive from the client; record its close code."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            self.messages_received += 1
        elif message["type"] == "websocket.disconnect" and self.is_open:
            self.code = message.get("code") or NO_CODE
        return message

    async def send(self, message: Message) -> None:
        """Send to the client; the response to the handshake gets the request id.

        Raises ConnectionResetError for a message to a closed WebSocket, as ASGI requires.
        """
        kind = message["type"]
        if self.code is not None:
            if kind == "websocket.send":
                raise ConnectionResetError(f"The WebSocket is closed with code {self.code}.")
        elif self.status == SWITCHING_PROTOCOLS:
            await self._send_open(message)
        else:
            await self._answer_handshake(message)

    async def _send_open(self, message: Message) -> None:
        """Send a message, or close. An error response becomes a close code."""
        kind = message["type"]
        if kind == "websocket.http.response.start":
            is_server_error = message["status"] >= SERVER_ERROR
            message = {
                "type": "websocket.close",
                "code": INTERNAL if is_server_error else VIOLATION,
            }
        if message["type"] == "websocket.close":
            self.code = message.get("code") or NORMAL
        await self._send(message)
        self.messages_sent += kind == "websocket.send"

    async def _answer_handshake(self, message: Message) -> None:
        """Answer the handshake: accept it, or deny it with a status or a whole response."""
        match message["type"]:
            case "websocket.accept":
                own = (b"x-request-id", self.request_id.encode())
                await self._send({**message, "headers": [*message.get("headers", ()), own]})
                self.status = SWITCHING_PROTOCOLS
                return
            case "websocket.close":
                self.status, self.complete = FORBIDDEN, True
            case "websocket.http.response.start":
                self.status = message["status"]
                message = {**message, "headers": self._complete_headers(message.get("headers", ()))}
            case "websocket.http.response.body":
                self.sent += len(message.get("body", b""))
                self.complete = not message.get("more_body", False)
        await self._send(message)

    async def close_for_restart(self) -> None:
        """Close it with 1012, service restart; a handshake in progress is cancelled."""
        if self.is_open:
            await self.send({"type": "websocket.close", "code": RESTART})
        elif self.status is None:
            self.cancel()

    def cancel(self) -> None:
        """Cancel the task that serves it."""
        if self._task is not None:
            self._task.cancel()

    def _notify_observers(self) -> None:
        if self.status != SWITCHING_PROTOCOLS:
            self.scope["method"] = "GET"  # the method of every handshake
            super()._notify_observers()
            return
        for observe in self._service.websocket_observers:
            observe(self)


class WebSocketMiddleware:
    """Makes every WebSocket an exchange; serves other protocols unchanged."""

    def __init__(
        self, app: ASGIApp, service: WebSocketBoard, routes: Sequence[BaseRoute] = ()
    ) -> None:
        self.app = app
        self.service = service
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket. A client that disconnects is no error."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        exchange = WebSocketExchange(scope, receive, send, self.service, self.routes)
        current_exchange.set(exchange)
        self.service.websockets.add(exchange)
        try:
            await self.app(scope, exchange.receive, exchange.send)
            if exchange.is_open:
                await exchange.send({"type": "websocket.close", "code": NORMAL})
        except WebSocketDisconnect:
            pass
        except CancelledError:
            if exchange.code is None or not self.service.draining:
                raise
        except Exception:
            if not exchange.logged:
                raise
        finally:
            if exchange.is_open:
                exchange.code = ABNORMAL
            self.service.websockets.discard(exchange)
            exchange.end()
