"""The carved service with features that misbehave on request: `faulty.py <folder>`.

Runs in the environment of a carved service. A file `<folder>/<check>` holds the check's mood.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Never
from urllib.parse import quote

import structlog
from app.main import ENVIRONMENTS, compose
from chassis.environment import load
from chassis.service import Check, Feature, Service
from fastapi import APIRouter, BackgroundTasks
from hostile_values import PLACES, WAYS, values

FOLDER = Path(sys.argv[1])
GATES = {"gate": "startup", "need": "readiness", "extra": "nothing"}
SECRET = "dsn-hunter2-of-the-check"  # noqa: S105 - planted, to be looked for
DSN = f"postgresql://admin:{SECRET}@db.internal:5432/orders"
ERRORS = {"fail": RuntimeError, "exit": SystemExit, "cancel": asyncio.CancelledError}


class Dependency:
    """Something outside, as its file has it."""

    def __init__(self, name: str) -> None:
        self.file = FOLDER / name
        self.runs = FOLDER / f"{name}.runs"

    def mood(self) -> str:
        return self.file.read_text() if self.file.exists() else "well"

    def wait_in_thread(self) -> None:
        while self.mood() == "block":
            time.sleep(0.05)

    async def wait_stubbornly(self) -> None:
        while self.mood() == "swallow":
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.05)

    async def probe(self) -> None:
        with self.runs.open("a") as runs:
            runs.write(".")
        match self.mood():
            case "hang":
                await asyncio.sleep(3600)
            case "block":
                await asyncio.to_thread(self.wait_in_thread)
            case "swallow":
                await self.wait_stubbornly()
            case "slow":
                await asyncio.sleep(0.5)
            case mood if mood in ERRORS:
                raise ERRORS[mood](f"cannot reach {DSN}")


class Moody(Feature):
    """Depends on things that fail in every way."""

    def install(self, service: Service) -> None:
        for name, gates in GATES.items():
            service.checks[name] = Check(probe=Dependency(name).probe, gates=gates, timeout=30)


class Blocking(Feature):
    """Keeps the event loop from everything else."""

    def install(self, service: Service) -> None:
        router = APIRouter()

        @router.get("/sleeps/{seconds}")
        async def sleeps(tenant: str, seconds: float) -> str:
            time.sleep(seconds)  # noqa: ASYNC251 - that is the fault
            return tenant

        @router.get("/spins/{seconds}")
        async def spins(tenant: str, seconds: float) -> str:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                pass
            return tenant

        outer = APIRouter()
        outer.include_router(router, prefix="/tenants/{tenant}")
        service.routers.append(outer)


class Talkative(Feature):
    """Logs what nobody should, from everywhere."""

    def install(self, service: Service) -> None:
        router = APIRouter()
        router.add_api_route("/hostile", hostile)
        router.add_api_route("/hostile-sync", hostile_sync)
        router.add_api_route("/chatter/{who}", chatter)
        router.add_api_route("/chatter-sync/{who}", chatter_sync)
        router.add_api_route("/secrets", secrets)
        router.add_api_route("/failing", failing)
        router.add_api_route("/stray", stray)
        service.routers.append(router)


async def hostile() -> list[str]:
    """Log every value in every way, each from the next place; name the loggers used."""
    return [
        await PLACES[(i + j) % len(PLACES)](partial(way, f"hostile.{way.__name__}.{i}", value))
        for i, value in enumerate(values())
        for j, way in enumerate(WAYS)
    ]


def hostile_sync() -> list[str]:
    """Do the same from a thread."""
    return [
        way(f"sync.{way.__name__}.{i}", value) for i, value in enumerate(values()) for way in WAYS
    ]


def speak(who: str) -> None:
    """Say who one is, through both libraries."""
    logging.getLogger("third.party").info("I am %s", who, extra={"who": who})
    time.sleep(0.001)
    structlog.get_logger("structured").info("so am I", who=who)


async def chatter(who: str, later: BackgroundTasks) -> str:
    """Log from every place, interleaved with all others who do."""
    later.add_task(speak, who)
    for place in PLACES:
        await place(partial(speak, who))
        await asyncio.sleep(0.01)
    async with asyncio.TaskGroup() as group:
        for place in PLACES:
            group.create_task(place(partial(speak, who)))
    return who


def chatter_sync(who: str, later: BackgroundTasks) -> str:
    """Do it from a thread."""
    later.add_task(speak, who)
    for _ in range(len(PLACES)):
        speak(who)
    return who


async def secrets(known: str, password: str) -> None:
    """Log a secret of the settings and a password that only its place gives away."""
    url = f"amqp://orders:{password}@queue.internal/"
    for text in (known, f"x{known}x", f"{'é' * 8_000}{known}{'é' * 900_000}", f"at {url}"):
        for way in WAYS:
            await PLACES[len(text) % len(PLACES)](partial(way, f"secrets.{way.__name__}", text))
            way(f"secrets.{way.__name__}", [text.encode(), {text: (text,)}])
    log = structlog.get_logger("secrets")
    log.info("kept", password=password, headers=[(b"cookie", password.encode())])
    log.info("kept", **{"db.password": password, "body": {"api_key": [password]}})
    log.info("nested", request={"Authorization": f"Bearer {password}"}, stack_info=True)
    logging.getLogger(known).info("a logger of that name")
    logging.getLogger("a.client").info("GET https://a.example/?q=%s", quote(known, safe=""))
    threading.Thread(target=fail, args=(known, url), name=known).start()


async def failing(known: str, password: str) -> None:
    """Fail with a secret in the message, in a cause, in a note and in local variables."""
    fail(known, f"amqp://orders:{password}@queue.internal/")


def fail(known: str, url: str) -> Never:
    """Raise an error that names a secret, from one that names another."""
    password = url.partition("orders:")[2].partition("@")[0]
    headers = {"x-whatever": password}
    try:
        raise ConnectionError(f"refused by {url}")  # noqa: TRY301 - to be a cause
    except ConnectionError as error:
        error.add_note(f"tried with {known}, {len(headers)} headers")
        raise RuntimeError(f"{known} does not open it") from error


class Undead:
    """Fails when it is collected."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __del__(self) -> None:
        raise RuntimeError(self.marker)

    def __repr__(self) -> str:
        raise RuntimeError("no name")


