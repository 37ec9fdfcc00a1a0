"""What a route can ask for: who sends the request, and that their token has certain scopes."""

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
from chassis.auth.tokens import Refused, Tokens
from chassis.problems import Problem

CREDENTIALS = re.compile(rb"bearer +([\w-]+\.[\w-]+\.[\w-]+)", re.IGNORECASE)
"""Scheme and token of an Authorization header (RFC 6750, RFC 7515)."""
SCHEME = re.compile(rb"bearer\b", re.IGNORECASE)
SCOPE = re.compile(r"[!#-\[\]-~]+")
"""What a scope is made of (RFC 6749, section 3.3)."""
UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")

log = structlog.get_logger(__name__)


class Bearer(SecurityBase):
    """Turns the Authorization header into a principal, or into the problem that there is none."""

    def __init__(self) -> None:
        self.scheme_name = "bearer"
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token.")

    async def __call__(self, connection: HTTPConnection, needed: SecurityScopes) -> Principal:
        """Say who asks. Raises `Problem` 401 if nobody does, 403 if they lack a scope."""
        service = connection.app.service
        realm = service.identity.name
        headers = connection.scope["headers"]
        given = [value.strip(b" \t") for name, value in headers if name == b"authorization"]
        if not any(SCHEME.match(value) for value in given):
            detail = "This needs an access token: Authorization: Bearer, and the token."
            raise Problem(401, detail, headers=challenge(realm, needed.scopes))
        credentials = CREDENTIALS.fullmatch(given[0]) if len(given) == 1 else None
        token = credentials[1] if credentials else b""
        try:
            principal: Principal = await service.resources[Tokens].verify(token)
        except Refused as refused:
            log.info("token refused", reason=refused.reason)
            what = "has expired" if refused.reason == "expired_token" else "is not valid"
            why = challenge(realm, needed.scopes, "invalid_token")
            raise Problem(401, f"The access token {what}.", headers=why) from None
        if not principal.scopes.issuperset(needed.scopes):
            detail = f"This needs an access token with the scope: {needed.scope_str}"
            why = challenge(realm, needed.scopes, "insufficient_scope")
            raise Problem(403, detail, headers=why)
        return principal


BEARER = Bearer()


def requires(*scopes: str) -> Any:  # noqa: ANN401 - like FastAPI's Security, a default too
    """Make a dependency on a valid token that has all these scopes.

    `dependencies=[requires("notes:write")]` protects a route or a router, and
    `who: Annotated[Principal, requires("notes:write")]` says who asks besides. Raises ValueError
    for what cannot be a scope.
    """
    for scope in scopes:
        if not SCOPE.fullmatch(scope):
            raise ValueError(f"{scope!r} is not a scope: no spaces, quotes or backslashes")
    return Security(BEARER, scopes=scopes)


Authenticated = Annotated[Principal, requires()]
"""Who asks, whatever the scopes of their token: `async def route(who: Authenticated)`."""


def challenge(realm: str, scopes: list[str], error: str = "") -> dict[str, str]:
    """Write the header that says what is needed, as RFC 6750 has it."""
    parameters = {"realm": realm, "error": error, "scope": " ".join(scopes)}
    written = [f'{name}="{UNQUOTABLE.sub("?", it)}"' for name, it in parameters.items() if it]
    return {"WWW-Authenticate": f"Bearer {', '.join(written)}"}
