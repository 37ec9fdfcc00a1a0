"""Times jobs through the feature and with the library alone, on the same tables.

Run in the environment of a carved service with jobs: `python job_calls.py`.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from app.main import ENVIRONMENTS, compose
from chassis.environment import load
from chassis.jobs import Run, job
from chassis.jobs.library import connect, make_app
from chassis.jobs.running import Runner
from lifespan import opened
from procrastinate import App
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

JOBS, ROUNDS, LATENCIES, CONCURRENCY = 100, 7, 30, 10
EMPTY = text("TRUNCATE procrastinate_jobs, job_receipts CASCADE")
QUIET = {"install_signal_handlers": False, "concurrency": CONCURRENCY}


class Number(BaseModel):
    """What every job gets."""

    n: int = 0


class Way:
    """One way to enqueue and to run a job that does next to nothing."""

    def __init__(self, app: App, enqueue: Callable[[], Awaitable[object]]) -> None:
        self.app = app
        self.enqueue = enqueue
        self.seen: dict[str, list[float]] = {"enqueue": [], "jobs": [], "ran": [], "latency": []}

    async def round(self) -> None:
        """Enqueue jobs one after the other, then run them all."""
        began = time.perf_counter()
        for _ in range(JOBS):
            await self.enqueue()
        self.seen["enqueue"].append((time.perf_counter() - began) / JOBS * 1e3)
        began, ran = time.perf_counter(), time.process_time()
        await self.app.run_worker_async(wait=False, listen_notify=False, **QUIET)
        self.seen["jobs"].append(JOBS / (time.perf_counter() - began))
        self.seen["ran"].append((time.process_time() - ran) / JOBS * 1e3)


class Started:
    """When the latest job began."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.at = 0.0

    def note(self) -> None:
        """Note it."""
        self.at = time.perf_counter()
        self.event.set()


async def measure_latency(way: Way, started: Started) -> None:
    """Measure the time from the commit to the start, with a worker that has nothing else to do."""
    worker = asyncio.create_task(way.app.run_worker_async(**QUIET))
    await asyncio.sleep(1)
    for _ in range(LATENCIES):
        started.event.clear()
        await way.enqueue()
        began = time.perf_counter()
        await asyncio.wait_for(started.event.wait(), 30)
        way.seen["latency"].append((started.at - began) * 1e3)
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker


async def main() -> None:
    """Time all of it; print JSON."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    settings = load(ENVIRONMENTS)
    service = compose(settings)
    started = Started()

    @job("nothing", Number)
    async def nothing(_: Number, __: Run) -> None:
        started.note()

    @job("once", Number)
    async def once(_: Number, run: Run) -> None:
        started.note()
        await run.once(touch)

    async def touch(session) -> None:
        await session.execute(text("SELECT 1"))

    async def add(one) -> None:
        async with service.resources[async_sessionmaker]() as session:
            await one.enqueue(session, Number(n=7))
            await session.commit()

    alone = App(connector=connect(service, settings.database))

    @alone.task(name="nothing")
    async def nothing_alone(**_: object) -> None:
        started.note()

    async with opened(service), alone.open_async():
        runner = Runner(service, settings.jobs)
        app = make_app(connect(service, settings.database), runner, [nothing, once])
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        async with app.open_async():
            ways = {
                "the library alone": Way(alone, lambda: nothing_alone.defer_async(arguments={})),
                "**a job**": Way(app, lambda: add(nothing)),
                "**a job with `run.once`**": Way(app, lambda: add(once)),
            }
            for number in range(ROUNDS + 1):  # the first one warms
                for way in ways.values():
                    async with service.resources[AsyncEngine].begin() as connection:
                        await connection.execute(EMPTY)
                    await way.round()
                    if not number:
                        way.seen = {name: [] for name in way.seen}
            for way in ways.values():
                await measure_latency(way, started)
    json.dump({name: way.seen for name, way in ways.items()}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
