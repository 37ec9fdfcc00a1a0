"""A release of the carved service, faulty as its file FAULT says; runs in its environment."""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.main import ENVIRONMENTS, compose
from chassis.environment import load
from chassis.service import Check

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FAULT = Path("FAULT").read_text() if Path("FAULT").exists() else ""
PROBES = ("/livez", "/readyz", "/startupz", "/health", "/version")
MEBI = 2**20


class Faulty:
    """What users get of a faulty release; probes get what they want."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.eaten = []
        self.tasks = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in PROBES:
            await self.misbehave()
        await self.app(scope, receive, send)

    async def misbehave(self) -> None:
        match FAULT:
            case "fails":
                raise RuntimeError("a bad release")
            case "slow":
                await asyncio.sleep(1.5)
            case "dies" | "eats" if not self.tasks:
                self.tasks.append(asyncio.create_task(getattr(self, FAULT)()))

    async def dies(self) -> None:
        await asyncio.sleep(1.5)
        os._exit(1)

    async def eats(self) -> None:
        for _ in range(40):
            self.eaten.append(b"x" * 10 * MEBI)
            await asyncio.sleep(0.1)


async def never() -> None:
    raise RuntimeError("not yet")


def main() -> int:
    if FAULT == "crashes":
        raise SystemExit("it crashes at boot")
    settings = load(ENVIRONMENTS)
    service = compose(settings)
    service.middleware.append(Faulty)
    if FAULT == "unready":
        service.checks["never"] = Check(probe=never, gates="readiness")
    return settings.server.serve(service)


if __name__ == "__main__":
    sys.exit(main())
