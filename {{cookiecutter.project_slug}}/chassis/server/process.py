"""uvicorn, taught to turn clients away before it closes its door."""

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
from chassis.route_names import websocket_paths
from chassis.server.connection import Connection
from chassis.server.turn import Turn
from chassis.server.websockets import close_websockets

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from chassis.server import Server
    from chassis.service import Service

log = structlog.get_logger("chassis.server")

CLOSE_SECONDS = 4
"""Seconds that the features get, all together, to close what they opened."""
LAST_SECONDS = 1
"""Seconds that the interpreter gets to end, which waits for threads and tasks of any kind."""
ARRIVAL_SECONDS = 1
"""Seconds that who is connected when the port closes may take to be let in, and to ask."""
LET_IN_SECONDS = 0.02
"""Seconds after which who was at the port when it closed is known to be connected."""
TICKS_PER_SECOND = 10


class Process(uvicorn.Server):
    """Drains on the first SIGTERM or SIGINT, ends at once on the second."""

    def __init__(self, settings: Server, service: Service) -> None:
        """Turn the settings into uvicorn's."""
        self.settings = settings
        self.service = service
        self.service.later = Turn()
        self.began = monotonic()
        self.gave_up = False
        self.wake: Callable[[], object] = lambda: None
        self.application = Application(service)
        super().__init__(
            uvicorn.Config(
                self.application,
                host=settings.host,
                port=settings.port,
                http=partial(Connection, limits=settings),  # type: ignore[arg-type]
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
                ws_max_size=settings.max_message_bytes,
                timeout_keep_alive=settings.keep_alive_seconds,
                timeout_graceful_shutdown=settings.grace_seconds,
                reset_contextvars=True,  # or a pipelined request inherits the one before
            )
        )
        logging.getLogger("uvicorn.access").propagate = True  # what little it says is logged, too

    @property
    def exit_code(self) -> int:
        """0 after a stop in which every feature closed, 1 otherwise."""
        return int(self.gave_up or self.lifespan.shutdown_failed)

    def serve_until_signalled(self) -> int:
        """Run; return the exit code."""
        try:
            self.door = self.bind()
        except (OSError, UnicodeError) as error:  # the latter of a name that can be none
            log.critical(
                "cannot listen on SERVER_HOST and SERVER_PORT",
                host=self.settings.host,
                port=self.settings.port,
                reason=error.strerror if isinstance(error, OSError) else str(error),
            )
            return STARTUP_FAILURE
        try:
            self.run([self.door])
        except SystemExit as failed:
            return int(failed.code or 0)
        return self.exit_code

    def bind(self) -> socket.socket:
        """Take the port before anything is opened; uvicorn listens on it when all is open."""
        found = socket.getaddrinfo(
            self.settings.host, self.settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        door = socket.socket(family, kind, protocol)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        return door

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Flip readiness at the first signal; give up at the second, with what a shell expects."""
        if self.should_exit:
            os._exit(128 + sig)
        self.began = monotonic()
        self.service.draining = True
        self.should_exit = True
        self.wake()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the features and the port, then say where."""
        await super().startup(sockets)
        if not self.door.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            log.critical("SERVER_PORT is taken, by this service itself", port=self.settings.port)
            await self.lifespan.shutdown()
            raise SystemExit(STARTUP_FAILURE)
        self.warn_of_missing_library()
        host, port, *_ = self.door.getsockname()
        shown = f"[{host}]" if ":" in host else host
        log.info(
            "serving",
            url=f"http://{shown}:{port}",
            revision=self.service.identity.revision,
            python=sys.version.split()[0],
            seconds=round(monotonic() - self.began, 3),
        )

    def warn_of_missing_library(self) -> None:
        """Say it if there are routes for WebSockets that uvicorn cannot serve."""
        routes = websocket_paths(self.application.routes)
        if routes and self.config.ws_protocol_class is None:
            log.warning(
                "WebSocket routes answer 404: the library websockets is not installed. "
                "Run: uv add websockets",
                routes=routes,
            )

    async def main_loop(self) -> None:
        """Tick until a signal comes, and then at once, where uvicorn sleeps on."""
        loop, signalled = asyncio.get_running_loop(), asyncio.Event()
        self.wake = partial(loop.call_soon_threadsafe, signalled.set)
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(signalled.wait(), 1 / TICKS_PER_SECOND)

    async def on_tick(self, counter: int) -> bool:
        """Look after slow clients once a second, beside what uvicorn does."""
        if counter % TICKS_PER_SECOND == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.close_if_slow()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on, unready, until every load balancer has noticed; then close what was opened."""
        log.info("draining", drain_seconds=self.settings.drain_seconds)
        for counter in range(int(self.settings.drain_seconds * TICKS_PER_SECOND)):
            await self.on_tick(counter)
            await asyncio.sleep(1 / TICKS_PER_SECOND)
        try:
            async with asyncio.timeout(self.settings.grace_seconds + CLOSE_SECONDS):
                connections = self.server_state.connections
                await asyncio.gather(self.close_door(), close_websockets(self.service, connections))
                await super().shutdown(sockets)
        except TimeoutError:
            self.gave_up = True
            log.error("gave up closing", close_seconds=CLOSE_SECONDS)  # noqa: TRY400 - no news
        log.info("stopped", seconds=round(monotonic() - self.began, 3))
        patience = threading.Timer(LAST_SECONDS, os._exit, [self.exit_code])
        patience.daemon = True
        patience.start()
        gc.freeze()  # or the interpreter looks for cycles in all that lives, only to drop it

    async def close_door(self) -> None:
        """Close the port while nobody waits at it, then wait for the requests of who came in last.

        To close it on somebody cuts off a request that may be on its way. A proxy that has sent one
        cannot repeat it; one that is refused can ask another replica.
        """
        latest = monotonic() + ARRIVAL_SECONDS
        while select.select([self.door], [], [], 0)[0] and monotonic() < latest:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)  # one turn of the loop lets in one of them
        for server in self.servers:
            server.close()
        await asyncio.sleep(LET_IN_SECONDS)
        for counter in range(ARRIVAL_SECONDS * TICKS_PER_SECOND):
            connections = self.server_state.connections
            if all(it.cycle for it in connections if isinstance(it, Connection)):
                break
            await asyncio.sleep(1 / TICKS_PER_SECOND)
            await self.on_tick(counter)
