"""The commands of a Redis client that the cache uses, on a dictionary within bounds."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import NamedTuple


class Entry(NamedTuple):
    """One value and its end."""

    value: bytes
    until: float


class Memory:
    """Keeps the values used last; nobody but this process sees them."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        """Begin empty."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self.bytes = 0
        """Bytes of keys and values."""

    @property
    def entries(self) -> int:
        """How many values are held, some of them perhaps past their time."""
        return len(self._entries)

    async def get(self, name: bytes) -> bytes | None:
        """Find a value that is not past its time."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry.until <= monotonic():
            self._drop(name)
            return None
        self._entries.move_to_end(name)
        return entry.value

    async def set(self, name: bytes, value: bytes, *, px: int) -> None:
        """Keep a value for `px` milliseconds, at the cost of those unused for longest."""
        self._drop(name)
        size = len(name) + len(value)
        if size > self._max_bytes:
            return
        self._entries[name] = Entry(value, monotonic() + px / 1000)
        self.bytes += size
        while len(self._entries) > self._max_entries or self.bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def delete(self, *names: bytes) -> None:
        """Forget values."""
        for name in names:
            self._drop(name)

    async def aclose(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.bytes = 0

    def _drop(self, name: bytes) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            self.bytes -= len(name) + len(entry.value)
