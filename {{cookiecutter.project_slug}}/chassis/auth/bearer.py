"""What a route can require: the principal of the request, and scopes of their token."""

from __future__ import annotations

import re
from typing import Annotated, Any

import structlog
from fastapi import Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes  # noqa: TC002 - FastAPI reads the annotation
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection  # noqa: TC002 - the same

from chassis.auth.principal import Principal
from chassis.auth.tokens import TokenRejected, TokenVerifier
from chassis.problems import Problem
from chassis.service import service_of

CREDENTIALS = re.compile(rb"bearer +([\w-]+\.[\w-]+\.[\w-]+)", re.IGNORECASE)
"""Scheme and token of an Authorization header (RFC 6750, RFC 7515)."""
SCHEME = re.compile(rb"bearer\b", re.IGNORECASE)
SCOPE = re.compile(r"[!#-\[\]-~]+")
"""The characters of a scope (RFC 6749, section 3.3)."""
UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")

log = structlog.get_logger(__name__)


class Bearer(SecurityBase):
    """Turns the Authorization header into a principal, or raises a `Problem`."""

    def __init__(self) -> None:
        self.scheme_name = "bearer"
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token.")

    async def __call__(self, connection: HTTPConnection, required: SecurityScopes) -> Principal:
        """Return the principal. Raises `Problem` 401 without a valid token, 403 without scope."""
        service = service_of(connection)
        realm = service.identity.name
        fields = connection.scope["headers"]
        values = [value.strip(b" \t") for name, value in fields if name == b"authorization"]
        if not any(SCHEME.match(value) for value in values):
            detail = "An access token is required: send the header Authorization: Bearer TOKEN."
            raise Problem(401, detail, headers=build_challenge(realm, required.scopes))
        credentials = CREDENTIALS.fullmatch(values[0]) if len(values) == 1 else None
        token = credentials[1] if credentials else b""
        try:
            principal: Principal = await service.resources[TokenVerifier].verify(token)
        except TokenRejected as rejected:
            log.info("token rejected", reason=rejected.reason)
            state = "has expired" if rejected.reason == "expired_token" else "is not valid"
            headers = build_challenge(realm, required.scopes, "invalid_token")
            raise Problem(401, f"The access token {state}.", headers=headers) from None
        if not principal.scopes.issuperset(required.scopes):
            detail = f"An access token with this scope is required: {required.scope_str}"
            headers = build_challenge(realm, required.scopes, "insufficient_scope")
            raise Problem(403, detail, headers=headers)
        return principal


BEARER = Bearer()


def requires(*scopes: str) -> Any:  # noqa: ANN401 - like FastAPI's Security, a default too
    """Make a dependency on a valid token that has all these scopes.

    `dependencies=[requires("notes:write")]` protects a route or a router;
    `who: Annotated[Principal, requires("notes:write")]` also passes the principal. Raises
    ValueError for an invalid scope.
    """
    for scope in scopes:
        if not SCOPE.fullmatch(scope):
            raise ValueError(f"{scope!r} is not a scope: no spaces, quotes or backslashes")
    return Security(BEARER, scopes=scopes)


Authenticated = Annotated[Principal, requires()]
"""The principal, whatever the scopes of their token: `async def route(who: Authenticated)`."""


def build_challenge(realm: str, scopes: list[str], error: str = "") -> dict[str, str]:
    """Return the header WWW-Authenticate with what is required (RFC 6750, section 3)."""
    parameters = {"realm": realm, "error": error, "scope": " ".join(scopes)}
    pairs = [f'{name}="{UNQUOTABLE.sub("?", it)}"' for name, it in parameters.items() if it]
    return {"WWW-Authenticate": f"Bearer {', '.join(pairs)}"}
