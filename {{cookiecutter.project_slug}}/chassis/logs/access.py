"""One line for each request, when it has ended."""

from __future__ import annotations

import logging
from contextvars import Context
from functools import lru_cache
from typing import TYPE_CHECKING

from structlog.contextvars import get_contextvars

from chassis.logs.formatter import format_timestamp
from chassis.logs.layout import to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from typing import TypeAlias

    from chassis.exchange import Exchange
    from chassis.logs.pipeline import LineHandler

    LineKind: TypeAlias = tuple[str, str | None, int | None, bool]
    """Method, route, status, and whether the answer was complete."""

MAX_PATH_CHARACTERS = 200
"""Most characters logged of a path that matched no route."""
SERVER_ERROR = 500

logger = logging.getLogger("app.access")


class AccessLog:
    """An observer of exchanges; requests to probe paths are logged at debug.

    For speed, lines with the same method, route and status share a text that is formatted once:
    without it, a request takes 25 % more CPU time (the whole server, 16 connections). It is used
    only if the result is the same: JSON lines, no other handler, filter or record factory, and
    nothing bound to the context. Lines of requests that end together are written together.
    """

    def __init__(
        self,
        probes: AbstractSet[str],
        handler: LineHandler,
        defer: Callable[[Callable[[], None]], object],
    ) -> None:
        """Take the paths of probes, a set that may grow later, and the handler of the lines.

        `defer` runs a call at once, or after the earlier ones.
        """
        self._probes = probes
        self._defer = defer
        self._lines: list[str] = []
        self._sink, self._formatter = handler.sink, handler.line_formatter
        self._is_only_handler = handler.is_only_handler
        self._shared_text = lru_cache(maxsize=1024)(self._write_shared_text)
        self._client_text = lru_cache(maxsize=1024)(self._formatter.format_value)

    def __call__(self, exchange: Exchange) -> None:
        """Write the line of one exchange, without the query, which may contain anything."""
        level = self._level(exchange)
        if not logger.isEnabledFor(level):
            return
        has_shared_text = exchange.route is not None and self._formatter.layout is to_json
        if has_shared_text and self._is_only_handler(logger, level) and not get_contextvars():
            self._lines.append(self._format(level, exchange))
            if len(self._lines) == 1:
                self._defer(self._write_lines)
        else:
            self._write_lines()
            self._log(level, exchange)

    def _write_lines(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._sink.write("\n".join(lines))

    def _log(self, level: int, exchange: Exchange) -> None:
        message, fields = message_and_fields(*line_kind(exchange))
        if exchange.route is None:
            fields["url.path"] = exchange.scope["path"][:MAX_PATH_CHARACTERS]
        fields["http.response.body.size"] = exchange.sent
        fields["duration_ms"] = round(duration_ms(exchange), 3)
        fields["client.address"] = client_address(exchange)
        record = logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=fields)
        record.created = exchange.ended
        logger.handle(record)

    def _format(self, level: int, exchange: Exchange) -> str:
        shared = self._shared_text(level, line_kind(exchange))
        span = ""
        if trace := self._formatter.trace_context(exchange):
            span = "".join([f',"{name}":"{value}"' for name, value in trace._asdict().items()])
        return (
            f'{{"timestamp":"{format_timestamp(exchange.ended)}",{shared}'
            f',"http.response.body.size":{exchange.sent}'
            f',"duration_ms":{duration_ms(exchange):.3f}'
            f',"client.address":{self._client_text(client_address(exchange))}'
            f',"request_id":"{exchange.request_id}"{span}}}'
        )

    def _write_shared_text(self, level: int, kind: LineKind) -> str:
        """Format the text that lines of one kind share, between timestamp and sizes."""
        message, fields = message_and_fields(*kind)
        record = logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=fields)
        return Context().run(self._formatter.format, record).partition(",")[2].removesuffix("}")

    def _level(self, exchange: Exchange) -> int:
        if exchange.scope["path"] in self._probes:
            return logging.DEBUG
        if not exchange.complete:
            return logging.WARNING
        return logging.ERROR if (exchange.status or 0) >= SERVER_ERROR else logging.INFO


def line_kind(exchange: Exchange) -> LineKind:
    """Return what lines with a shared text have in common."""
    return exchange.scope["method"], exchange.route, exchange.status, exchange.complete


def message_and_fields(
    method: str,
    route: str | None,
    status: int | None,
    complete: bool,  # noqa: FBT001 - the last item of a LineKind
) -> tuple[str, dict[str, object]]:
    """Return the message, and the fields that all lines of one kind have in common."""
    outcome = "unanswered" if status is None else status
    message = f"{method} {route or '(no route)'} {outcome}{'' if complete else ', cut off'}"
    return message, {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }


def duration_ms(exchange: Exchange) -> float:
    """Return the duration of an exchange in milliseconds, 0 if it has not ended."""
    return (exchange.seconds or 0.0) * 1000


def client_address(exchange: Exchange) -> str | None:
    """Return the address of the client, if the server knows it."""
    address = exchange.scope.get("client")
    return address[0] if address else None
