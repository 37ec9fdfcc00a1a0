"""uvicorn's server with a drain: on SIGTERM it becomes unready first, and stops accepting later."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import select
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from chassis.application import Application
from chassis.exchange import current_exchange
from chassis.listeners import bind_listeners
from chassis.route_names import websocket_paths
from chassis.server import CLOSE_SECONDS, EXIT_SECONDS
from chassis.server.connection import Connection
from chassis.server.deferred_calls import DeferredCalls
from chassis.server.forwarded import ForwardedHeaders
from chassis.server.websockets import close_websockets

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from chassis.server import Server
    from chassis.service import Service

log = structlog.get_logger("chassis.server")

FIRST_REQUEST_SECONDS = 1
"""Seconds that the last accepted connections have to send their first request."""
ACCEPT_SECONDS = 0.02
"""Seconds after which the last accepted connection has reached uvicorn."""
TICKS_PER_SECOND = 10
ACCEPTS = 8
"""Connections accepted in one iteration of the event loop: uvloop accepts one for each descriptor.

With 1, connections would wait for seconds under overload, when an iteration takes 10 ms.
"""


class DrainingServer(uvicorn.Server):
    """Drains on the first SIGTERM or SIGINT, ends at once on the second."""

    def __init__(self, settings: Server, service: Service) -> None:
        self.settings = settings
        self.service = service
        self.service.defer = self.deferred_calls = DeferredCalls()
        self.phase_started = monotonic()
        self.close_timed_out = False
        self.wake_main_loop: Callable[[], object] = lambda: None
        service.probes |= {settings.root_path + path for path in service.probes}
        self.application = Application(service)
        forwarded = ForwardedHeaders(settings.trusted_proxies)
        super().__init__(
            uvicorn.Config(
                self.application,
                host=settings.host,
                port=settings.port,
                root_path=settings.root_path,
                http=partial(Connection, limits=settings, forwarded=forwarded),  # type: ignore[arg-type]
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=[str(it) for it in settings.trusted_proxies],
                ws_max_size=settings.max_message_bytes,
                timeout_keep_alive=settings.keep_alive_seconds,
                timeout_graceful_shutdown=settings.grace_seconds,
                reset_contextvars=True,  # or a pipelined request gets the context of another
            )
        )
        logging.getLogger("uvicorn.access").propagate = True  # its few lines are logged too
        logging.getLogger("uvicorn.error").addFilter(is_news)

    @property
    def exit_code(self) -> int:
        """0 if every feature closed, 1 otherwise."""
        return int(self.close_timed_out or self.lifespan.shutdown_failed)

    def serve_until_signalled(self) -> int:
        """Bind the listener and serve; return the exit code."""
        try:
            # Before any feature opens; uvicorn listens once all are open.
            self.listeners = bind_listeners(self.settings.host, self.settings.port)
        except (OSError, UnicodeError) as error:  # UnicodeError for an invalid host name
            log.critical(
                "cannot listen on SERVER_HOST and SERVER_PORT",
                host=self.settings.host,
                port=self.settings.port,
                reason=error.strerror if isinstance(error, OSError) else str(error),
            )
            return STARTUP_FAILURE
        try:
            more = [it.dup() for it in self.listeners for _ in range(ACCEPTS - 1)]
            self.run(self.listeners + more)
        except SystemExit as failed:
            return int(failed.code or 0)
        return self.exit_code

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Start the drain at the first signal; exit at the second, with the shell's code."""
        if self.should_exit:
            try:
                self.deferred_calls.run()
            finally:
                os._exit(128 + sig)
        self.phase_started = monotonic()
        self.service.draining = True
        self.should_exit = True
        self.wake_main_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the features, start listening, and log the URL."""
        await super().startup(sockets)
        if not all(it.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for it in self.listeners):
            log.critical("SERVER_PORT is already used by this service", port=self.settings.port)
            await self.lifespan.shutdown()
            raise SystemExit(STARTUP_FAILURE)
        self.warn_if_websockets_missing()
        gc.freeze()  # a full collection would visit all that was imported, and pause requests
        host, port, *_ = self.listeners[0].getsockname()
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        docs = {"docs": f"{url}/docs"} if self.application.openapi_url else {}
        log.info(
            "serving",
            url=url,
            **docs,
            revision=self.service.identity.revision,
            python=sys.version.split()[0],
            seconds=round(monotonic() - self.phase_started, 3),
        )

    def warn_if_websockets_missing(self) -> None:
        """Warn of WebSocket routes that uvicorn cannot serve."""
        routes = websocket_paths(self.application.routes)
        if routes and self.config.ws_protocol_class is None:
            log.warning(
                "WebSocket routes respond with 404: the library websockets is not installed. "
                "Run: uv add websockets",
                routes=routes,
            )

    async def main_loop(self) -> None:
        """Tick until a signal arrives; unlike uvicorn, wake at once, not at the next tick."""
        loop, signalled = asyncio.get_running_loop(), asyncio.Event()
        self.wake_main_loop = partial(loop.call_soon_threadsafe, signalled.set)
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(signalled.wait(), 1 / TICKS_PER_SECOND)

    async def on_tick(self, counter: int) -> bool:
        """Close slow connections once a second, beside what uvicorn does."""
        if counter % TICKS_PER_SECOND == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.close_if_slow()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain: serve unready for `drain_seconds`, stop accepting, finish requests, close."""
        log.info("draining", drain_seconds=self.settings.drain_seconds)
        for counter in range(int(self.settings.drain_seconds * TICKS_PER_SECOND)):
            await self.on_tick(counter)
            await asyncio.sleep(1 / TICKS_PER_SECOND)
        try:
            async with asyncio.timeout(self.settings.grace_seconds + CLOSE_SECONDS):
                connections = self.server_state.connections
                await asyncio.gather(
                    self.close_listeners(), close_websockets(self.service, connections)
                )
                await super().shutdown(sockets)
        except TimeoutError:
            self.close_timed_out = True
            log.error("shutdown timed out", close_seconds=CLOSE_SECONDS)  # noqa: TRY400 - known cause
        log.info("stopped", seconds=round(monotonic() - self.phase_started, 3))
        exit_watchdog = threading.Timer(EXIT_SECONDS, os._exit, [self.exit_code])
        exit_watchdog.daemon = True
        exit_watchdog.start()
        gc.freeze()  # do not collect garbage in memory that is about to be freed

    async def close_listeners(self) -> None:
        """Stop accepting when no connection waits, then wait for first requests on the last ones.

        Closing a listener resets connections that wait to be accepted, and a reverse proxy cannot
        retry their requests. A refused connection can be retried on another replica.
        """
        deadline = monotonic() + FIRST_REQUEST_SECONDS
        while select.select(self.listeners, [], [], 0)[0] and monotonic() < deadline:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)  # each iteration of the loop accepts one
        for server in self.servers:
            server.close()
        await asyncio.sleep(ACCEPT_SECONDS)
        for counter in range(FIRST_REQUEST_SECONDS * TICKS_PER_SECOND):
            connections = self.server_state.connections
            if all(it.cycle for it in connections if isinstance(it, Connection)):
                break
            await asyncio.sleep(1 / TICKS_PER_SECOND)
            await self.on_tick(counter)


def is_news(record: logging.LogRecord) -> bool:
    """Return whether a line of uvicorn says more than that a request failed, which is logged."""
    exchange = current_exchange.get()
    return record.exc_info is not None or exchange is None or not exchange.logged
