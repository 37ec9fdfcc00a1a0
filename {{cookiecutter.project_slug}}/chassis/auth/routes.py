"""The route that tells who asks; copy from it how a route is protected."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.auth.bearer import Authenticated


class Me(BaseModel):
    """Who asks, and what their token may be used for."""

    subject: str
    scopes: list[str]


def routes() -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["auth"])

    @router.get("/me")
    async def me(who: Authenticated) -> Me:
        """Tell who asks."""
        return Me(subject=who.subject, scopes=sorted(who.scopes))

    return router
