"""The lifespan of a carved service, for programs that call its features without a server."""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chassis.application import Application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis.service import Service


@asynccontextmanager
async def opened(service: Service) -> AsyncIterator[None]:
    """Run the application's lifespan."""
    application = Application(service)
    inner = getattr(application, "app", application)
    while not hasattr(inner, "router"):
        inner = inner.app
    async with inner.router.lifespan_context(inner):
        yield
