"""One line for each request, when it has been answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from app.exchange import Exchange

PATH = 200
"""Characters of the path of a request that matched no route."""
ERROR = 500

logger = logging.getLogger("app.access")


class AccessLog:
    """Observes exchanges; paths of probes are told at debug only."""

    def __init__(self, probes: AbstractSet[str]) -> None:
        """Take the paths that health checkers call; it may grow later."""
        self._probes = probes

    def __call__(self, exchange: Exchange) -> None:
        """Write the line of one exchange; the query is left out, it may hold anything."""
        scope, status = exchange.scope, exchange.status
        level = self._level(exchange)
        if not logger.isEnabledFor(level):
            return
        method, route, seconds = scope["method"], exchange.route, exchange.seconds or 0.0
        client = scope.get("client")
        fields = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "http.response.body.size": exchange.sent,
            "duration_ms": round(seconds * 1000, 3),
            "client.address": client[0] if client else None,
        }
        if route is None:
            fields["url.path"] = scope["path"][:PATH]
        outcome = "unanswered" if status is None else status
        cut = "" if exchange.complete else ", cut off"
        logger.log(level, "%s %s %s%s", method, route or "(no route)", outcome, cut, extra=fields)

    def _level(self, exchange: Exchange) -> int:
        if exchange.scope["path"] in self._probes:
            return logging.DEBUG
        if not exchange.complete:
            return logging.WARNING
        return logging.ERROR if (exchange.status or 0) >= ERROR else logging.INFO
