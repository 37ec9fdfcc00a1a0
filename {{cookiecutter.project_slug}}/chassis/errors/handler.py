"""Reports every log line at ERROR or above, with its exception if there is one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import sentry_sdk

from chassis.logs.records import read_record

if TYPE_CHECKING:
    from chassis.errors.reporter import Reporter

LAST_SECONDS = 0.25
"""Seconds for sending errors that occur after the flush when the service stops."""


class ErrorHandler(logging.Handler):
    """A handler for the root logger, which gets everything, unhandled exceptions included."""

    def __init__(self, reporter: Reporter, flush_seconds: float) -> None:
        super().__init__(logging.ERROR)
        self._reporter = reporter
        self._flush_seconds = flush_seconds

    def handle(self, record: logging.LogRecord) -> bool:
        """Report a record, without a lock, because the garbage collector may log at any moment."""
        if passed := bool(self.filter(record)) and not is_repeated(record):
            self.emit(record)
        return passed

    def emit(self, record: logging.LogRecord) -> None:
        """Report a record, unless there are too many; never raise."""
        if self._reporter.is_exhausted():
            return
        try:
            self._report(record)
        except Exception as error:  # noqa: BLE001 - logging must never raise
            self._reporter.drop(type(error).__name__)

    def flush(self) -> None:
        """Wait until all is sent, for a bounded time; logging calls it when the process ends."""
        sentry_sdk.flush(self._flush_seconds)
        self._flush_seconds = min(self._flush_seconds, LAST_SECONDS)

    def _report(self, record: logging.LogRecord) -> None:
        def add_record(event: Any, hint: dict[str, Any]) -> Any:  # noqa: ANN401 - the SDK's
            hint["record"] = read_record(record)
            return event

        with sentry_sdk.new_scope() as scope:
            scope.set_level("fatal" if record.levelno >= logging.CRITICAL else "error")
            scope.add_event_processor(add_record)
            if error := exception_of(record):
                scope.capture_exception(error)
            else:
                scope.capture_event({"logentry": {"message": str(record.msg)}})


def is_repeated(record: logging.LogRecord) -> bool:
    """Return whether a line only repeats that a request, the start or the end has failed."""
    is_of_lifespan = record.name == "uvicorn.error" and "lifespan" in record.pathname
    return record.name == "app.access" or (is_of_lifespan and not record.exc_info)


def exception_of(record: logging.LogRecord) -> BaseException | None:
    """Return the exception of a record: its own, or one among the message's arguments."""
    shown = record.args.values() if isinstance(record.args, dict) else record.args or ()
    own = record.exc_info[1] if record.exc_info else None
    return own or next((it for it in shown if isinstance(it, BaseException)), None)
