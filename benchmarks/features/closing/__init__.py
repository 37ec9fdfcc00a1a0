"""The endpoint that every stack has, with something to close after it, as a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.closing.routers import router
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Closing(Feature):
    """Nothing to set."""

    def install(self, service: Service) -> None:
        """Pin the router."""
        service.routers.append(router)
