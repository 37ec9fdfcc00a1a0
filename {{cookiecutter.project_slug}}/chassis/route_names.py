"""Refuses routes that share a name: `url_path_for` would only ever find the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import FastAPI, routing
from starlette.routing import Host, Mount, WebSocketRoute

from chassis.startup import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.routing import BaseRoute


class Named(NamedTuple):
    """A route as it is reached: through every router that includes it and every mount above it."""

    name: str
    path: str
    is_websocket: bool
    context: Any

    def __str__(self) -> str:
        """Describe it: what it answers, and where its function is."""
        methods = ", ".join(sorted(self.context.methods or ()))
        kind = "WebSocket" if self.is_websocket else methods
        module = getattr(self.context.endpoint, "__module__", None)
        return f"{kind} {self.path}".strip() + (f" in {module}" if module else "")


def refuse_duplicate_names(routes: Sequence[BaseRoute]) -> None:
    """Raise `StartupError` if one name leads to two addresses of different functions.

    Several methods at one path may share a name. So may a function that has two paths, or is in a
    router that is included twice: the name leads to the first.
    """
    known: dict[str, Named] = {}
    for route in named_routes(routes):
        first = known.setdefault(route.name, route)
        same_address = (route.path, route.is_websocket) == (first.path, first.is_websocket)
        if not same_address and route.context.endpoint is not first.context.endpoint:
            raise StartupError(
                f"two routes have the name {route.name!r}: {first}, and {route}. "
                "Rename the function of one, or give its decorator another name=."
            )


def named_routes(routes: Sequence[BaseRoute], path: str = "", name: str = "") -> Iterator[Named]:
    """Yield every route that `url_path_for` can find, under the name that it is found by.

    What is below a mount with a name is found as `mount:route`, below one without as `route`.
    FastAPI's `iter_route_contexts` is public; a FastAPI without it is not checked.
    """
    contexts = getattr(routing, "iter_route_contexts", lambda _: ())
    for context in contexts(routes):
        route = context.original_route
        if isinstance(route, (Mount, Host)):
            below = [it for it in context.routes or () if not _is_documentation(route.app, it)]
            inner = f"{name}{context.name}:" if context.name else name
            yield from named_routes(below, path + (context.path or ""), inner)
        elif context.name:
            is_websocket = isinstance(route, WebSocketRoute)
            yield Named(name + context.name, path + (context.path or ""), is_websocket, context)


def websocket_paths(routes: Sequence[BaseRoute]) -> list[str]:
    """List the paths of the routes for WebSockets."""
    return [route.path for route in named_routes(routes) if route.is_websocket]


def _is_documentation(app: object, route: BaseRoute) -> bool:
    """Tell whether a mounted FastAPI made this route by itself: all of them use the same names."""
    if not isinstance(app, FastAPI):
        return False
    own = (app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url)
    return getattr(route, "path", None) in own
