from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.cache.memory import MemoryStore

if TYPE_CHECKING:
    import pytest


async def test_the_oldest_value_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.cache.memory.MAX_ENTRIES", 2)
    store = MemoryStore()
    await store.set(b"a", b"1", px=10_000)
    await store.set(b"b", b"2", px=10_000)
    await store.set(b"a", b"1", px=10_000)
    await store.set(b"c", b"3", px=10_000)
    assert [await store.get(name) for name in (b"a", b"b", b"c")] == [b"1", None, b"3"]
