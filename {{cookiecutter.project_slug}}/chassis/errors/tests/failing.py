"""A service that fails in each of the ways that are reported; its name may choose one more."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import asynccontextmanager
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

import sentry_sdk
from fastapi import APIRouter, BackgroundTasks
from starlette.responses import StreamingResponse

from chassis.environment import load
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service

log = logging.getLogger("orders")
tasks: set[asyncio.Task[None]] = set()


def fail(how: str) -> None:
    raise LookupError(how)


def fail_as_told(how: str, later: BackgroundTasks) -> None:
    match how:
        case "handler":
            fail(how)
        case "later":
            later.add_task(fail, how)
        case "thread":
            Thread(target=fail, args=[how]).start()
        case "line":
            log.error("no %s is left", "tea", extra={"pot": "blue", "password": "pl4nted"})
        case "twice":
            try:
                fail(how)
            except LookupError:
                log.exception("it failed")
                raise
        case "warning":
            log.warning("all is well")


class Failing(Feature):
    """Fails."""

    def install(self, service: Service) -> None:
        service.routers.append(routes())

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            if service.identity.name == "fails-to-open":
                fail("fails-to-open")
            yield
            if service.identity.name == "fails-to-close":
                fail("fails-to-close")

        service.lifespans.append(lifespan)


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/fails/{how}")
    async def fails(how: str, later: BackgroundTasks) -> None:
        if how == "task":
            task = asyncio.create_task(in_task(how))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        fail_as_told(how, later)

    @router.get("/cut-off")
    async def cut_off() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            fail("stream")

        return StreamingResponse(parts())

    @router.get("/users/{user}")
    async def tell_user(user: str) -> None:
        if user != "nobody":
            sentry_sdk.set_user({"id": user})
        log.error("asked")

    return router


async def in_task(how: str) -> None:
    fail(how)


def main() -> int:
    root = import_module("app.main")
    settings = load(root.ENVIRONMENTS)
    service = root.compose(settings)
    Failing().install(service)
    if service.identity.name == "fails-at-once":
        fail(service.identity.name)
    code = int(settings.server.serve(service))
    if service.identity.name == "fails-last":
        fail(service.identity.name)
    return code


if __name__ == "__main__":
    sys.exit(main())
