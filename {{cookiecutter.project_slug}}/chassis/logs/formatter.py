"""Formats any record as one line; whatever it contains, no line is lost and nothing is raised."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import lru_cache
from time import time
from typing import TYPE_CHECKING, Any

from chassis.exchange import current_exchange
from chassis.logs.layout import to_json
from chassis.logs.records import read_record
from chassis.logs.sanitizer import Sanitizer
from chassis.logs.traceparent import caller_trace

if TYPE_CHECKING:
    from chassis.exchange import Exchange
    from chassis.logs.layout import Layout
    from chassis.logs.redaction import Redactor
    from chassis.service import TraceContext

MAX_LINE_BYTES = 65_536
"""Most bytes of a line, including its end."""
CHARACTER_BUDGETS = tuple(60_000 // part for part in (1, 2, 4, 8))
"""Most characters of a record, by attempt; an escaped character takes up to six bytes."""


class LineFormatter(logging.Formatter):
    """Turns records into lines."""

    def __init__(
        self,
        redactor: Redactor,
        layout: Layout,
        constant_fields: dict[str, str],
        trace_context: TraceContext = caller_trace,
    ) -> None:
        super().__init__()
        self.trace_context = trace_context
        self.layout = layout
        self._redactor = redactor
        self._constant_fields = Sanitizer(redactor, MAX_LINE_BYTES).mapping(constant_fields)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line, without its end."""
        try:
            content = read_record(record)
            for budget in CHARACTER_BUDGETS:
                sanitizer = Sanitizer(self._redactor, budget)
                line = self.layout(self._fields(record, sanitizer, content))
                if len(line.encode()) < MAX_LINE_BYTES:
                    return line
            return _fallback_line(record, "too long")
        except Exception as error:  # noqa: BLE001 - logging must never raise
            return _fallback_line(record, type(error).__name__)

    def format_value(self, value: object) -> str:
        """Format one value as JSON, as in a line."""
        return to_json(Sanitizer(self._redactor, MAX_LINE_BYTES).value(value))

    def request_fields(self, exchange: Exchange | None) -> dict[str, str]:
        """Return the ids of the request and of the span that a line belongs to."""
        fields = {} if exchange is None else {"request_id": exchange.request_id}
        if trace := self.trace_context(exchange):
            fields |= trace._asdict()
        return fields

    def _fields(
        self, record: logging.LogRecord, sanitizer: Sanitizer, content: dict[Any, Any]
    ) -> dict[str, Any]:
        fields = sanitizer.mapping(content)
        message = fields.pop("message")
        return {
            "timestamp": format_timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": fields.pop("logger"),
            "message": message if isinstance(message, str) else to_json(message),
            **self._constant_fields,
            **fields,
            **self.request_fields(current_exchange.get()),
        }


def format_timestamp(seconds: float) -> str:
    """Format seconds since 1970 by RFC 3339, in UTC, to the microsecond."""
    whole, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_format_second(whole)}.{microseconds:06d}Z"


@lru_cache(maxsize=8)
def _format_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def _fallback_line(record: logging.LogRecord, reason: str) -> str:
    return to_json(
        {
            "timestamp": format_timestamp(time()),
            "level": logging.getLevelName(record.levelno).lower(),
            "logger": __name__,
            "message": f"a record could not be written: {reason}",
        }
    )
