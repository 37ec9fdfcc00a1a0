"""Refuses what cannot be served before it costs anything: unknown hosts, overload, bad bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chassis.problems import Problem, ProblemResponse
from chassis.security.body import json_only, limited, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.security import Security
    from chassis.service import Service

JSON = re.compile(rb"[/+]json(?![a-z0-9._+-])", re.IGNORECASE)
ANNOUNCE_BODY = {b"content-length", b"transfer-encoding"}
LOOKED_AT = {b"host", b"content-type", b"origin"} | ANNOUNCE_BODY
DIGITS = 18
"""Of a length, beyond which it is too long whatever follows; Python converts no more than 4,300."""
NAME = "[a-z0-9._-]+"
ANY = rf"{NAME}|\[[0-9a-f:.]+\]"


class Admission:
    """Lets in what names a known host, finds room, and brings a body that can be read.

    Probes are always admitted: they carry a pod's address as host, and a full service is alive.
    """

    def __init__(self, app: ASGIApp, service: Service, security: Security) -> None:
        self.app = app
        self.service = service
        self.hosts = host_pattern(security.allowed_hosts)
        self.max_body_bytes = security.max_body_bytes
        self.max_json_values = security.max_json_values
        self.max_in_flight = security.max_in_flight
        self.max_websockets = security.max_websockets
        self.origins = {origin.encode() for origin in security.cors_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or answer with a problem."""
        if scope["type"] != "lifespan" and scope["path"] not in self.service.probes:
            headers = dict(scope["headers"])
            if len(headers) != len(scope["headers"]):
                headers = combined(scope["headers"])
            try:
                self._admit_host(headers)
                if scope["type"] == "websocket":
                    self._admit_websocket(headers)
                elif self.service.in_flight > self.max_in_flight:
                    raise busy("The service is busy with other requests.")
                elif not headers.keys().isdisjoint(ANNOUNCE_BODY):
                    receive = await self._limited(headers, receive)
            except Problem as problem:
                await ProblemResponse(problem)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _admit_host(self, headers: Mapping[bytes, bytes]) -> None:
        if not self.hosts.fullmatch(headers.get(b"host", b"")):
            raise Problem(400, "The Host header does not name this service.")

    def _admit_websocket(self, headers: Mapping[bytes, bytes]) -> None:
        """Admit a handshake, of a page only if that is ours or of an origin that may call.

        Browsers apply the same-origin policy to no WebSocket: they leave it to the server.
        """
        origin = headers.get(b"origin")
        own = origin is None or origin.partition(b"://")[2].lower() == headers[b"host"].lower()
        if not own and self.origins.isdisjoint((origin, b"*")):
            raise Problem(403, "Pages of this origin may not open a WebSocket here.")
        if len(self.service.websockets) > self.max_websockets:
            raise busy("As many WebSockets are open as may be.")

    async def _limited(self, headers: Mapping[bytes, bytes], receive: Receive) -> Receive:
        announced = headers.get(b"content-length", b"").lstrip(b"0")  # digits, the server says
        length = int(announced[:DIGITS] or 0)
        if length > self.max_body_bytes:
            raise too_large(self.max_body_bytes)
        if length or b"transfer-encoding" in headers:
            receive = limited(receive, self.max_body_bytes)
            if JSON.search(headers.get(b"content-type", b"")):
                receive = await json_only(receive, self.max_json_values)
        return receive


def busy(detail: str) -> Problem:
    """Make the problem of a request that finds no room."""
    return Problem(503, detail, headers={"Retry-After": "1"})


def combined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Collect what is looked at; a header that comes twice is a list (RFC 9110), so no host."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in LOOKED_AT:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def host_pattern(hosts: Iterable[str]) -> re.Pattern[bytes]:
    """Make the pattern of the Host headers to accept, on any port."""
    names = (ANY if host == "*" else re.escape(host).replace(r"\*", NAME) for host in hosts)
    return re.compile(f"(?:{'|'.join(names)})(?::[0-9]*)?".encode(), re.IGNORECASE)
