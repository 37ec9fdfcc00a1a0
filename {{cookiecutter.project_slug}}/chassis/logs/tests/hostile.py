"""Values that code may log, and what becomes of them; and a reader as strict as any."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, RootModel, SecretStr

from chassis.environment.secret_names import MASK
from chassis.logs.formatter import MAX_LINE_BYTES, LineFormatter
from chassis.logs.layout import to_json
from chassis.logs.redaction import Redactor


def parse(line: str) -> dict[str, Any]:
    """Read a line as the strictest of parsers would."""

    def entries(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a key twice"
        return dict(pairs)

    assert "\n" not in line
    assert "\r" not in line
    assert len(line.encode()) < MAX_LINE_BYTES
    fields = json.loads(line, parse_constant=pytest.fail, object_pairs_hook=entries)
    json.dumps(fields, ensure_ascii=False).encode()  # fails on lone surrogates
    assert isinstance(fields, dict)
    assert fields["timestamp"].endswith("Z")
    assert isinstance(fields["message"], str)
    return fields


def write(msg: object = "told", *args: object, exc_info: Any = None, **extra: object) -> Any:
    record = logging.LogRecord("shop", logging.INFO, "", 0, msg, args, exc_info)
    record.__dict__.update(extra)
    line = LineFormatter(Redactor(()), to_json, {"service.name": "orders"}).format(record)
    assert "could not be written" not in line
    return parse(line)


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    __str__ = __repr__


class NoClass:
    @property  # type: ignore[misc] # a lie is wanted
    def __class__(self) -> Any:
        raise RuntimeError("no class")


class BrokenDict(dict[str, str]):
    def __iter__(self) -> Any:
        raise RuntimeError("no keys")

    keys = items = __iter__


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __len__ = __str__  # type: ignore[assignment]


class BrokenError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message")

    __repr__ = __str__


class Colour(Enum):
    RED = object()


class Weight(IntEnum):
    HEAVY = 3


class Point(NamedTuple):
    x: int
    password: str


@dataclass
class Order:
    number: int
    pin: str = field(default="0000", repr=False)

    @property
    def total(self) -> int:
        raise RuntimeError("no total")


class Customer(BaseModel):
    name: str
    code: str = Field("1234", repr=False)
    card: SecretStr = SecretStr("4111")


def cycle() -> list[Any]:
    ring: list[Any] = [1]
    ring.append({"ring": ring})
    return ring


def deep(levels: int) -> list[Any]:
    nest: list[Any] = []
    for _ in range(levels):
        nest = [nest]
    return nest


ID = UUID(int=1)
CORPUS: list[tuple[Any, Any]] = [
    (float("nan"), "nan"),
    (float("-inf"), "-inf"),
    (10**5000, ...),
    (2**63 - 1, 2**63 - 1),
    (True, True),
    (None, None),
    ("\ud800", "\\ud800"),
    ("a\nb\x00\u2028", "a\nb\x00\u2028"),
    (b"\xff\x00a", "\\xff\x00a"),
    (bytearray(b"ab"), "ab"),
    (memoryview(b"ab"), "ab"),
    ({1: "a", "1": "b", None: "c", (1,): "d"}, {"1": "a", "1_": "b", "None": "c", "[1]": "d"}),
    ({b"k": 1, "\ud800": 2, "\\ud800": 3}, {"k": 1, "\\ud800": 2, "\\ud800_": 3}),
    ({1.5}, [1.5]),
    (cycle(), [1, {"ring": "<cycle>"}]),
    (deep(5000), ...),
    (date(2026, 1, 2), "2026-01-02"),
    (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
    (timedelta(seconds=1), "0:00:01"),
    (Decimal("NaN"), "NaN"),
    (ID, str(ID)),
    (PurePosixPath("/tmp"), "/tmp"),  # noqa: S108 - a path is written, not opened
    (Colour.RED, "RED"),
    (Weight.HEAVY, "HEAVY"),
    (Point(1, "pw"), {"x": 1, "password": MASK}),
    (Order(7), {"number": 7}),
    (Customer(name="Ann"), {"name": "Ann", "card": MASK}),
    (RootModel[list[int]]([1, 2]), {"root": [1, 2]}),
    (ValueError("bad"), "ValueError('bad')"),
    (Customer, ...),
    (Broken(), ...),
    (NoClass(), ...),
    (BrokenDict(a="b"), ...),
    (Loud("loud"), "loud"),
    (BrokenError(), ...),
    ([Broken(), 1], [..., 1]),
    ({Broken(): 1}, ...),
    (range(3), "range(0, 3)"),
    (iter([1]), ...),
    (complex(1, 2), "(1+2j)"),
]
