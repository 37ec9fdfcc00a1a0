"""Reads a log record: its message, its exception, and the fields from wherever they were given."""

from __future__ import annotations

import logging
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

from structlog.contextvars import get_contextvars

from chassis.logs.plain import unprintable

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict

EVENT = "_structlog"
"""Attribute of a record that carries the fields of a structlog event."""
OWN = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",  # since Python 3.12
    "color_message",  # uvicorn's message again, with escape codes
    EVENT,
}
"""Attributes of a record that are no fields of the user's."""
RESERVED = frozenset(
    {
        "timestamp",
        "level",
        "logger",
        "message",
        "service.name",
        "service.version",
        "deployment.environment.name",
        "request_id",
        "trace_id",
        "span_id",
        "trace_flags",
        "exception.type",
        "exception.message",
        "exception.stacktrace",
    }
)
"""Fields that only the pipeline sets; a user's field of the same name becomes `field.<name>`."""
STRUCTURED = (dict, list, tuple)
"""Messages that are redacted key by key, before they are text."""
FRAMES = 50
"""Frames of one traceback, those nearest to the error."""


def to_record(
    _: logging.Logger, __: str, event: EventDict
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Hand a structlog event to the standard library; its last processor."""
    message, arguments = event.pop("event", ""), ()
    if isinstance(event.get("positional_args"), tuple):
        arguments = event.pop("positional_args")
    given = {name: event.pop(name) for name in ("exc_info", "stack_info") if name in event}
    return (message, *arguments), {**given, "extra": {EVENT: event}}


def read(record: logging.LogRecord) -> dict[Any, Any]:
    """Collect what a record says, as it was given: nothing is plain or redacted yet.

    Of equal names, an event's field wins over an `extra`, and that over a context variable.
    """
    said = {"logger": record.name, **_message(record)}
    if record.exc_info:
        said |= _exception(record.exc_info)
    if record.stack_info:
        said["code.stacktrace"] = record.stack_info
    attributes = record.__dict__
    extra = {name: attributes[name] for name in attributes if name not in OWN}
    for fields in (get_contextvars(), extra, attributes.get(EVENT, {})):
        for name, value in fields.items():
            said[f"field.{name}" if name in RESERVED else name] = value
    return said


def _message(record: logging.LogRecord) -> dict[str, object]:
    try:
        if type(record.msg) in STRUCTURED and not record.args:
            return {"message": record.msg}
        return {"message": record.getMessage()}
    except Exception as error:  # noqa: BLE001 - arguments that do not fit, or break
        why = f"{type(error).__name__}: {_attempt(str, error)}"
        template = _attempt(str, record.msg)
        return {"message": template, "message.arguments": record.args, "message.error": why}


def _exception(info: Any) -> dict[str, str]:  # noqa: ANN401 - records are made by hand, too
    error = info[1] if isinstance(info, tuple) and len(info) == 3 else info  # noqa: PLR2004
    if not issubclass(type(error), BaseException):  # isinstance would run a stranger's code
        return {}
    return {
        "exception.type": _name(type(error)),
        "exception.message": _attempt(str, error),
        "exception.stacktrace": _attempt(_stacktrace, error),
    }


def _name(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _stacktrace(error: BaseException) -> str:
    """Write an exception with its causes and groups, without local variables."""
    trace = TracebackException(type(error), error, error.__traceback__, limit=-FRAMES, compact=True)
    return "".join(trace.format()).rstrip()


def _attempt(write: Callable[[Any], str], value: object) -> str:
    try:
        return write(value)
    except Exception:  # noqa: BLE001 - whatever a stranger's code raises
        return unprintable(value)
