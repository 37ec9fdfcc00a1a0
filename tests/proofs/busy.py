"""The carved service with a route that takes 8 ms of CPU, and one that collects garbage."""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import gc
import sys
import time

from app.main import ENVIRONMENTS, compose
from chassis.environment import load
from fastapi import APIRouter

SECONDS = 0.008

router = APIRouter()


@router.get("/busy")
async def read_busy() -> str:
    """Compute for a while."""
    until = time.thread_time() + SECONDS
    while time.thread_time() < until:
        pass
    return "done"


@router.get("/collect")
async def collect_garbage() -> list[float]:
    """Return the seconds of a full collection, and of one of everything since the process began."""
    seconds = [collect()]
    gc.unfreeze()
    seconds.append(collect())
    gc.freeze()
    return seconds


def collect() -> float:
    began = time.thread_time()
    gc.collect()
    return time.thread_time() - began


settings = load(ENVIRONMENTS)
service = compose(settings)
service.routers.append(router)
sys.exit(settings.server.serve(service))
