"""Counts and logs each call once, however often it was retried."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import httpx2

from chassis.outbound.errors import Rejected
from chassis.series import series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.outbound.call import Call
    from chassis.service import Service

Outcome: TypeAlias = Literal["success", "error", "timeout", "rejected", "cancelled"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
SERVER_ERROR = 500
MAX_PATH_LENGTH = 200
"""Most characters of a path that are logged."""

logger = logging.getLogger(__name__)


class CallRecorder:
    """Counts and logs the calls to one service."""

    def __init__(self, dependency: str, service: Service) -> None:
        self._dependency = dependency
        self._counts = dict.fromkeys(OUTCOMES, 0)
        for outcome in OUTCOMES:
            name = series("outbound_calls_total", dependency=dependency, outcome=outcome)
            service.counters[name] = partial(self._counts.__getitem__, outcome)

    @contextmanager
    def record(self, call: Call) -> Iterator[None]:
        """Record a call when its response has been read, or has begun if it is streamed."""
        started = perf_counter()
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            outcome = classify(call, error)
            self._counts[outcome] += 1
            self._log(call, outcome, error, perf_counter() - started)

    def _log(
        self, call: Call, outcome: Outcome, error: BaseException | None, seconds: float
    ) -> None:
        """Write the log line, without query and headers, which may contain secrets."""
        quiet = outcome == "success" or not call.tries  # no warning for a call that was not made
        level = logging.DEBUG if quiet else logging.WARNING
        if not logger.isEnabledFor(level):
            return
        fields = {
            "dependency": self._dependency,
            "outcome": outcome,
            "http.request.method": call.request.method,
            "url.path": call.request.url.path[:MAX_PATH_LENGTH],
            "http.response.status_code": call.response.status_code if call.response else None,
            "error.type": type(error).__name__ if error else None,
            "tries": call.tries,
            "duration_ms": round(seconds * 1000, 3),
        }
        present = {name: value for name, value in fields.items() if value is not None}
        logger.log(level, "outbound call", extra=present)


def classify(call: Call, error: BaseException | None) -> Outcome:
    """Return the outcome of a call; a status below 500 is a success of the called service."""
    if error is None:
        failed = call.response is not None and call.response.status_code >= SERVER_ERROR
        return "error" if failed else "success"
    if isinstance(error, Rejected):
        return "rejected"
    if isinstance(error, httpx2.TimeoutException):
        return "timeout"
    return "error" if isinstance(error, Exception) else "cancelled"
