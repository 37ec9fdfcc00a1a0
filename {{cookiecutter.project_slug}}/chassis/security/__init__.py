"""The baseline of a public API: what is let in, how much at once, and what browsers may do."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator
from starlette.middleware.cors import CORSMiddleware

from chassis.environment import Names
from chassis.security.admission import Admission
from chassis.security.docs import docs_page
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

ORIGIN = re.compile(r"\*|https?://[a-z0-9.-]+(:[0-9]+)?")
HOST = re.compile(r"\*|(\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]")

EXPOSED = ("ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")
"""Headers of answers that a page of another origin may read, beyond what the standard lets it."""
HEADERS = {
    # An answer may hold what only this caller may see; one that may be kept says so itself.
    b"cache-control": b"no-store",
    # An answer opened in a browser runs nothing, loads nothing, and sits in nobody's frame.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    # A path may name a person: links that are followed do not carry it on.
    b"referrer-policy": b"no-referrer",
    # JSON that looks like HTML or a script is still not one.
    b"x-content-type-options": b"nosniff",
}
"""From OWASP's REST Security Cheat Sheet; X-Frame-Options is left to frame-ancestors."""


class Security(Feature):
    """What is refused before any code of yours runs, and what browsers are told."""

    allowed_hosts: Names = Field(default=("*",), min_length=1)
    """Hosts that clients may name, such as api.example.com, *.example.com or [::1]; * is any."""
    cors_origins: Names = ()
    """Origins whose pages may call or open WebSockets, such as https://app.example.com."""
    docs: bool = False
    """Whether /docs and /openapi.json are served."""
    hsts_seconds: NonNegativeInt = 0
    """Seconds for which browsers shall use HTTPS only; 0 tells them nothing."""
    max_body_bytes: PositiveInt = 1_048_576
    """Bytes that a request's body may have."""
    max_json_values: PositiveInt = 10_000
    """Values that a JSON body may hold; each can cost a thousand times its length to refuse."""
    max_in_flight: PositiveInt = 500
    """Requests served at once; further ones are told to come back. Endless streams count too."""
    max_websockets: PositiveInt = 1000
    """WebSockets open at once; further ones are told to come back. They are no requests."""

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not ORIGIN.fullmatch(origin):
                raise ValueError("should be origins such as https://app.example.com")
        return origins

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(host.lower() for host in hosts)
        for host in hosts:
            if not HOST.fullmatch(host):
                raise ValueError("should be hosts only; leave out scheme, port and path")
        return hosts

    def install(self, service: Service) -> None:
        """Pin the admission, the headers, and what browsers may do if configured."""
        service.options.update(docs_url=None, redoc_url=None, openapi_url=None)
        if self.docs:
            service.options["openapi_url"] = "/openapi.json"
            service.routers.append(docs_page(service.identity.name))
        service.headers |= HEADERS
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
                    expose_headers=EXPOSED,
                )
            )
        service.middleware.append(partial(Admission, service=service, security=self))
        service.gauges["http_requests_in_flight_limit"] = lambda: self.max_in_flight
        service.gauges["websockets_open_limit"] = lambda: self.max_websockets

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse what lets in everybody."""
        if "*" in self.allowed_hosts:
            advice = "is '*', which accepts any host. Name your own, such as api.example.com."
            yield "allowed_hosts", advice
        if "*" in self.cors_origins:
            advice = "is '*', so any site may call. Name your own, such as https://app.example.com."
            yield "cors_origins", advice
