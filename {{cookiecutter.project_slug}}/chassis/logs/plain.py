"""Any value made plain: what JSON can hold, without secrets and within bounds, whatever it was."""

from __future__ import annotations

from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from chassis.logs.redaction import MASK, names_secret
from chassis.logs.values import simple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.logs.redaction import Redaction

TEXT = 16_384
"""Characters of one text."""
KEY = 128
"""Characters of one key."""
ITEMS = 100
"""Entries of one container."""
DEPTH = 8
"""Containers within containers."""
OVERHEAD = 4
"""Characters that punctuation costs each value."""
LARGEST = 2**63 - 1
"""The largest integer that every JSON parser takes."""
EXACT = frozenset({str, int, float, bool, type(None), dict, list})


class Plain:
    """Makes the values of one record plain."""

    def __init__(self, redaction: Redaction, budget: int) -> None:
        """Take the characters that the whole record may use."""
        self._redaction = redaction
        self._left = budget
        self._open: list[int] = []

    def value(self, value: object) -> Any:  # noqa: ANN401 - str, int, float, bool, None, dict, list
        """Make a value plain; one that breaks on the way is named instead."""
        try:
            return self._value(value)
        except Exception:  # noqa: BLE001 - whatever a stranger's code raises
            return unprintable(value)

    def mapping(self, entries: Mapping[Any, object]) -> dict[str, Any]:
        """Make the keys and values of a mapping plain."""
        plain: dict[str, Any] = {}
        for key, value in tuple(islice(entries.items(), ITEMS)):
            if self._left <= 0:
                break
            name = self._key(key)
            while name in plain:  # 1 and "1" are two keys
                name += "_"
            plain[name] = self._member(name, value)
        if len(plain) < len(entries):
            plain["…"] = f"{len(entries) - len(plain)} more"
        return plain

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any value is the point
        self._left -= OVERHEAD
        if type(value) not in EXACT:
            value = simple(value)
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is int:
            return value if -LARGEST <= value <= LARGEST else self._text(hex(value))
        if kind is float:
            return value if isfinite(value) else str(value)
        return self._container(value) if kind in {dict, list} else value

    def _container(self, value: Any) -> Any:  # noqa: ANN401 - a dict or a list of anything
        if id(value) in self._open:
            return "<cycle>"
        if len(self._open) >= DEPTH:
            return f"<nested deeper than {DEPTH}>"
        self._open.append(id(value))
        try:
            return self.mapping(value) if isinstance(value, dict) else self._sequence(value)
        finally:
            self._open.pop()

    def _sequence(self, values: list[Any]) -> list[Any]:
        match values:
            case [str() | bytes() as key, value]:  # a header, say
                return [self.value(key), self._member(self._key(key), value)]
        plain = []
        for value in islice(values, ITEMS):
            if self._left <= 0:
                break
            plain.append(self.value(value))
        if len(plain) < len(values):
            plain.append(f"… {len(values) - len(plain)} more")
        return plain

    def _member(self, name: str, value: object) -> Any:  # noqa: ANN401 - plain, see value
        if value is None or value is True or value is False or not names_secret(name):
            return self.value(value)
        return MASK

    def _key(self, key: object) -> str:
        try:
            text = key if type(key) is str else str(simple(key))
        except Exception:  # noqa: BLE001 - whatever a stranger's code raises
            text = unprintable(key)
        shown = self._redaction.text(text, KEY)
        self._left -= len(shown) + OVERHEAD
        return shown

    def _text(self, text: str) -> str:
        shown = self._redaction.text(text, max(0, min(TEXT, self._left)))
        self._left -= len(shown)
        return shown


def unprintable(value: object) -> str:
    """Name a value without running any of its code."""
    return f"<unprintable {object.__repr__(value)[1:]}"