async def stray(marker: str) -> None:
    """Fail and warn where no logger is asked."""
    loop = asyncio.get_running_loop()

    def broken(where: str) -> Never:
        raise RuntimeError(f"{marker}-{where}")

    async def forgotten() -> None:
        broken("task")

    warnings.warn(f"{marker}-warning\nof two lines", stacklevel=1)
    Undead(f"{marker}-unraisable")
    thread = threading.Thread(target=broken, args=("thread",))
    thread.start()
    thread.join()
    loop.call_soon(broken, "callback")
    task = loop.create_task(forgotten())
    await asyncio.sleep(0.05)
    del task
    logging.getLogger("uvicorn.error").error("%s-uvicorn", marker)
    logging.getLogger("uvicorn.access").warning('%s - "%s"', marker, f"{marker}-access")
    logging.getLogger().log(logging.INFO + 3, "%s-level", marker)
    logging.getLogger("asyncio").critical(f"{marker}-asyncio")  # noqa: G004 - as libraries do


def main() -> int:
    """Serve."""
    settings = load(ENVIRONMENTS)
    service = compose(settings)
    for feature in (Moody(), Blocking(), Talkative()):
        feature.install(service)
    if (FOLDER / "refuses").exists():
        service.lifespans.append(partial(fail, settings.health.token.get_secret_value(), DSN))
    return settings.server.serve(service)


if __name__ == "__main__":
    sys.exit(main())
