"""An endpoint that takes 8 ms of CPU, as a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.busy.routers import router
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Busy(Feature):
    """Nothing to set."""

    def install(self, service: Service) -> None:
        """Pin the router."""
        service.routers.append(router)
