"""Thirty routes, as a feature of a carved service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalogue.routers import routers
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Catalogue(Feature):
    """Nothing to set."""

    def install(self, service: Service) -> None:
        """Pin the routers."""
        service.routers.extend(routers)
