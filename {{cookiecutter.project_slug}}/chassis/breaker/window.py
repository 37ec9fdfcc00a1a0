"""The sliding window of the latest calls, bounded by their number and by their age."""

from __future__ import annotations

from collections import deque


class Window:
    """Counts calls and failures exactly, in constant time per call."""

    __slots__ = ("_calls", "_max_calls", "_seconds", "failures")

    def __init__(self, max_calls: int, seconds: float) -> None:
        """Start empty; hold at most `max_calls` calls, each until it is `seconds` old."""
        self._max_calls = max_calls
        self._seconds = seconds
        self._calls: deque[tuple[float, bool]] = deque()
        self.failures = 0
        """Number of failed calls."""

    @property
    def calls(self) -> int:
        """Number of calls."""
        return len(self._calls)

    def record(self, now: float, *, failed: bool) -> None:
        """Add a call that ended now, and drop calls beyond the limits."""
        self._calls.append((now, failed))
        self.failures += failed
        while self.calls > self._max_calls or now - self._calls[0][0] >= self._seconds:
            self.failures -= self._calls.popleft()[1]

    def clear(self) -> None:
        """Drop every call."""
        self._calls.clear()
        self.failures = 0
