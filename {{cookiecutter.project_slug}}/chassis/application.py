"""Builds the FastAPI application from what the features added to the board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from chassis.deprecation import count_deprecated_calls, describe_deprecations
from chassis.exchange import ExchangeMiddleware
from chassis.methods import serve_head, without_head
from chassis.openapi import complete_document
from chassis.route_names import refuse_duplicate_names
from chassis.router_prefix import skip_other_paths
from chassis.service import SERVICE
from chassis.websocket import WebSocketMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.service import Service

__all__ = ["Application"]

TELEMETRY_OFF: Any = {
    switch: False for switch, kind in get_type_hints(TelemetryConfig).items() if kind is bool
}
"""FastAPI's own telemetry, which costs every request even when nothing receives it."""


class Application(FastAPI):
    """FastAPI inside the middleware of the board.

    The board's middleware is around the application, not in `build_middleware_stack`: libraries
    replace that method and expect FastAPI's own result.
    """

    def __init__(self, service: Service) -> None:
        """Add routers, middleware and options from the board, then call the customizers.

        Raises `StartupError` if two routes share a name.
        """
        self.service = service
        given: dict[str, Any] = {"title": service.identity.name, "telemetry": TELEMETRY_OFF}
        super().__init__(
            version=service.identity.version,
            lifespan=service.lifespan,
            **{**given, **service.options},
        )
        self.router.routes += service.routes
        for router in service.routers:
            skip_other_paths(router)
            self.include_router(router)
        refuse_duplicate_names(self.routes)
        count_deprecated_calls(self.routes, service)
        app: ASGIApp = super().__call__
        for wrap in reversed(service.middleware):
            app = wrap(app)
        websockets = WebSocketMiddleware(app, service, self.routes)
        exchanges = ExchangeMiddleware(app, service, self.routes, websockets)
        self._outermost = service.entrance(exchanges) if service.entrance else exchanges
        for customize in service.customizers:
            customize(self)
        serve_head(self.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve through the middleware of the board, which thus sees every response, also a 500."""
        scope["app"] = self  # as FastAPI does; the board's middleware may rely on it
        scope[SERVICE] = self.service
        await self._outermost(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Describe the API: FastAPI's document, completed when it is written."""
        known = self.openapi_schema
        with without_head(self.routes):
            document = super().openapi()
        if document is not known:
            complete_document(document, self.routes, self.service.schemas)
            describe_deprecations(document, self.routes)
        return document
