"""Keys whose stored value is out of date: a write failed, as on a read-only server."""

from __future__ import annotations

from time import monotonic

MAX_KEYS = 10_000
"""Most keys at once; the oldest is dropped."""


class StaleKeys:
    """Remembers keys for as long as a value stored by this process may live."""

    def __init__(self, seconds: float) -> None:
        """Start empty; `seconds` is the longest lifetime of a stored value."""
        self.seconds = seconds
        self._until: dict[bytes, float] = {}

    def __contains__(self, key: bytes) -> bool:
        """Return whether the value of a key must not be read."""
        return key in self._until and monotonic() < self._until[key]

    def add(self, *keys: bytes) -> None:
        """Remember keys from now on."""
        for key in keys:
            self._until.pop(key, None)
            self._until[key] = monotonic() + self.seconds
        while len(self._until) > MAX_KEYS:
            del self._until[next(iter(self._until))]

    def discard(self, *keys: bytes) -> None:
        """Forget keys."""
        for key in keys:
            self._until.pop(key, None)
