"""Security of a public API: allowed hosts, limits, CORS and security headers."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, PositiveInt, field_validator
from starlette.middleware.cors import CORSMiddleware

from chassis.environment import Names
from chassis.security.admission import Admission
from chassis.security.docs import add_docs
from chassis.security.load_shedding import LoadShedding
from chassis.service import Feature, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

__all__ = ["Security"]

ORIGIN_PATTERN = re.compile(r"\*|https?://[a-z0-9.-]+(:[0-9]+)?")
HOST_PATTERN = re.compile(r"\*|(\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]")

EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")
"""Response headers that pages of other origins may read, besides those safelisted by CORS."""
RESPONSE_HEADERS = {
    # A response may be private to its caller; one that may be cached sets this header itself.
    b"cache-control": b"no-store",
    # A response opened in a browser runs and loads nothing, and is not shown in a frame.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    # A path may contain personal data: followed links do not send it.
    b"referrer-policy": b"no-referrer",
    # JSON that looks like HTML or a script is not run.
    b"x-content-type-options": b"nosniff",
}
"""From OWASP's REST Security Cheat Sheet; X-Frame-Options is left to frame-ancestors."""


class Security(Feature):
    """Rejects requests before the service's code runs, and sets security headers."""

    allowed_hosts: Names = Field(default=("*",), min_length=1)
    """Allowed Host headers, such as api.example.com, *.example.com or [::1]; * is any."""
    cors_origins: Names = ()
    """Origins whose pages may call or open WebSockets, such as https://app.example.com."""
    docs: bool = False
    """Whether /docs and /openapi.json are served."""
    hsts_seconds: Annotated[int, Field(ge=0, le=2_147_483_647)] = 0
    """Seconds for which browsers must use HTTPS; 0 sends no Strict-Transport-Security header."""
    max_body_bytes: PositiveInt = 1_048_576
    """Most bytes of a request's body."""
    max_json_values: PositiveInt = 10_000
    """Most values in a JSON body; validating one can cost a thousand times its length."""
    max_in_flight: PositiveInt = 500
    """Most requests in flight, streams included; further ones get 503 and Retry-After."""
    max_wait_seconds: Seconds = 0.13
    """Seconds that a request may wait in the queue, at most; others get 503 and Retry-After."""
    max_websockets: PositiveInt = 1000
    """Most open WebSockets, not counted as requests; further ones get 503 and Retry-After."""

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not ORIGIN_PATTERN.fullmatch(origin):
                raise ValueError("should be origins such as https://app.example.com")
        return origins

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(host.lower() for host in hosts)
        for host in hosts:
            if not HOST_PATTERN.fullmatch(host):
                raise ValueError("should be hosts only; leave out scheme, port and path")
        return hosts

    def install(self, service: Service) -> None:
        """Add admission, security headers, and CORS if configured."""
        service.options.update(docs_url=None, redoc_url=None, openapi_url=None)
        if self.docs:
            service.options["openapi_url"] = "/openapi.json"
            service.customizers.append(add_docs)
        service.headers |= RESPONSE_HEADERS
        if self.hsts_seconds:
            max_age = f"max-age={self.hsts_seconds}".encode()
            service.headers[b"strict-transport-security"] = max_age
        if self.cors_origins:
            service.middleware.append(
                partial(
                    CORSMiddleware,
                    allow_origins=self.cors_origins,
                    allow_methods=["*"],
                    allow_headers=["*"],
                    expose_headers=EXPOSED_HEADERS,
                )
            )
        service.entrance = partial(
            LoadShedding, service=service, max_wait_seconds=self.max_wait_seconds
        )
        service.middleware.append(partial(Admission, service=service, security=self))
        service.gauges["http_requests_in_flight_limit"] = lambda: self.max_in_flight
        service.gauges["websockets_open_limit"] = lambda: self.max_websockets

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Reject wildcards."""
        if "*" in self.allowed_hosts:
            advice = "is '*', which accepts any host. Name your own, such as api.example.com."
            yield "allowed_hosts", advice
        if "*" in self.cors_origins:
            advice = (
                "is '*', which lets any site call. Name your own, such as https://app.example.com."
            )
            yield "cors_origins", advice
