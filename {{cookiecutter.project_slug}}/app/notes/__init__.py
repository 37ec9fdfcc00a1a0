"""An example of data that lasts: notes, written, listed in pages, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from app.notes.routes import routes
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Notes(Feature):
    """How notes are shown."""

    page_size: PositiveInt = 50
    """Notes that a page has at most."""

    def install(self, service: Service) -> None:
        """Pin the routes, which know these settings."""
        service.routers.append(routes(self))
