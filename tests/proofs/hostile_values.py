"""What no log should break on, and the ways and places to log it from; goes with faulty.py."""
# mypy: ignore-errors
# The template's environment has no structlog.

from __future__ import annotations

import asyncio
import logging
import math
import weakref
from collections import OrderedDict, UserDict, namedtuple
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Never
from unittest.mock import MagicMock

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Broken:
    """Raises whatever it is asked."""

    def __repr__(self) -> str:
        raise ValueError("no repr")

    __str__ = __format__ = __bool__ = __len__ = __iter__ = __eq__ = __getattr__ = __repr__
    __hash__ = object.__hash__


class Evil(str):
    """A text that is none."""

    __slots__ = ()

    def __str__(self) -> str:
        return 7  # noqa: PLE0307 - that is the fault

    def encode(self, *_: str) -> bytes:
        raise ValueError("no encode")

    def __len__(self) -> int:
        return -1  # noqa: PLE0303 - that is the fault


class EvilDict(dict):
    """A mapping that cannot be walked."""

    def items(self) -> Never:
        raise ValueError("no items")

    __iter__ = keys = values = items


class Growing(UserDict):
    """A mapping that changes while it is walked."""

    def __iter__(self) -> Iterator[str]:
        for key in list(self.data):
            self.data[f"{key}'"] = 1
            yield key


class BadError(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError("no str")

    __repr__ = __str__


class Liar:
    """Claims to be a text."""

    __class__ = str


class Dead:
    """Soon collected."""


def values() -> list[Any]:
    """Make them afresh, for some can be used only once."""
    cycle = [1]
    cycle.append({"self": cycle})
    deep = []
    for _ in range(100_000):
        deep = [deep]
    chained = ValueError("\ud800 in an error")
    chained.__cause__ = RuntimeError("cause")
    chained.__cause__.__cause__ = chained
    chained.add_note("note\x00\u2028\ud800")
    return [
        math.nan,
        [math.inf, -math.inf, {"nan": math.nan}],
        Decimal("sNaN"),
        complex(math.nan, 1),
        10**10_000,
        {(1, 2): 3, None: 4, 1: 5, "1": 6, b"\xff": 8, math.nan: 9},
        {"\ud800": "\udfff", "": "", "\x00": "\x00"},
        "\ud800 alone",
        'line\nline\r\n\x00\x1b[31m\u2028\u2029\u0085\u202e"quoted\\',
        '{"level":"info"}\n{"message":"forged"}',
        b"\xff\xfe\x00",
        memoryview(b"\x80abc"),
        cycle,
        deep,
        Broken(),
        [Broken(), {Broken(): Broken()}],
        Evil("evil"),
        EvilDict(a=1),
        Growing(a=1),
        BadError(),
        chained,
        ExceptionGroup("group", [BadError(), chained]),
        Liar(),
        weakref.proxy(Dead()),
        MagicMock(name="\ud800"),
        MappingProxyType({"a": {1, 2}}),
        OrderedDict({f"key {i}": "v" * 100 for i in range(5_000)}),
        namedtuple("Point", "x y")(math.nan, b"\x80"),  # noqa: PYI024 - short
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-23, minutes=-59))),
        "M" * 1_000_000,
        "\x01" * 1_000_000,
        ["\U0001f600" * 1000] * 1000,
        "%s %d %(name)s %",
        (i for i in range(3)),
        type("Meta", (type,), {"__repr__": lambda _: 1})("Odd", (), {}),
        Ellipsis,
    ]


def argument(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    logging.getLogger(name).info("value %s and %r", value, value)
    return name


def wrong_placeholder(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    logging.getLogger(name).info("value %d", value, value)  # noqa: PLE1205
    return name


def message(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    logging.getLogger(name).warning(value)
    return name


def extra(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    logging.getLogger(name).info("extra", extra={"value": value, "request_id": "forged"})
    return name


def raised(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    try:
        raise value if isinstance(value, Exception) else BadError(value)  # noqa: TRY301
    except Exception:
        logging.getLogger(name).exception("raised")
    return name


def record(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    fields = {"name": name, "msg": value, "args": value, "exc_info": (value,), "levelno": 20}
    logging.getLogger(name).handle(logging.makeLogRecord({**fields, "created": 1e9}))
    return name


def adapter(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    adapted = logging.LoggerAdapter(logging.getLogger(name), {"value": [value]})
    adapted.info("adapted", stack_info=True)
    return name


def field(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    structlog.get_logger(name).info("field", value=value, level=value, timestamp=value, logger=1)
    return name


def event(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    structlog.get_logger(name).info(value)
    return name


def positional(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    structlog.get_logger(name).info("%s and %d", value, value, message=value, trace_id=value)
    return name


def bound(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    log = structlog.get_logger(name).bind(**{"exception.type": value})
    log.info("bound", exc_info=(type(value), value, None))
    return name


def context(name: str, value: Any) -> str:  # noqa: ANN401 - any value is the point
    with structlog.contextvars.bound_contextvars(value=value, request_id="forged"):
        logging.getLogger(name).info("context")
    return name


WAYS = (
    argument,
    wrong_placeholder,
    message,
    extra,
    raised,
    record,
    adapter,
    field,
    event,
    positional,
    bound,
    context,
)


async def here(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    return call()


async def task(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    return await asyncio.create_task(here(call))


async def executor(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    return await asyncio.get_running_loop().run_in_executor(None, call)


PLACES = (here, task, asyncio.to_thread, executor)
