"""One line for each request, when it has been answered."""

from __future__ import annotations

import logging
from contextvars import Context
from functools import lru_cache
from typing import TYPE_CHECKING

from structlog.contextvars import get_contextvars

from chassis.logs.layouts import as_json
from chassis.logs.lines import timestamp

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from typing import TypeAlias

    from chassis.exchange import Exchange
    from chassis.logs.pipeline import Output

    Kind: TypeAlias = tuple[str, str | None, int | None, bool]

PATH = 200
"""Characters of the path of a request that matched no route."""
ERROR = 500

logger = logging.getLogger("app.access")


class AccessLog:
    """Observes exchanges; paths of probes are told at debug only.

    A line repeats most of what the one before it said. So the pipeline writes the first of each
    kind, and the next ones are that one with other figures, in a tenth of the time: as long as
    lines are JSON, and nobody but the output listens, nor has bound anything to the context.
    """

    def __init__(self, probes: AbstractSet[str], output: Output) -> None:
        """Take the paths that health checkers call, which may grow later, and where lines go."""
        self._probes = probes
        self._sink, self._lines, self._alone = output.sink, output.lines, output.hears_alone
        self._kind = lru_cache(maxsize=1024)(self._first_of_its_kind)
        self._client = lru_cache(maxsize=1024)(self._lines.value)

    def __call__(self, exchange: Exchange) -> None:
        """Write the line of one exchange; the query is left out, it may hold anything."""
        level = self._level(exchange)
        if not logger.isEnabledFor(level):
            return
        repeats = exchange.route is not None and self._lines.layout is as_json
        if repeats and self._alone(logger) and not get_contextvars():
            self._repeat(level, exchange)
        else:
            self._log(level, exchange)

    def _log(self, level: int, exchange: Exchange) -> None:
        message, fields = told(*kind_of(exchange))
        if exchange.route is None:
            fields["url.path"] = exchange.scope["path"][:PATH]
        fields["http.response.body.size"] = exchange.sent
        fields["duration_ms"] = round(milliseconds(exchange), 3)
        fields["client.address"] = client(exchange)
        record = logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=fields)
        record.created = exchange.ended
        logger.handle(record)

    def _repeat(self, level: int, exchange: Exchange) -> None:
        kind = self._kind(level, kind_of(exchange))
        span = ""
        if trace := self._lines.trace(exchange):
            span = "".join([f',"{name}":"{part}"' for name, part in trace._asdict().items()])
        self._sink.write_soon(
            f'{{"timestamp":"{timestamp(exchange.ended)}",{kind}'
            f',"http.response.body.size":{exchange.sent}'
            f',"duration_ms":{milliseconds(exchange):.3f}'
            f',"client.address":{self._client(client(exchange))}'
            f',"request_id":"{exchange.request_id}"{span}}}'
        )

    def _first_of_its_kind(self, level: int, kind: Kind) -> str:
        """Let the pipeline write what lines of one kind share: all between time and figures."""
        message, fields = told(*kind)
        record = logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=fields)
        return Context().run(self._lines.format, record).partition(",")[2].removesuffix("}")

    def _level(self, exchange: Exchange) -> int:
        if exchange.scope["path"] in self._probes:
            return logging.DEBUG
        if not exchange.complete:
            return logging.WARNING
        return logging.ERROR if (exchange.status or 0) >= ERROR else logging.INFO


def kind_of(exchange: Exchange) -> Kind:
    """Give what a line says of more than one exchange: method, route, status, whether complete."""
    return exchange.scope["method"], exchange.route, exchange.status, exchange.complete


def told(
    method: str,
    route: str | None,
    status: int | None,
    complete: bool,  # noqa: FBT001 - a kind's last word
) -> tuple[str, dict[str, object]]:
    """Give the message and those fields that all lines of one kind have in common."""
    outcome = "unanswered" if status is None else status
    message = f"{method} {route or '(no route)'} {outcome}{'' if complete else ', cut off'}"
    return message, {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }


def milliseconds(exchange: Exchange) -> float:
    """Give how long an exchange took; 0 of one that has no end."""
    return (exchange.seconds or 0.0) * 1000


def client(exchange: Exchange) -> str | None:
    """Give the address of who asked, as far as it is known."""
    address = exchange.scope.get("client")
    return address[0] if address else None
