"""The route `/me`, an example of a protected route."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.auth.bearer import Authenticated


class Me(BaseModel):
    """The principal, and the scopes of their token."""

    subject: str
    scopes: list[str]


def make_router() -> APIRouter:
    """Make the router."""
    router = APIRouter(tags=["auth"])

    @router.get("/me")
    async def me(who: Authenticated) -> Me:
        """Return the principal of the request."""
        return Me(subject=who.subject, scopes=sorted(who.scopes))

    return router
