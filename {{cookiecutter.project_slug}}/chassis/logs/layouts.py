"""How a line is laid out: as JSON for machines, or as text for a developer's terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Layout: TypeAlias = Callable[[dict[str, Any]], str]
    """Writes the plain fields of a record as one line, without its end."""

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that move the cursor, start a line or turn the direction of text."""
BARE = re.compile(r"[^\s\"'=]+")
COLOURS = {"debug": 36, "info": 32, "warning": 33, "error": 31, "critical": 41}
"""Codes of ECMA-48 that set the colour of a level."""

as_json: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


class Console:
    """Lays a line out for reading; nothing in a value can look like a line of its own."""

    def __init__(self, *, colours: bool) -> None:
        """Colour the levels, or leave them plain."""
        self._colours = colours

    def __call__(self, fields: dict[str, Any]) -> str:
        """Write time, level, message, logger and fields; the stack trace below, indented."""
        rest = dict(fields)
        time = rest.pop("timestamp")[11:23]
        level = self._level(rest.pop("level"))
        message, logger = _escape(rest.pop("message")), _escape(rest.pop("logger"))
        traces = [rest.pop(f"{kind}.stacktrace", None) for kind in ("code", "exception")]
        pairs = (f" {_escape(name)}={_value(value)}" for name, value in rest.items())
        below = (f"\n    {_escape(line)}" for t in traces if t for line in str(t).split("\n"))
        return "".join((f"{time} {level} {message} [{logger}]", *pairs, *below))

    def _level(self, level: str) -> str:
        padded = f"{_escape(level):<8}"
        return f"\x1b[{COLOURS.get(level, 0)}m{padded}\x1b[0m" if self._colours else padded


def _value(value: object) -> str:
    if isinstance(value, str) and BARE.fullmatch(value):
        return _escape(value)
    return _escape(as_json(value))


def _escape(text: str) -> str:
    return UNSAFE.sub(lambda unsafe: unsafe[0].encode("unicode_escape").decode(), text)
