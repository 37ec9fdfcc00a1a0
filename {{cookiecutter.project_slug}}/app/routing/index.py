"""Finds a request's route at once; FastAPI, which asks one route after another, keeps the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import params, routing
from starlette.routing import BaseRoute, Match, NoMatchFound, WebSocketRoute

from app.routing.fast_path import fast_path

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

FOUND = "app.routing.found"
"""Where the scope of a request keeps what the index found."""


@dataclass(frozen=True, slots=True)
class Found:
    """A route as it is reached: through every router that includes it."""

    template: str
    pattern: re.Pattern[str]
    convertors: Mapping[str, Any]
    methods: frozenset[str]
    endpoint: Any
    route: BaseRoute
    app: ASGIApp | None
    """What serves it; None of a route that is FastAPI's to find, and so is all that it hides."""

    @property
    def first(self) -> str | None:
        """Its first segment; None if that is not the same for all its paths."""
        first = self.template.split("/")[1] if self.template.startswith("/") else "{"
        return None if "{" in first else first


class Index(BaseRoute):
    """Stands before all other routes; what it does not find, they do.

    FastAPI matches each route of an included router in turn, and the one that matches again, which
    takes most of the time of a service with thirty of them.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        """Take a look at these routes, in their order."""
        known = list(found(routes))
        anywhere = [it for it in known if it.first is None]
        self._by_path = {
            it.template: [other for other in known if other.pattern.match(it.template)]
            for it in known
            if "{" not in it.template
        }
        self._by_first = {
            first: [it for it in known if it.first in {first, None}]
            for first in {it.first for it in known}
        }
        self._anywhere = anywhere

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Find the first route that serves a request, or leave it to the routes behind."""
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        path: str = scope["path"]
        for it in self._by_path.get(path) or self._near(path):
            if not (match := it.pattern.match(path)):
                continue
            if it.app is None:
                break
            if scope["method"] not in it.methods:
                continue
            values = match.groupdict()
            for name, value in values.items():
                values[name] = it.convertors[name].convert(value)
            child = {"endpoint": it.endpoint, "path_params": values, "route": it.route, FOUND: it}
            return Match.FULL, child
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with the route that was found."""
        await scope[FOUND].app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:  # noqa: ANN401 - Starlette's own
        """Leave it to the routes behind."""
        raise NoMatchFound(name, path_params)

    def _near(self, path: str) -> Iterable[Found]:
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        return self._by_first.get(first, self._anywhere)


def found(routes: Sequence[BaseRoute]) -> Iterator[Found]:
    """Tell how every route is reached, until one that nobody can tell of.

    FastAPI's `iter_route_contexts` is public, what it yields is known by its attributes only:
    tests/test_index.py is the contract. Without them there is no index, and FastAPI does it all.
    """
    contexts = getattr(routing, "iter_route_contexts", lambda _: ())
    for context in contexts(routes):
        route = context.original_route
        if isinstance(route, WebSocketRoute):
            continue
        try:
            yield Found(
                template=context.path,
                pattern=context.path_regex,
                convertors=context.param_convertors,
                methods=frozenset(context.methods or ()),
                endpoint=context.endpoint,
                route=route,
                app=fast_path(context) if is_plain(context) else None,
            )
        except AttributeError:
            return


def is_plain(context: Any) -> bool:  # noqa: ANN401 - FastAPI's own
    """Tell whether a route needs nothing of the routers above it while it is served."""
    if not isinstance(context.original_route, routing.APIRoute):
        return False
    body = context.body_field
    return body is None or not isinstance(body.field_info, params.Form)  # its limits are theirs
