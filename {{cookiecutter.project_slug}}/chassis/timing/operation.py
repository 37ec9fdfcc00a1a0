"""What the process remembers of each operation: counts since the start, and its latest runs."""

from __future__ import annotations

import logging
from collections import deque
from math import ceil, fsum
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis.timing.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    Attributes: TypeAlias = Mapping[str, str | int]
    Watch: TypeAlias = Callable[
        [str, Attributes | None], Callable[[BaseException | None], None] | None
    ]
    """Told of a run that begins; gives what to tell of its end, or None if it does not care."""

OTHER = "_OTHER"
MOST = 200
"""Names told apart; a name made from data must not fill the memory."""

logger = logging.getLogger(__name__)


class Totals(NamedTuple):
    """One operation since the start, all of one moment."""

    buckets: list[tuple[str, int]]
    seconds: float
    failed: int


class Operation:
    """One named operation. Any thread may record and read: a lock keeps every count.

    The garbage collector may end a run in a thread that has the lock, so it lets one in again.
    """

    __slots__ = ("_failed", "_histogram", "_lock", "_recent")

    def __init__(self, window: int) -> None:
        """Begin with no run."""
        self._lock = RLock()
        self._histogram = Histogram()
        self._recent: deque[float] = deque(maxlen=window)
        self._failed = 0

    def record(self, seconds: float, *, failed: bool) -> None:
        """Remember one run."""
        with self._lock:
            self._histogram.observe(seconds)
            self._recent.append(seconds)
            self._failed += failed

    def resize(self, window: int) -> None:
        """Keep the latest `window` runs from now on."""
        with self._lock:
            self._recent = deque(self._recent, maxlen=window)

    def totals(self) -> Totals:
        """Give the counts since the start."""
        with self._lock:
            return Totals(self._histogram.buckets(), self._histogram.sum, self._failed)

    def snapshot(self) -> dict[str, dict[str, float]]:
        """Give count, failures and seconds since the start, and statistics of the latest runs."""
        with self._lock:
            recent = list(self._recent)
            count, total, failed = self._histogram.count, self._histogram.sum, self._failed
        since_start = {"count": count, "failed": failed, "sum": total}
        return {"total": since_start, "recent": statistics(recent)}


class Operations:
    """Every operation of the process, by name."""

    def __init__(self, window: int = 1000) -> None:
        """Begin with none."""
        self.watch: Watch | None = None
        """Told of each run of `track`; a feature that follows runs puts its own in place."""
        self._window = window
        self._lock = RLock()
        self._by_name: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        """Find the operation of that name, made at first use; past 200 names, `_OTHER`."""
        return self._by_name.get(name) or self._admit(name)

    def __iter__(self) -> Iterator[tuple[str, Operation]]:
        """Yield name and operation, in the order of their first runs."""
        with self._lock:
            return iter(list(self._by_name.items()))

    def resize(self, window: int) -> None:
        """Keep the latest `window` runs of each operation, known or still to come."""
        self._window = window
        for _, operation in self:
            operation.resize(window)

    def snapshot(self) -> dict[str, Any]:
        """Give everything as plain numbers, fit for JSON; times in seconds."""
        return {name: operation.snapshot() for name, operation in self}

    def _admit(self, name: str) -> Operation:
        with self._lock:
            full = len(self._by_name) >= MOST and name not in self._by_name
            warn = full and OTHER not in self._by_name
            key = OTHER if full else name
            operation = self._by_name.setdefault(key, Operation(self._window))
        if warn:
            logger.warning("over %d operations: %r and all new ones are %s", MOST, name, OTHER)
        return operation


operations = Operations()
"""The operations of this process: `track` writes here."""


def statistics(seconds: list[float]) -> dict[str, float]:
    """Describe some runs; percentiles are of the nearest rank, so each was really measured."""
    if not seconds:
        return {"count": 0}
    ordered = sorted(seconds)
    count, total = len(ordered), fsum(ordered)
    percentiles = {f"p{p}": ordered[ceil(p * count / 100) - 1] for p in (50, 95, 99)}
    described = {"count": count, "sum": total, "average": total / count}
    return described | {"min": ordered[0], "max": ordered[-1]} | percentiles
