"""The latest calls and how many of them failed, bounded by their number and by their age."""

from __future__ import annotations

from collections import deque


class Window:
    """Exact, in constant time per call: what comes in once goes out once."""

    __slots__ = ("_calls", "_most", "_seconds", "failures")

    def __init__(self, most: int, seconds: float) -> None:
        """Begin empty; hold `most` calls at most, each until it is `seconds` old."""
        self._most = most
        self._seconds = seconds
        self._calls: deque[tuple[float, bool]] = deque()
        self.failures = 0
        """How many of the calls failed."""

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return len(self._calls)

    def record(self, now: float, *, failed: bool) -> None:
        """Add a call that ended now, and forget those that are too many or too old."""
        self._calls.append((now, failed))
        self.failures += failed
        while self.calls > self._most or now - self._calls[0][0] >= self._seconds:
            self.failures -= self._calls.popleft()[1]

    def clear(self) -> None:
        """Forget every call."""
        self._calls.clear()
        self.failures = 0
