"""Routes all loggers, warnings and uncaught exceptions of the process to one handler."""

from __future__ import annotations

import logging
import sys
import threading
from contextvars import Context
from typing import TYPE_CHECKING, Any

import structlog

from chassis.logs.records import event_to_record
from chassis.logs.sink import Sink
from chassis.logs.threads import context_of, keep_contexts_of_threads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from structlog.typing import Processor

    from chassis.logs.formatter import LineFormatter

UVICORN_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
PROCESSORS: list[Processor] = [structlog.stdlib.filter_by_level, event_to_record]
"""One list for the whole process, so that `structlog.testing.capture_logs` reaches every logger."""

LOGGER = "chassis.logs"
"""Name of the logger for lines about lost lines."""

logger = logging.getLogger("app")


class LineHandler(logging.Handler):
    """Writes each record as a line to standard output."""

    def __init__(self, formatter: LineFormatter, levels: Mapping[str, str]) -> None:
        """Take the formatter, and the levels of single loggers while this handler is installed."""
        super().__init__()
        self.line_formatter = formatter
        self.levels = levels
        self.sink = Sink(self._format_drop)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that passes the filters, without the lock that `logging.Handler` takes.

        The sink has a lock, and two would deadlock: the garbage collector logs at any moment.
        """
        passed: Any = self.filter(record)  # since Python 3.12 a filter may replace the record
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.sink.write(self.line_formatter.format(record))

    def _format_drop(self, lost: int) -> str:
        """Format a line about dropped lines, which belongs to no request."""
        message = "standard output was full: %d lines were dropped"
        record = logging.LogRecord(LOGGER, logging.WARNING, "", 0, message, (lost,), None)
        return Context().run(self.line_formatter.format, record)

    def is_only_handler(self, source: logging.Logger, level: int) -> bool:
        """Return whether nothing else handles or alters what a logger logs at a level."""
        logger = source
        while logger.parent is not None:
            if logger.handlers or not logger.propagate:
                return False
            logger = logger.parent
        unaltered = not source.filters and not self.filters
        unaltered = unaltered and logging.getLogRecordFactory() is logging.LogRecord
        return unaltered and (logger.handlers == [self] or self._is_only_one_at(level, logger))

    def _is_only_one_at(self, level: int, root: logging.Logger) -> bool:
        others = [it for it in root.handlers if it is not self and it.level <= level]
        return not others and self in root.handlers

    def flush(self) -> None:
        """Write buffered lines, as many as standard output accepts at once."""
        self.sink.flush()

    def close(self) -> None:
        """Write buffered lines, within half a second; logging calls it when the process ends."""
        self.sink.close()
        super().close()


def install_handler(handler: LineHandler, level: str) -> None:
    """Route the loggers of `logging` and structlog to this handler, replacing an earlier one."""
    root = logging.getLogger()
    for earlier in [it for it in root.handlers if isinstance(it, LineHandler)]:
        root.removeHandler(earlier)
        for name in earlier.levels:
            logging.getLogger(name).setLevel(logging.NOTSET)
    root.addHandler(handler)
    root.setLevel(level)
    for name in UVICORN_LOGGERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, logger_level in handler.levels.items():
        logging.getLogger(name).setLevel(logger_level)
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def install_hooks() -> None:
    """Log warnings and uncaught exceptions; hooks that others have installed stay in place."""
    logging.captureWarnings(capture=True)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _log_uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_uncaught_in_thread
        keep_contexts_of_threads()
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _log_unraisable


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    if issubclass(uncaught.exc_type, SystemExit):
        return
    name = uncaught.thread.name if uncaught.thread else None
    context, error = context_of(uncaught.thread), uncaught.exc_value
    message, extra = "uncaught exception in a thread", {"thread.name": name}
    context.run(logger.critical, message, exc_info=error, extra=extra)


def _log_unraisable(ignored: sys.UnraisableHookArgs) -> None:
    message = ignored.err_msg or "exception ignored"
    logger.error("%s in %r", message, ignored.object, exc_info=ignored.exc_value)
