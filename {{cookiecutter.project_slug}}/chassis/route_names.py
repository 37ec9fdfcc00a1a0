"""Rejects routes that share a name: `url_path_for` would find only the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import routing
from starlette.routing import Host, Mount, WebSocketRoute

from chassis.startup import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.routing import BaseRoute


class NamedRoute(NamedTuple):
    """A route, with its path including the prefixes of its routers."""

    name: str
    path: str
    is_websocket: bool
    context: Any

    def __str__(self) -> str:
        """Describe it: methods, path and module."""
        methods = ", ".join(sorted(self.context.methods or ()))
        kind = "WebSocket" if self.is_websocket else methods
        module = getattr(self.context.endpoint, "__module__", None)
        return f"{kind} {self.path}".strip() + (f" in {module}" if module else "")


def refuse_duplicate_names(routes: Sequence[BaseRoute]) -> None:
    """Raise `StartupError` if one name belongs to two paths of different functions.

    Several methods at one path may share a name. So may a function that has two paths, or is in a
    router that is included twice: the name finds the first.
    """
    known: dict[str, NamedRoute] = {}
    for route in named_routes(routes):
        first = known.setdefault(route.name, route)
        same_address = (route.path, route.is_websocket) == (first.path, first.is_websocket)
        if not same_address and route.context.endpoint is not first.context.endpoint:
            raise StartupError(
                f"two routes have the name {route.name!r}: {first}, and {route}. "
                "Rename the function of one, or give its decorator another name=."
            )


def named_routes(routes: Sequence[BaseRoute]) -> Iterator[NamedRoute]:
    """Yield every route that has a name, except mounted applications."""
    for context in route_contexts(routes):
        route = context.original_route
        if not isinstance(route, (Mount, Host)) and context.name:
            is_websocket = isinstance(route, WebSocketRoute)
            yield NamedRoute(context.name, context.path or "", is_websocket, context)


def route_contexts(routes: Sequence[BaseRoute]) -> Iterable[Any]:
    """Return each route with its path including the prefixes of its routers.

    Uses FastAPI's public `iter_route_contexts`; returns none with a FastAPI that lacks it.
    """
    contexts: Iterable[Any] = getattr(routing, "iter_route_contexts", lambda _: ())(routes)
    return contexts


def websocket_paths(routes: Sequence[BaseRoute]) -> list[str]:
    """List the paths of the WebSocket routes."""
    return [route.path for route in named_routes(routes) if route.is_websocket]
