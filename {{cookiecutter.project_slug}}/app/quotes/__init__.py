"""An example of calls to another service: quotes, the last known if that fails."""

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
    """What is remembered of quotes."""

    kept: PositiveInt = 1000
    """Symbols whose last quote is kept, those asked for last."""

    def install(self, service: Service) -> None:
        """Pin the routes, which know these settings."""
        service.routers.append(routes(self))
