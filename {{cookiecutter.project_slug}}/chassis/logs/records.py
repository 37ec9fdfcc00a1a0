"""Reads a log record: message, exception and fields, from any logging library."""

from __future__ import annotations

import logging
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

from structlog.contextvars import get_contextvars

from chassis.logs.sanitizer import describe_unprintable

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict

EVENT_ATTRIBUTE = "_structlog"
"""Attribute of a record that carries the fields of a structlog event."""
STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",  # since Python 3.12
    "color_message",  # uvicorn's message again, with escape codes
    EVENT_ATTRIBUTE,
}
"""Attributes of a record that are not fields."""
RESERVED_FIELDS = frozenset(
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
"""Fields that only this package sets; one given under the same name becomes `field.<name>`."""
STRUCTURED_MESSAGES = (dict, list, tuple)
"""Types of messages that are masked by key before they become text."""
MAX_FRAMES = 50
"""Most frames of one traceback: those nearest to the error."""


def event_to_record(
    _: logging.Logger, __: str, event: EventDict
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Hand an event to the standard library; the last structlog processor.

    structlog's own `render_to_log_kwargs` raises if a field is called `name` or `args`.
    """
    message, arguments = event.pop("event", ""), ()
    if isinstance(event.get("positional_args"), tuple):
        arguments = event.pop("positional_args")
    given = {name: event.pop(name) for name in ("exc_info", "stack_info") if name in event}
    return (message, *arguments), {**given, "extra": {EVENT_ATTRIBUTE: event}}


def read_record(record: logging.LogRecord) -> dict[Any, Any]:
    """Return message, exception and fields as they were given, not sanitized yet.

    With equal names, a field of an event wins over one of `extra`, and that over a context
    variable.
    """
    content = {"logger": record.name, **_message(record)}
    if record.exc_info:
        content |= _exception(record.exc_info)
    if record.stack_info:
        content["code.stacktrace"] = record.stack_info
    attributes = record.__dict__
    extra = {name: attributes[name] for name in attributes if name not in STANDARD_ATTRIBUTES}
    for fields in (get_contextvars(), extra, attributes.get(EVENT_ATTRIBUTE, {})):
        for name, value in fields.items():
            content[f"field.{name}" if name in RESERVED_FIELDS else name] = value
    return content


def _message(record: logging.LogRecord) -> dict[str, object]:
    try:
        if type(record.msg) in STRUCTURED_MESSAGES and not record.args:
            return {"message": record.msg}
        return {"message": record.getMessage()}
    except Exception as error:  # noqa: BLE001 - arguments that do not fit, or that raise
        reason = f"{type(error).__name__}: {_call_safely(str, error)}"
        template = _call_safely(str, record.msg)
        return {"message": template, "message.arguments": record.args, "message.error": reason}


def _exception(info: Any) -> dict[str, str]:  # noqa: ANN401 - records are made by hand, too
    error = info[1] if isinstance(info, tuple) and len(info) == 3 else info  # noqa: PLR2004
    if not issubclass(type(error), BaseException):  # isinstance would run code of the value
        return {}
    return {
        "exception.type": _qualified_name(type(error)),
        "exception.message": _call_safely(str, error),
        "exception.stacktrace": _call_safely(_stacktrace, error),
    }


def _qualified_name(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _stacktrace(error: BaseException) -> str:
    """Format an exception with its causes and groups, without local variables."""
    trace = TracebackException(
        type(error), error, error.__traceback__, limit=-MAX_FRAMES, compact=True
    )
    return "".join(trace.format()).rstrip()


def _call_safely(describe: Callable[[Any], str], value: object) -> str:
    try:
        return describe(value)
    except Exception:  # noqa: BLE001 - its code may raise anything
        return describe_unprintable(value)
