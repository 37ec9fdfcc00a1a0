"""The endpoint that every stack has, as a feature of a carved service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.service import Feature
from fastapi import APIRouter

if TYPE_CHECKING:
    from chassis.service import Service


class Hello(Feature):
    """Nothing to set."""

    def install(self, service: Service) -> None:
        """Pin the route."""
        service.routers.append(router)


router = APIRouter()


@router.get("/hello")
async def hello():
    return {"message": "Hello World"}
