"""An example of calls to another service: quotes, the last known one if the call fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from app.quotes.api import QuotesApi
from app.quotes.routes import routes
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service

__all__ = ["Quotes", "QuotesApi"]


class Quotes(Feature):
    """How many quotes are kept."""

    kept: PositiveInt = 1000
    """Number of symbols whose last quote is kept, least recently used dropped first."""

    def install(self, service: Service) -> None:
        """Add the routes, with these settings."""
        service.routers.append(routes(self))
