"""Calls other services: a client for each, with deadline, retries and circuit breaker."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, ClassVar

import httpx2
from pydantic import AfterValidator, Field
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads the annotation

from chassis.environment.url import UNENCRYPTED, is_unencrypted, validate_http_url
from chassis.logs.libraries import silence_libraries
from chassis.outbound.client import Client
from chassis.outbound.errors import DeadlineExceeded, Rejected
from chassis.outbound.problems import handle_outbound_error
from chassis.service import Feature, Seconds, service_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from chassis.service import Service

__all__ = ["Client", "DeadlineExceeded", "Outbound", "Rejected"]

Concurrency = Annotated[int, Field(ge=1, le=100_000)]
logger = logging.getLogger(__name__)


class Outbound(Feature):
    """The address of one other service, and the limits of calls to it.

    Each service that is called has its own subclass: code depends on its client by type.
    """

    dependency: ClassVar[str]
    """Name of the service that is called, in labels, log lines and problems."""

    base_url: Annotated[str, AfterValidator(validate_http_url)] = ""
    """Base URL of the service, http://host/path or https://…; if empty, calls are rejected."""
    timeout_seconds: Seconds = 10
    """Deadline of a call in seconds: waiting, every try and reading the response included."""
    try_timeout_seconds: Seconds = 3
    """Timeout in seconds of one try, and of a pause in a streamed response."""
    connect_timeout_seconds: Seconds = 1
    """Timeout in seconds of opening a connection."""
    keepalive_seconds: float = Field(default=4, ge=0, le=3600)
    """Seconds that an idle connection is kept; shorter than the other side keeps it."""
    max_concurrent: Concurrency = 100
    """Most calls in flight, each with a connection."""
    wait_seconds: float = Field(default=0.25, ge=0, le=60)
    """Seconds that a call waits when that limit is reached, before it is rejected."""
    retries: int = Field(default=2, ge=0, le=10)
    """Most retries of one call, if it is idempotent."""
    retry_ratio: float = Field(default=0.1, ge=0, le=1)
    """Highest ratio of retries to calls; one retry a second is always allowed."""
    breaker_failure_ratio: float = Field(default=0.5, gt=0, le=1)
    """Share of failed tries that opens the circuit."""
    breaker_minimum_tries: int = Field(default=20, ge=1, le=100)
    """Tries needed before the circuit can open; the latest 100 count."""
    breaker_window_seconds: Seconds = 30
    """Seconds for which a try counts."""
    breaker_open_seconds: Seconds = 5
    """Seconds for which an open circuit rejects every call, before it admits 3 trial calls."""

    @classmethod
    async def client(cls, connection: HTTPConnection) -> Client:
        """Return the client: `Billing = Annotated[Client, Depends(BillingApi.client)]`."""
        client: Client = service_of(connection).resources[cls]
        return client

    def install(self, service: Service) -> None:
        """Open a client while the service runs; turn errors that no route catches into problems."""
        service.options.setdefault("exception_handlers", {})[httpx2.HTTPError] = (
            handle_outbound_error
        )
        silence_libraries("httpx2", "httpcore2")  # their lines contain query strings and headers

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            if not self.base_url:
                fields = {"dependency": self.dependency}
                logger.info("outbound: no base URL is set, calls are rejected", extra=fields)
            async with Client(self, service) as client:
                service.resources[type(self)] = client
                yield

        service.lifespans.append(lifespan)

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse a missing base URL."""
        if not self.base_url:
            yield "base_url", f"is not set. Set it to the address of {self.dependency}."

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        """Refuse calls to another machine without TLS."""
        if is_unencrypted(self.base_url):
            yield "base_url", UNENCRYPTED
