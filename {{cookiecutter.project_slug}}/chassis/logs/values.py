"""Swaps a value for one of JSON's types that says the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import PurePath
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import AnyUrl, BaseModel, Secret, SecretBytes, SecretStr

from chassis.logs.redaction import MASK

Swap: TypeAlias = Callable[[Any], Any]


def _model(value: BaseModel) -> dict[str, Any]:
    known = type(value).model_fields
    entries = BaseModel.__iter__(value)
    return {name: entry for name, entry in entries if name not in known or known[name].repr}


def _dataclass(value: Any) -> dict[str, Any]:  # noqa: ANN401 - dataclasses share no type
    return {field.name: getattr(value, field.name) for field in fields(value) if field.repr}


def _tuple(value: tuple[Any, ...]) -> dict[str, Any] | list[Any]:
    names = getattr(value, "_fields", None)
    return dict(zip(names, value, strict=True)) if names else list(value)


SWAPS: tuple[tuple[tuple[type, ...], Swap], ...] = (
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
    ((Mapping,), dict),
    ((tuple,), _tuple),
    ((list, set, frozenset, deque), list),
)
"""The first that fits; an unbound method sees the content of a subclass past its overrides."""


@lru_cache(maxsize=256)
def _swap_of(kind: type) -> Swap:
    for kinds, swap in SWAPS:
        if issubclass(kind, kinds):
            return swap
    return _dataclass if is_dataclass(kind) else repr


def simple(value: Any) -> Any:  # noqa: ANN401 - str, int, float, bool, None, dict or list
    """Swap a value for one of JSON's types; what a dict or a list holds stays as it is.

    What says nothing of its own is represented by `repr`. Raises whatever the value's code raises.
    """
    return _swap_of(type(value))(value)  # type: ignore[arg-type] # a class is hashable
