"""The methods of a path: HEAD wherever it has GET, and all of them in Allow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.routing import Host, Match, Mount

from chassis.route_names import route_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import Scope


def serve_head(routes: Sequence[BaseRoute]) -> None:
    """Let each GET route serve HEAD, as Starlette's do; the server omits the body.

    A path that has a HEAD route of its own keeps it.
    """
    contexts = list(route_contexts(routes))
    own = {it.path for it in contexts if "HEAD" in (it.methods or ())}
    for context in contexts:
        if "GET" in (context.methods or ()) and context.path not in own:
            context.methods.add("HEAD")
            context.original_route.methods.add("HEAD")  # evaluated again if a router changes


@contextmanager
def without_head(routes: Sequence[BaseRoute]) -> Iterator[None]:
    """Remove HEAD from the GET routes within the block: OpenAPI need not list it."""
    known = [it.methods or set() for it in route_contexts(routes)]
    both = [methods for methods in known if {"GET", "HEAD"} <= methods]
    for methods in both:
        methods.discard("HEAD")
    try:
        yield
    finally:
        for methods in both:
            methods.add("HEAD")


def allowed_methods(routes: Sequence[BaseRoute], scope: Scope) -> set[str]:
    """Return the methods of all routes that have the path of a request, without mounts."""
    plain = [route for route in routes if not isinstance(route, (Mount, Host))]
    known = {method for it in route_contexts(plain) for method in it.methods or ()}
    asked = {**scope, "root_path": scope.get("app_root_path", scope.get("root_path", ""))}
    return {
        method
        for method in known
        if any(it.matches({**asked, "method": method})[0] is Match.FULL for it in plain)
    }
