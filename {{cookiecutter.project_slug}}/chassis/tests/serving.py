"""The whole service with features that are slow, that never end, and that say when they close."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from importlib import import_module
from time import sleep
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, WebSocket
from starlette.requests import Request
from starlette.responses import StreamingResponse

from chassis.contract.serving import Closing, Slow
from chassis.environment import load
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service

log = structlog.get_logger("app.slow")


class Endless(Feature):
    """Never comes to an end, or tells what it was asked."""

    def install(self, service: Service) -> None:
        router = APIRouter()

        @router.get("/client")
        async def client(request: Request) -> str | None:
            return request.client and request.client.host

        @router.get("/headers")
        async def headers(request: Request) -> list[str]:
            return [f"{name}: {value}" for name, value in request.headers.items()]

        @router.get("/bound")
        async def bound() -> None:
            structlog.contextvars.bind_contextvars(user="ada")

        @router.post("/read")
        async def read(request: Request) -> int:
            return len(await request.body())

        @router.get("/stuck")
        async def stuck() -> None:
            log.info("waiting")
            await asyncio.get_running_loop().run_in_executor(None, sleep, 60)

        @router.get("/endless")
        async def endless() -> StreamingResponse:
            async def ticks() -> AsyncIterator[bytes]:
                log.info("waiting")
                while True:
                    yield b"tick\n"
                    await asyncio.sleep(0.05)

            return StreamingResponse(ticks())

        router.add_api_route("/broken", broken)
        service.routers += [router, websocket_routes()]


@asynccontextmanager
async def failing() -> AsyncIterator[None]:
    yield
    raise RuntimeError("does not close")


async def broken() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"tick\n"
        raise LookupError("no tick is left")

    return StreamingResponse(parts())


def websocket_routes() -> APIRouter:
    router = APIRouter()

    @router.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        log.info("echoing")
        while True:
            await socket.send_text(await socket.receive_text())

    @router.websocket("/ticks")
    async def ticks_socket(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_bytes(b"tick" * 1000)
            await asyncio.sleep(0.01)

    @router.websocket("/deaf")
    async def deaf(socket: WebSocket) -> None:
        await socket.accept()
        log.info("deaf")
        await asyncio.sleep(60)

    @router.websocket("/undecided")
    async def undecided(socket: WebSocket) -> None:
        log.info("undecided")
        await asyncio.sleep(60)
        await socket.accept()

    return router


def main() -> int:
    root = import_module("app.main")
    settings = load(root.ENVIRONMENTS)
    service = root.compose(settings)
    for feature in (Closing(name="outer"), Slow(), Endless(), Closing(name="inner")):
        feature.install(service)
    if service.identity.name == "does-not-close":
        service.lifespans.append(failing)
    return int(settings.server.serve(service))


if __name__ == "__main__":
    sys.exit(main())
