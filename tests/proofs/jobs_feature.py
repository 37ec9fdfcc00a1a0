"""A feature whose jobs can be counted: what they did, how often they ran, where they fail."""
# mypy: ignore-errors
# It runs in a carved service, whose libraries the environment of the template has not.

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chassis.database import Session  # noqa: TC002 - FastAPI reads the annotation
from chassis.jobs import Run, job
from chassis.problems import Problem
from chassis.service import Feature
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

if TYPE_CHECKING:
    from chassis.service import Service
    from sqlalchemy.ext.asyncio import AsyncSession


class Number(BaseModel):
    """What every job gets."""

    n: int = 0
    seconds: float = 0


async def note_run(run: Run, name: str, n: int) -> None:
    """Write down that a job has begun, at once."""
    statement = text("INSERT INTO runs (name, n, attempt, pid) VALUES (:name, :n, :attempt, :pid)")
    engine: AsyncEngine = run.resource(AsyncEngine)
    async with engine.begin() as connection:
        given = {"name": name, "n": n, "attempt": run.attempt, "pid": os.getpid()}
        await connection.execute(statement, given)


@job("effect", Number, tries=20)
async def effect(number: Number, run: Run) -> None:
    """Write a row, once, and take some time before and after."""
    await note_run(run, "effect", number.n)
    await asyncio.sleep(number.seconds / 2)

    async def write(session: AsyncSession) -> None:
        await session.execute(text("INSERT INTO effects (n) VALUES (:n)"), {"n": number.n})

    await run.once(write)
    await asyncio.sleep(number.seconds / 2)


@job("fail", Number, tries=3)
async def fail(number: Number, run: Run) -> None:
    """Fail every time."""
    await note_run(run, "fail", number.n)
    raise RuntimeError("as always")


@job("kill", Number, tries=3)
async def kill(number: Number, run: Run) -> None:
    """End the worker as a crash of the interpreter does."""
    await note_run(run, "kill", number.n)
    os.kill(os.getpid(), signal.SIGKILL)


@job("tick", Number, cron="* * * * * */2")
async def tick(number: Number, run: Run) -> None:
    """Write down the slot."""
    await note_run(run, run.key, number.n)


JOBS = {it.name: it for it in (effect, fail, kill, tick)}
router = APIRouter(prefix="/trials")


@router.post("/{name}", status_code=202)
async def enqueue(  # noqa: PLR0913, PLR0917 - what a request may ask for
    name: str,
    session: Session,
    count: int = 1,
    n: int = 0,
    seconds: float = 0,
    delay: float = 0,
    unique: str | None = None,
    failure: str = "",
) -> dict[str, Any]:
    """Enqueue jobs in the request's transaction, which may fail before or after other work."""
    keys = []
    for number in range(n, n + count):
        arguments = Number(n=number, seconds=seconds)
        options: dict[str, Any] = {"delay": timedelta(seconds=delay), "unique": unique}
        keys.append(await JOBS[name].enqueue(session, arguments, **options))
    if failure == "statement":
        await session.execute(text("SELECT 1 / 0"))
    if failure == "problem":
        raise Problem(409, "as asked")
    return {"keys": keys}


class Trials(Feature):
    """The jobs, and the route that enqueues them."""

    schedule: bool = False
    """Whether the schedule runs."""

    def install(self, service: Service) -> None:
        """Register them."""
        service.routers.append(router)
        service.jobs += [it for it in JOBS.values() if it is not tick or self.schedule]
