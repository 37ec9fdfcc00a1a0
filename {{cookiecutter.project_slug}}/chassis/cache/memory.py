"""The store of `memory://`: a bounded dictionary with the Redis commands that the cache uses.

Production refuses it, so a bound is all it needs.
"""

from __future__ import annotations

from time import monotonic

MAX_ENTRIES = 1000
"""Most values at once; the oldest is dropped."""


class MemoryStore:
    """Holds the latest values, for this process only."""

    def __init__(self) -> None:
        self._entries: dict[bytes, tuple[bytes, float]] = {}

    async def get(self, key: bytes) -> bytes | None:
        """Return a value that has not expired."""
        value, expires_at = self._entries.get(key, (None, 0.0))
        return value if monotonic() < expires_at else None

    async def set(self, key: bytes, value: bytes, *, px: int) -> None:
        """Store a value for `px` milliseconds."""
        await self.delete(key)
        self._entries[key] = value, monotonic() + px / 1000
        if len(self._entries) > MAX_ENTRIES:
            await self.delete(next(iter(self._entries)))

    async def delete(self, *keys: bytes) -> None:
        """Delete values."""
        for key in keys:
            self._entries.pop(key, None)

    async def aclose(self) -> None:
        """Delete everything."""
        self._entries.clear()
