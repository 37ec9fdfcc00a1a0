"""Turns any value into one that JSON can represent, without secrets and of bounded size.

`json`, structlog and pydantic each raise or emit invalid JSON for part of the hostile values in the
tests, and none of them masks by key (promise R4).
"""

from __future__ import annotations

from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from chassis.environment.secret_names import MASK, is_secret_name
from chassis.logs.values import MAX_ITEMS, to_json_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.logs.redaction import Redactor

MAX_TEXT_CHARACTERS = 16_384
MAX_KEY_CHARACTERS = 128
MAX_DEPTH = 8
"""Deepest nesting of containers."""
PUNCTUATION_CHARACTERS = 4
"""Characters of the budget that each value takes for punctuation."""
MAX_INTEGER = 2**63 - 1
"""The largest integer that every JSON parser reads."""
JSON_TYPES = frozenset({str, int, float, bool, type(None), dict, list})


class Sanitizer:
    """Sanitizes the values of one record."""

    def __init__(self, redactor: Redactor, budget: int) -> None:
        """Take the budget: most characters of the whole record."""
        self._redactor = redactor
        self._budget = budget
        self._open_containers: list[int] = []

    def value(self, value: object) -> Any:  # noqa: ANN401 - str, int, float, bool, None, dict, list
        """Sanitize a value; one whose code raises is described instead."""
        try:
            return self._value(value)
        except Exception:  # noqa: BLE001 - a value's code may raise anything
            return describe_unprintable(value)

    def mapping(self, entries: Mapping[Any, object]) -> dict[str, Any]:
        """Sanitize the keys and values of a mapping."""
        sanitized: dict[str, Any] = {}
        for key, value in tuple(islice(entries.items(), MAX_ITEMS)):
            if self._budget <= 0:
                break
            name = self._key(key)
            while name in sanitized:  # 1 and "1" are two keys
                name += "_"
            sanitized[name] = self._entry(name, value)
        if len(sanitized) < len(entries):
            sanitized["…"] = f"{len(entries) - len(sanitized)} more"
        return sanitized

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any value is the point
        self._budget -= PUNCTUATION_CHARACTERS
        if type(value) not in JSON_TYPES:
            value = to_json_type(value)
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is int:
            return value if -MAX_INTEGER <= value <= MAX_INTEGER else self._text(hex(value))
        if kind is float:
            return value if isfinite(value) else str(value)
        return self._container(value) if kind in {dict, list} else value

    def _container(self, value: Any) -> Any:  # noqa: ANN401 - a dict or a list of anything
        if id(value) in self._open_containers:
            return "<cycle>"
        if len(self._open_containers) >= MAX_DEPTH:
            return f"<nested deeper than {MAX_DEPTH}>"
        self._open_containers.append(id(value))
        try:
            return self.mapping(value) if isinstance(value, dict) else self._sequence(value)
        finally:
            self._open_containers.pop()

    def _sequence(self, values: list[Any]) -> list[Any]:
        match values:
            case [str() | bytes() as key, value]:  # such as a header
                return [self.value(key), self._entry(self._key(key), value)]
        sanitized = []
        for value in islice(values, MAX_ITEMS):
            if self._budget <= 0:
                break
            sanitized.append(self.value(value))
        if len(sanitized) < len(values):
            sanitized.append(f"… {len(values) - len(sanitized)} more")
        return sanitized

    def _entry(self, name: str, value: object) -> Any:  # noqa: ANN401 - sanitized, see value
        if value is None or value is True or value is False or not is_secret_name(name):
            return self.value(value)
        is_number = type(value) is int and name.lower().endswith("s")  # of tokens, of sessions
        return self.value(value) if is_number else MASK

    def _key(self, key: object) -> str:
        try:
            text = key if type(key) is str else str(to_json_type(key))
        except Exception:  # noqa: BLE001 - a key's code may raise anything
            text = describe_unprintable(key)
        redacted = self._redactor.redact(text, MAX_KEY_CHARACTERS)
        self._budget -= len(redacted) + PUNCTUATION_CHARACTERS
        return redacted

    def _text(self, text: str) -> str:
        redacted = self._redactor.redact(text, max(0, min(MAX_TEXT_CHARACTERS, self._budget)))
        self._budget -= len(redacted)
        return redacted


def describe_unprintable(value: object) -> str:
    """Return type and address of a value without running any of its code."""
    return f"<unprintable {object.__repr__(value)[1:]}"
