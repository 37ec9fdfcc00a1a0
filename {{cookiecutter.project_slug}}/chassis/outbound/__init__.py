"""Calls other services, through a client for each that outlives their slowness and death."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, ClassVar

import httpx2
from pydantic import AfterValidator, Field
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotation

from chassis.outbound.address import valid
from chassis.outbound.client import Client
from chassis.outbound.errors import DeadlineExceeded, Rejected
from chassis.outbound.problems import told
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from chassis.service import Service

__all__ = ["Client", "DeadlineExceeded", "Outbound", "Rejected"]

Seconds = Annotated[float, Field(gt=0, le=3600)]
Places = Annotated[int, Field(ge=1, le=100_000)]
logger = logging.getLogger(__name__)

LIBRARY = ("httpx2", "httpcore2")


class Outbound(Feature):
    """Where one other service is, and what may be spent on calling it.

    Each service that is called is a class of its own, so that code asks for it by type.
    """

    dependency: ClassVar[str]
    """Name of the service that is called, in figures, on log lines and in problems."""

    base_url: Annotated[str, AfterValidator(valid)] = ""
    """Address that paths are appended to, http://host/path or https://…; empty calls nobody."""
    timeout_seconds: Seconds = 10
    """Seconds that a call may take in all, waiting, every try and reading its answer included."""
    try_timeout_seconds: Seconds = 3
    """Seconds that one try of it may take, and that a streamed answer may fall silent for."""
    connect_timeout_seconds: Seconds = 1
    """Seconds that opening a connection may take."""
    keepalive_seconds: float = Field(default=4, ge=0, le=3600)
    """Seconds that an unused connection is kept; less than the other side keeps it."""
    max_concurrent: Places = 100
    """Calls under way at once, each of which has a connection."""
    wait_seconds: float = Field(default=0.25, ge=0, le=60)
    """Seconds that a call waits for one of those places before it is rejected."""
    retries: int = Field(default=2, ge=0, le=10)
    """Times that a call is tried again at most, if it may be repeated at all."""
    retry_ratio: float = Field(default=0.1, ge=0, le=1)
    """Tries again as a share of calls, at most; one a second is always allowed."""
    breaker_failure_ratio: float = Field(default=0.5, gt=0, le=1)
    """Share of tries whose failure opens the circuit."""
    breaker_minimum_tries: int = Field(default=20, ge=1, le=100)
    """Tries without which that share says nothing; the latest 100 are looked at."""
    breaker_window_seconds: Seconds = 30
    """Seconds for which a try is looked at."""
    breaker_open_seconds: Seconds = 5
    """Seconds for which an open circuit rejects every call, before it lets 3 try."""

    @classmethod
    async def client(cls, connection: HTTPConnection) -> Client:
        """Hand out the client: `Billing = Annotated[Client, Depends(BillingApi.client)]`."""
        client: Client = connection.app.service.resources[cls]
        return client

    def install(self, service: Service) -> None:
        """Open a client while the service lives; make problems of the errors that nobody caught."""
        service.options.setdefault("exception_handlers", {})[httpx2.HTTPError] = told
        quieten()

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            if not self.base_url:
                logger.info("%s has no address: its calls are rejected", self.dependency)
            async with Client(self, service) as client:
                service.resources[type(self)] = client
                yield

        service.lifespans.append(lifespan)

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse to have nobody to call."""
        if not self.base_url:
            yield "base_url", f"is not set. Set it to the address of {self.dependency}."


def quieten() -> None:
    """Leave out the library's own lines, which tell queries and headers.

    A level that LOG_LEVELS gives them stays.
    """
    for name in LIBRARY:
        library = logging.getLogger(name)
        if library.level == logging.NOTSET:
            library.setLevel(logging.WARNING)
