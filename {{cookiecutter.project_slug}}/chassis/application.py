"""FastAPI, made of what has been pinned to the board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from chassis.exchange import Exchanges
from chassis.route_names import refuse_duplicate_names

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from chassis.service import Service

TELEMETRY_OFF: Any = {
    switch: False for switch, kind in get_type_hints(TelemetryConfig).items() if kind is bool
}
"""FastAPI's own telemetry costs every request, also when nobody listens."""


class Application(FastAPI):
    """FastAPI inside the middleware of the board."""

    def __init__(self, service: Service) -> None:
        """Take over what is pinned. Raises `StartupError` if two routes share a name."""
        self.service = service
        super().__init__(
            title=service.identity.name,
            version=service.identity.version,
            lifespan=service.lifespan,
            telemetry=TELEMETRY_OFF,
            **service.options,
        )
        for router in service.routers:
            self.include_router(router)
        refuse_duplicate_names(self.routes)

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap everything, the answer to an unhandled error included: no answer goes unseen."""
        stack = super().build_middleware_stack()
        for wrap in reversed(self.service.middleware):
            stack = wrap(stack)
        return Exchanges(stack, self.service, self.routes)
