"""Finds the full template of the route that served a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Match, Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.routing import BaseRoute
    from starlette.types import Scope


def route_template(scope: Scope, routes: Iterable[BaseRoute]) -> str | None:
    """Return the full template of the matched route, mounts included; None if none matched.

    `routes` are those of the outermost application. FastAPI since 0.137 leaves only the leaf in
    `scope["route"].path` and the full template in a private context. Only this function uses it;
    contract/test_routes.py checks it.
    """
    if "endpoint" not in scope:
        return None
    context = scope.get("fastapi", {}).get("effective_route_context")
    leaf = (
        getattr(context, "path", None)
        or getattr(getattr(context, "starlette_route", None), "path", None)
        or getattr(scope.get("route"), "path", None)
        or _path_of_endpoint(scope)
    )
    if "app_root_path" not in scope:
        return leaf
    return mount_template(routes, scope["path"].removeprefix(scope["app_root_path"])) + leaf


def mount_template(routes: Iterable[BaseRoute], path: str) -> str:
    """Return the template of the mounts above a path, such as `/tenants/{tenant}`."""
    for route in routes:
        if isinstance(route, Mount) and (found := route.path_regex.match(path)):
            below = mount_template(route.routes, f"/{found['path']}")
            return route.path_format.removesuffix("/{path}") + below
    return ""


def _path_of_endpoint(scope: Scope) -> str:
    """Return the template of a route that left only its endpoint: a plain or mounted one."""
    for route in getattr(scope.get("router"), "routes", ()):
        same = getattr(route, "endpoint", None) is scope["endpoint"]
        if same and route.matches(scope)[0] is not Match.NONE:
            return str(route.path)
    return "/{path}"
