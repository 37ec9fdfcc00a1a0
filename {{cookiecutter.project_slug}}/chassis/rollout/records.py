"""Parses TOML and JSON into typed records, and reports every invalid place."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache, partial
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from chassis.rollout.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_hints = cache(partial(get_type_hints, include_extras=True))
KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included."""

    minimum: float
    maximum: float


def parse_record(kind: Any, value: object, where: str) -> Any:  # noqa: ANN401 - any kind
    """Parse a dataclass, or a union of them. Raises RefusedError with every error."""
    parser = _Parser()
    record = parser.parse(kind, value, where)
    if parser.errors:
        raise RefusedError("\n".join(parser.errors))
    return record


class _Parser:
    def __init__(self) -> None:
        self.errors: list[str] = []

    def parse(self, kind: Any, value: object, where: str) -> Any:  # noqa: ANN401, PLR0911 - any kind
        """Return `value` as `kind`; None if it is invalid, which adds an error."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Annotated:
            number, bounds = self.parse(inner[0], value, where), inner[1]
            if number is None or bounds.minimum <= number <= bounds.maximum:
                return number
            between = f"between {bounds.minimum:g} and {bounds.maximum:g}"
            return self._add(where, f"{number!r} is not {between}")
        if origin in {Union, UnionType}:
            return self._parse_union(inner, value, where)
        if origin is Literal:
            choices = ", ".join(map(repr, inner))
            return (
                value if value in inner else self._add(where, f"{value!r} is not one of {choices}")
            )
        if origin is tuple and isinstance(value, list):
            return tuple(self.parse(inner[0], it, f"{where}[{n}]") for n, it in enumerate(value))
        if is_dataclass(kind) and isinstance(value, dict):
            return self._parse_table(kind, value, where)
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is kind:
            return value
        wanted = KINDS.get(kind) or ("a list" if origin is tuple else "a table")
        return self._add(where, f"{value!r} is not {wanted}")

    def _parse_table(self, kind: Any, table: Mapping[str, object], where: str) -> Any:  # noqa: ANN401
        hints = _hints(kind)
        errors = len(self.errors)
        for name in table.keys() - hints.keys():
            similar = "".join(f", or use {it}" for it in get_close_matches(name, hints, 1))
            self._add(f"{where}.{name}", f"unknown key. Remove it{similar}")
        for field in fields(kind):
            is_required = field.default is MISSING and field.default_factory is MISSING
            if is_required and field.name not in table:
                self._add(f"{where}.{field.name}", "is missing")
        values = {
            name: self.parse(hints[name], value, f"{where}.{name}")
            for name, value in table.items()
            if name in hints
        }
        if len(self.errors) > errors:
            return None
        try:
            return kind(**values)
        except ValueError as error:
            return self._add(where, str(error))

    def _parse_union(self, kinds: tuple[Any, ...], value: object, where: str) -> Any:  # noqa: ANN401
        if value is None and NoneType in kinds:
            return None
        candidates = [kind for kind in kinds if kind is not NoneType]
        if len(candidates) > 1 and isinstance(value, dict):
            tagged = [kind for kind in candidates if value.get("is_a") == kind.is_a]
            candidates = tagged or candidates
        return self.parse(candidates[0], value, where)

    def _add(self, where: str, error: str) -> None:
        self.errors.append(f"{where}: {error}.")
