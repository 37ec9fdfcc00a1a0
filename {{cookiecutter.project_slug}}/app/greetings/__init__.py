"""An example to copy: greets by name, with the settings of its own feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import PositiveInt, StringConstraints

from app.greetings.routes import routes
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Greetings(Feature):
    """How people are greeted."""

    salutation: Annotated[str, StringConstraints(min_length=1)] = "Hello"
    """Word at the beginning of each greeting."""
    limit: PositiveInt = 10
    """Most names in one greeting."""

    def install(self, service: Service) -> None:
        """Add the routes, with these settings."""
        service.routers.append(routes(self))
