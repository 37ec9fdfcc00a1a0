"""Layouts of a line: JSON for machines, or text for a developer's terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Layout: TypeAlias = Callable[[dict[str, Any]], str]
    """Lays out the sanitized fields of a record as one line, without its end."""

CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that move the cursor, start a line or change the direction of text."""
UNQUOTED_TEXT = re.compile(r"[^\s\"'=]+")
LEVEL_COLOURS = {"debug": 36, "info": 32, "warning": 33, "error": 31, "critical": 41}
"""Codes of ECMA-48, by level."""

to_json: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


class ConsoleLayout:
    """Lays out a line for people; no value can look like a separate line."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, fields: dict[str, Any]) -> str:
        """Write time, level, message, logger and fields; stack traces below, indented."""
        rest = dict(fields)
        time = rest.pop("timestamp")[11:23]
        level = self._format_level(rest.pop("level"))
        message, logger = _escape(rest.pop("message")), _escape(rest.pop("logger"))
        traces = [rest.pop(f"{kind}.stacktrace", None) for kind in ("code", "exception")]
        pairs = (f" {_escape(name)}={_format_value(value)}" for name, value in rest.items())
        below = (f"\n    {_escape(line)}" for t in traces if t for line in str(t).split("\n"))
        return "".join((f"{time} {level} {message} [{logger}]", *pairs, *below))

    def _format_level(self, level: str) -> str:
        padded = f"{_escape(level):<8}"
        return f"\x1b[{LEVEL_COLOURS.get(level, 0)}m{padded}\x1b[0m" if self._colours else padded


def _format_value(value: object) -> str:
    if isinstance(value, str) and UNQUOTED_TEXT.fullmatch(value):
        return _escape(value)
    return _escape(to_json(value))


def _escape(text: str) -> str:
    return CONTROL_CHARACTERS.sub(lambda it: it[0].encode("unicode_escape").decode(), text)
