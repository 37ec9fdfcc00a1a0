"""As many routes as one likes, as a feature of a carved service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.service import Feature
from fastapi import APIRouter

if TYPE_CHECKING:
    from chassis.service import Service


class Many(Feature):
    """How many."""

    routes: int = 10

    def install(self, service: Service) -> None:
        """Pin them."""
        router = APIRouter()
        for number in range(self.routes):
            router.add_api_route(f"/many/{number}/{{name}}", answer, name=f"many_{number}")
        service.routers.append(router)


async def answer(name: str):
    return {"name": name}
