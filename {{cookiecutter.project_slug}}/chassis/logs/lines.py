"""Writes any record as one line: whatever it holds, it is never lost and nothing is raised."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import lru_cache
from time import time
from typing import TYPE_CHECKING, Any

from chassis.exchange import current
from chassis.logs.layouts import as_json
from chassis.logs.plain import Plain
from chassis.logs.records import read
from chassis.logs.traces import inbound

if TYPE_CHECKING:
    from chassis.exchange import Exchange
    from chassis.logs.layouts import Layout
    from chassis.logs.redaction import Redaction
    from chassis.logs.traces import Running

LINE = 65_536
"""Bytes of the longest line, its end included."""
BUDGETS = tuple(60_000 // part for part in (1, 2, 4, 8))
"""Characters to try with: what must be escaped takes up to six bytes a character."""


class Lines(logging.Formatter):
    """Turns records into lines."""

    def __init__(self, redaction: Redaction, layout: Layout, constant: dict[str, str]) -> None:
        """Take what to keep secret, how to lay a line out, and the fields of every line."""
        super().__init__()
        self.trace: Running = inbound
        """Knows the running trace; a feature that traces puts its own in place."""
        self.layout = layout
        self._redaction = redaction
        self._constant = Plain(redaction, LINE).mapping(constant)

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line, without its end."""
        try:
            said = read(record)
            for budget in BUDGETS:
                line = self.layout(self._fields(record, Plain(self._redaction, budget), said))
                if len(line.encode()) < LINE:
                    return line
            return _last_resort(record, "too long")
        except Exception as error:  # noqa: BLE001 - nothing may reach who logs
            return _last_resort(record, type(error).__name__)

    def value(self, value: object) -> str:
        """Write one value as JSON, as it stands in a line."""
        return as_json(Plain(self._redaction, LINE).value(value))

    def request(self, exchange: Exchange | None) -> dict[str, str]:
        """Name the request that a line belongs to, and the running span."""
        known = {} if exchange is None else {"request_id": exchange.request_id}
        if trace := self.trace(exchange):
            known |= trace._asdict()
        return known

    def _fields(
        self, record: logging.LogRecord, plain: Plain, said: dict[Any, Any]
    ) -> dict[str, Any]:
        rest = plain.mapping(said)
        message = rest.pop("message")
        return {
            "timestamp": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": rest.pop("logger"),
            "message": message if isinstance(message, str) else as_json(message),
            **self._constant,
            **rest,
            **self.request(current.get()),
        }


def timestamp(seconds: float) -> str:
    """Write seconds since 1970 as RFC 3339 has it, in UTC, to the microsecond."""
    whole, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_second(whole)}.{microseconds:06d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def _last_resort(record: logging.LogRecord, why: str) -> str:
    return as_json(
        {
            "timestamp": timestamp(time()),
            "level": logging.getLevelName(record.levelno).lower(),
            "logger": __name__,
            "message": f"a record could not be written: {why}",
        }
    )
