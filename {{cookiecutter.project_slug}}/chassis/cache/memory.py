"""The store behind `memory://`: a bounded dictionary with the commands of Redis that are used.

Production refuses it, so it needs no more than a bound.
"""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import NamedTuple

MAX_ENTRIES = 1000
"""Values held at once; the least recently used one makes room."""


class Entry(NamedTuple):
    """One value and its expiry."""

    value: bytes
    expires_at: float


class MemoryStore:
    """Holds the values used last, for this process alone."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()

    async def get(self, key: bytes) -> bytes | None:
        """Return a value that has not expired."""
        entry = self._entries.get(key)
        if entry is None or entry.expires_at <= monotonic():
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def set(self, key: bytes, value: bytes, *, px: int) -> None:
        """Store a value for `px` milliseconds."""
        self._entries[key] = Entry(value, monotonic() + px / 1000)
        self._entries.move_to_end(key)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    async def delete(self, *keys: bytes) -> None:
        """Delete values."""
        for key in keys:
            self._entries.pop(key, None)

    async def aclose(self) -> None:
        """Delete everything."""
        self._entries.clear()
