"""The one way out: every logger, warning and uncaught exception ends at one handler."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import structlog

from chassis.logs.records import to_record
from chassis.logs.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from structlog.typing import Processor

    from chassis.logs.lines import Lines

UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
PROCESSORS: list[Processor] = [structlog.stdlib.filter_by_level, to_record]
"""One list for the whole process, so that `structlog.testing.capture_logs` reaches every logger."""

RECORD = logging.LogRecord

logger = logging.getLogger("app")


class Output(logging.Handler):
    """Writes each record as a line."""

    def __init__(self, lines: Lines, levels: Mapping[str, str]) -> None:
        """Take what writes the lines, and the loggers' own levels that came with it."""
        super().__init__()
        self.lines = lines
        self.levels = levels
        self.sink = Sink()
        self._only = [self]

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that passes the filters.

        The library would hold a lock meanwhile. The sink has its own, and whoever has one of two
        may wait for the other: the garbage collector logs whenever it likes, about lost tasks.
        """
        passed: Any = self.filter(record)  # since Python 3.12 it may be another record
        if passed:
            self.emit(passed if isinstance(passed, RECORD) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.sink.write(self.lines.format(record))

    def hears_alone(self, source: logging.Logger) -> bool:
        """Tell whether what a logger logs becomes lines here, and nothing anywhere else."""
        logger = source
        while logger.parent is not None:
            if logger.handlers or not logger.propagate:
                return False
            logger = logger.parent
        altered = source.filters or self.filters or logging.getLogRecordFactory() is not RECORD
        return not altered and logger.handlers == self._only

    def flush(self) -> None:
        """Write what waits, as far as it is taken at once."""
        self.sink.flush()

    def close(self) -> None:
        """Write what waits, within half a second; the last thing that logging does."""
        self.sink.close()
        super().close()


def connect(output: Output, level: str) -> None:
    """Lead the standard library's and structlog's loggers to the output, in place of an earlier."""
    root = logging.getLogger()
    for earlier in [handler for handler in root.handlers if isinstance(handler, Output)]:
        root.removeHandler(earlier)
        for name in earlier.levels:
            logging.getLogger(name).setLevel(logging.NOTSET)
    root.addHandler(output)
    root.setLevel(level)
    for name in UVICORN:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, own in output.levels.items():
        logging.getLogger(name).setLevel(own)
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def capture() -> None:
    """Log warnings and uncaught exceptions; hooks that someone else has set stay in place."""
    logging.captureWarnings(capture=True)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _uncaught_in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    if issubclass(uncaught.exc_type, SystemExit):
        return
    name = uncaught.thread.name if uncaught.thread else None
    error = uncaught.exc_value
    logger.critical("uncaught exception in a thread", exc_info=error, extra={"thread.name": name})


def _unraisable(ignored: sys.UnraisableHookArgs) -> None:
    message = ignored.err_msg or "exception ignored"
    logger.error("%s in %r", message, ignored.object, exc_info=ignored.exc_value)
