"""Keeps an issuer's keys while a test runs, and the ways in which an issuer misbehaves."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chassis.auth.issuer_keys import IssuerKeys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from chassis.auth import Auth
    from chassis.auth.tests.issuing import Answer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it comes true in another thread
            await asyncio.sleep(0.005)


@asynccontextmanager
async def kept(auth: Auth) -> AsyncIterator[IssuerKeys]:
    keys = IssuerKeys(auth)
    async with keys.lifespan():
        await until(lambda: bool(keys._fetching and keys._fetching.done()))  # noqa: SLF001 - nothing tells
        yield keys


def late(good: bytes) -> Answer:
    time.sleep(1)
    return 200, {}, good


BAD: dict[str, Callable[[bytes], Answer]] = {
    "redirects": lambda good: (302, {"location": "/elsewhere"}, good),
    "hangs": late,
    "drips": lambda good: (200, {"x-pause": "0.2"}, good),
    "fails": lambda good: (500, {}, good),
    "is cut": lambda good: (200, {}, good[:-1]),
    "is empty": lambda _: (200, {}, b""),
    "is no JSON": lambda _: (200, {}, b"<html>"),
    "is no UTF-8": lambda good: (200, {}, good.replace(b"kid", b"\xff")),
    "is deep": lambda _: (200, {}, b"[" * 200_000),
    "is a list": lambda good: (200, {}, b"[%s]" % good),
    "is not HTTP": lambda good: (200, {"x": "a\0b"}, good),
}
