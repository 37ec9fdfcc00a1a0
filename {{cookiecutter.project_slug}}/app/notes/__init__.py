"""An example of stored data: notes that are written, listed in pages, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from app.notes.routes import routes
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Notes(Feature):
    """How notes are listed."""

    page_size: PositiveInt = 50
    """Most notes on a page."""

    def install(self, service: Service) -> None:
        """Add the routes, with these settings."""
        service.routers.append(routes(self))
