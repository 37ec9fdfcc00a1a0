"""The operations of the process: counts and durations since the start."""

from __future__ import annotations

import logging
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

from chassis.timing.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    Attributes: TypeAlias = Mapping[str, str | int]
    OperationObserver: TypeAlias = Callable[
        [str, Attributes | None], Callable[[BaseException | None], None] | None
    ]
    """Called when a run starts; returns what to call when it ends, or None."""

OTHER = "_OTHER"
"""Name under which further operations are counted once there are MAX_OPERATIONS."""
MAX_OPERATIONS = 200
"""Most names that are kept, so that names that contain data do not fill the memory."""

logger = logging.getLogger(__name__)


class Totals(NamedTuple):
    """Counts of one operation since the start, all read at the same moment."""

    buckets: list[tuple[str, int]]
    seconds: float
    failed: int


class Operation:
    """One named operation; any thread may record and read.

    The lock is reentrant: the garbage collector may end a run in a thread that holds it.
    """

    __slots__ = ("_failed", "_histogram", "_lock")

    def __init__(self) -> None:
        self._lock = RLock()
        self._histogram = Histogram()
        self._failed = 0

    def record(self, seconds: float, *, failed: bool) -> None:
        """Record one run."""
        with self._lock:
            self._histogram.observe(seconds)
            self._failed += failed

    def totals(self) -> Totals:
        """Return the counts since the start."""
        with self._lock:
            return Totals(self._histogram.buckets(), self._histogram.sum, self._failed)


class Operations:
    """Every operation of the process, by name."""

    def __init__(self) -> None:
        self.observer: OperationObserver | None = None
        """Called for each run of `track`; a feature that observes runs sets it."""
        self._lock = RLock()
        self._by_name: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        """Return the operation with that name, created at first use; above 200 names, `_OTHER`."""
        return self._by_name.get(name) or self._get_or_create(name)

    def __iter__(self) -> Iterator[tuple[str, Operation]]:
        """Yield name and operation, in the order of their first runs."""
        with self._lock:
            return iter(list(self._by_name.items()))

    def _get_or_create(self, name: str) -> Operation:
        with self._lock:
            full = len(self._by_name) >= MAX_OPERATIONS and name not in self._by_name
            warn = full and OTHER not in self._by_name
            key = OTHER if full else name
            operation = self._by_name.setdefault(key, Operation())
        if warn:
            logger.warning(
                "too many operations: further ones are counted as one",
                extra={"operation": name, "max_operations": MAX_OPERATIONS, "counted_as": OTHER},
            )
        return operation


operations = Operations()
"""The operations of this process: `track` writes here."""
