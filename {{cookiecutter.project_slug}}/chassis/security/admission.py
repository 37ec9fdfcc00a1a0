"""Rejects unknown hosts, overload and invalid bodies before they cost anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chassis.problems import Problem, ProblemResponse
from chassis.security.body import body_too_large, limit_body, require_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.security import Security
    from chassis.service import Service

JSON = re.compile(rb"[/+]json(?![a-z0-9._+-])", re.IGNORECASE)
BODY_HEADERS = {b"content-length", b"transfer-encoding"}
CHECKED_HEADERS = {b"host", b"content-type", b"content-encoding", b"origin"} | BODY_HEADERS
MAX_LENGTH_DIGITS = 18
"""Most digits of a Content-Length that are read; with more, the body is too long anyway."""
HOST_NAME = "[a-z0-9._-]+"
ANY_HOST = rf"{HOST_NAME}|\[[0-9a-f:.]+\]"


class Admission:
    """Admits requests with an allowed host and a valid body, up to the concurrency limit.

    Probes are always admitted: their host is a pod's address, and a busy service is still alive.
    """

    def __init__(self, app: ASGIApp, service: Service, security: Security) -> None:
        self.app = app
        self.service = service
        self.hosts = host_pattern(security.allowed_hosts)
        self.limits = security
        self.origins = {origin.encode() for origin in security.cors_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or respond with a problem."""
        if scope["type"] != "lifespan" and scope["path"] not in self.service.probes:
            headers = dict(scope["headers"])
            if len(headers) != len(scope["headers"]):
                headers = combine_headers(scope["headers"])
            try:
                self._admit_host(headers)
                if scope["type"] == "websocket":
                    self._admit_websocket(headers)
                elif self.service.in_flight > self.limits.max_in_flight:
                    raise overloaded("The limit of concurrent requests is reached.")
                elif not headers.keys().isdisjoint(BODY_HEADERS):
                    receive = await self._limit_body(headers, receive)
            except Problem as problem:
                await ProblemResponse(problem)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _admit_host(self, headers: Mapping[bytes, bytes]) -> None:
        if not self.hosts.fullmatch(headers.get(b"host", b"")):
            raise Problem(400, "The Host header does not name this service.")

    def _admit_websocket(self, headers: Mapping[bytes, bytes]) -> None:
        """Admit a handshake; from a page, only of the same or an allowed origin.

        Browsers do not apply the same-origin policy to WebSockets: the server must.
        """
        origin = headers.get(b"origin")
        own = origin is None or origin.partition(b"://")[2].lower() == headers[b"host"].lower()
        if not own and self.origins.isdisjoint((origin, b"*")):
            raise Problem(403, "Pages of this origin may not open a WebSocket here.")
        if len(self.service.websockets) > self.limits.max_websockets:
            raise overloaded("The limit of open WebSockets is reached.")

    async def _limit_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> Receive:
        announced = headers.get(b"content-length", b"").lstrip(
            b"0"
        )  # the server has checked that it is digits
        length = int(announced[:MAX_LENGTH_DIGITS] or 0)
        if length > self.limits.max_body_bytes:
            raise body_too_large(self.limits.max_body_bytes)
        if length or b"transfer-encoding" in headers:
            receive = limit_body(receive, self.limits.max_body_bytes)
            refuse_codings(headers)
            if JSON.search(headers.get(b"content-type", b"")):
                receive = await require_json(receive, self.limits.max_json_values)
        return receive


def refuse_codings(headers: Mapping[bytes, bytes]) -> None:
    """Raise `Problem` for an encoded body: the routes would not get the decoded content.

    501 for a transfer coding other than chunked (RFC 9112, section 6.1), 415 for a content coding.
    """
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise Problem(501, "The only supported transfer coding is chunked.")
    if headers.get(b"content-encoding", b"identity").strip().lower() not in {b"", b"identity"}:
        detail = "Content codings are not supported: send the body without Content-Encoding."
        raise Problem(415, detail, headers={"Accept-Encoding": "identity"})


def overloaded(detail: str) -> Problem:
    """Return the problem of a request above a limit."""
    return Problem(503, detail, headers={"Retry-After": "1"})


def combine_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Collect the checked headers; repeated ones become a list (RFC 9110), never a valid host."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in CHECKED_HEADERS:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def host_pattern(hosts: Iterable[str]) -> re.Pattern[bytes]:
    """Compile the pattern of allowed Host headers, on any port."""
    names = (
        ANY_HOST if host == "*" else re.escape(host).replace(r"\*", HOST_NAME) for host in hosts
    )
    return re.compile(f"(?:{'|'.join(names)})(?::[0-9]*)?".encode(), re.IGNORECASE)
