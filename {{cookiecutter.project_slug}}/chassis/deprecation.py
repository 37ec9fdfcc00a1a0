"""Deprecates operations: clients get the end date, and the team sees who still calls them."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import Depends

from chassis.exchange import current_exchange
from chassis.route_names import route_contexts
from chassis.series import series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.routing import BaseRoute

    from chassis.service import Service

__all__ = ["deprecated"]

MAX_CLIENTS = 1000
"""Clients per day that get a log line; calls of further ones are only counted."""

logger = logging.getLogger("app.deprecated")


def deprecated(*, since: date, sunset: date | None = None, use: str = "") -> Any:  # noqa: ANN401 - as Depends is
    """Make a dependency that deprecates a route or a router.

    `dependencies=[deprecated(since=date(2027, 1, 1), sunset=date(2027, 7, 1), use="GET /orders")]`
    announces the end in the headers Deprecation (RFC 9745) and Sunset (RFC 8594) and in OpenAPI.
    Calls are counted, and logged once a day for each client. Raises ValueError for a sunset before
    `since`.
    """
    if sunset and sunset < since:
        raise ValueError(f"the sunset, {sunset}, is before the deprecation, {since}")
    return Depends(Deprecation(since, sunset, use))


class Deprecation:
    """When operations were deprecated, when they end, and what to use instead."""

    def __init__(self, since: date, sunset: date | None, use: str) -> None:
        """Format the headers."""
        self.sunset = sunset
        end = f", may be removed from {sunset} on." if sunset else "."
        self.text = f"Deprecated since {since}{end}" + (f" Use {use} instead." if use else "")
        began = datetime.combine(since, time.min, UTC)
        self.headers = [(b"deprecation", f"@{began.timestamp():.0f}".encode())]
        if sunset:
            ends = format_datetime(datetime.combine(sunset, time.min, UTC), usegmt=True)
            self.headers.append((b"sunset", ends.encode()))
        self.calls: Counter[tuple[str, str]] = Counter()
        """By method and route."""
        self._day, self._logged = date.min, set[tuple[str | None, ...]]()

    async def __call__(self) -> None:
        """Set the headers of the response, count the call, and log each client once a day."""
        if not (exchange := current_exchange.get()):
            return
        exchange.extra_headers = self.headers
        method, route = exchange.scope["method"].replace("HEAD", "GET"), exchange.route or ""
        self.calls[method, route] += 1
        client = exchange.scope.get("client")
        caller = (method, route, client[0] if client else None)
        if self._day != (today := datetime.now(UTC).date()):
            self._day, self._logged = today, set()
        if caller not in self._logged and len(self._logged) < MAX_CLIENTS:
            self._logged.add(caller)
            names = ("http.request.method", "http.route", "client.address")
            fields = dict(zip(names, caller, strict=True))
            logger.info("deprecated operation called", extra=fields)


def deprecations(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str, Deprecation]]:
    """Yield path, method and deprecation of each operation that has one."""
    for context in route_contexts(routes):
        for it in getattr(context, "dependencies", None) or ():
            if isinstance(it.dependency, Deprecation):
                methods = sorted(set(context.methods or ()) - {"HEAD"})
                yield from ((context.path, method, it.dependency) for method in methods)


def count_deprecated_calls(routes: Sequence[BaseRoute], service: Service) -> None:
    """Add a counter for each deprecated operation, starting at zero."""
    for path, method, deprecation in deprecations(routes):
        name = series("http_requests_deprecated_total", method=method, route=path)
        service.counters[name] = partial(deprecation.calls.__getitem__, (method, path))


def describe_deprecations(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Mark the deprecated operations in the OpenAPI document, with their end dates."""
    for path, method, deprecation in deprecations(routes):
        operation = document["paths"].get(path, {}).get(method.lower(), {})
        described = (operation.get("description"), deprecation.text)
        operation |= {"deprecated": True, "description": "\n\n".join(filter(None, described))}
        operation |= {"x-sunset": f"{deprecation.sunset}"} if deprecation.sunset else {}
