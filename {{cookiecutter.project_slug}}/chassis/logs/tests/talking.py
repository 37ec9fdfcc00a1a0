"""Routes that log from everywhere, fail, and leave errors that nobody catches."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading

import structlog
from fastapi import APIRouter, BackgroundTasks, HTTPException

router = APIRouter()


def log_in(where: str) -> None:
    logging.getLogger("library").info(where)
    structlog.get_logger("shop").info(where)


@router.get("/everywhere/{item}")
async def everywhere(item: str, later: BackgroundTasks) -> None:
    later.add_task(log_in, "background")
    log_in("endpoint")

    async def task() -> None:
        log_in("task")

    await asyncio.create_task(task())
    await asyncio.to_thread(log_in, "thread")
    await asyncio.get_running_loop().run_in_executor(None, log_in, "executor")


@router.get("/sync")
def sync() -> None:
    log_in("sync endpoint")


@router.get("/fails")
async def fails() -> None:
    raise HTTPException(503)


def fail() -> None:
    raise ValueError("nobody catches it")


@router.get("/abandons/{kind}")
async def abandons(kind: str) -> None:
    if kind == "thread":
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    else:

        async def task() -> None:
            fail()

        cycle: list[object] = [asyncio.create_task(task())]
        cycle.append(cycle)  # only the garbage collector finds that nobody has it
        await asyncio.sleep(0.01)


@router.get("/collects")
async def collects() -> None:
    gc.collect()


@router.get("/bound")
async def bound() -> None:
    structlog.contextvars.bind_contextvars(tenant="acme")


@router.get("/livez")
async def livez() -> None: ...
