"""Converts a value to one of JSON's types.

`pydantic_core.to_jsonable_python` shows fields with `repr=False`, loses the names of named tuples,
by which secrets are masked, and raises on part of the hostile values (promise R4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import PurePath
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import AnyUrl, BaseModel, Secret, SecretBytes, SecretStr

from chassis.environment.secret_names import MASK

Conversion: TypeAlias = Callable[[Any], Any]

MAX_ITEMS = 100
"""Most entries shown of one container."""


def _model(value: BaseModel) -> dict[str, Any]:
    known = type(value).model_fields
    entries = BaseModel.__iter__(value)
    return {name: entry for name, entry in entries if name not in known or known[name].repr}


def _dataclass(value: Any) -> dict[str, Any]:  # noqa: ANN401 - dataclasses share no type
    return {field.name: getattr(value, field.name) for field in fields(value) if field.repr}


def _tuple(value: tuple[Any, ...]) -> dict[str, Any] | list[Any]:
    names = getattr(value, "_fields", None)
    return dict(zip(names, value, strict=True)) if names else _list(value)


def _list(value: Iterable[Any]) -> list[Any]:
    """Copy the shown entries of a container, which may be infinite."""
    items = [*islice(value, MAX_ITEMS + 1)]
    if len(items) > MAX_ITEMS:
        items[MAX_ITEMS - 1 :] = [f"… {_rest(value)} more"]
    return items


def _dict(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """Copy the shown entries of a mapping, which may be infinite."""
    entries = [*islice(value.items(), MAX_ITEMS + 1)]
    if len(entries) > MAX_ITEMS:
        entries[MAX_ITEMS - 1 :] = [("…", f"{_rest(value)} more")]
    return dict(entries)


def _rest(value: Any) -> int | str:  # noqa: ANN401 - any container
    try:
        return len(value) - MAX_ITEMS + 1
    except Exception:  # noqa: BLE001 - an endless one has no length
        return "many"


CONVERSIONS: tuple[tuple[tuple[type, ...], Conversion], ...] = (
    ((Secret, SecretStr, SecretBytes), lambda _: MASK),
    ((Enum,), lambda value: value.name),
    ((bool, type(None)), lambda value: value),
    ((str,), str.__str__),
    ((int,), int.__pos__),
    ((float,), float.__pos__),
    ((bytes, bytearray, memoryview), lambda value: bytes(value).decode(errors="backslashreplace")),
    ((date, time), lambda value: value.isoformat()),
    ((AnyUrl, Decimal, IPv4Address, IPv6Address, PurePath, UUID, timedelta), str),
    ((BaseModel,), _model),
    ((Mapping,), _dict),
    ((tuple,), _tuple),
    ((list, set, frozenset, deque), _list),
)
"""The first match applies; an unbound method reads a subclass without running its overrides."""


@lru_cache(maxsize=256)
def _conversion_of(kind: type) -> Conversion:
    for kinds, convert in CONVERSIONS:
        if issubclass(kind, kinds):
            return convert
    return _dataclass if is_dataclass(kind) else repr


def to_json_type(value: Any) -> Any:  # noqa: ANN401 - str, int, float, bool, None, dict or list
    """Convert a value to one of JSON's types; the items of a dict or a list stay as they are.

    Any other type becomes its `repr`. Raises whatever the value's code raises.
    """
    return _conversion_of(type(value))(value)  # type: ignore[arg-type] # a class is hashable
