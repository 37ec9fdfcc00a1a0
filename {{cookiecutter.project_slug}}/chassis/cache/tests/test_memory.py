from __future__ import annotations

import pytest

from chassis.cache.memory import Memory


async def test_the_value_unused_for_longest_makes_room() -> None:
    memory = Memory(max_entries=2, max_bytes=100)
    await memory.set(b"a", b"1", px=10_000)
    await memory.set(b"b", b"2", px=10_000)
    await memory.get(b"a")
    await memory.set(b"c", b"3", px=10_000)
    assert [await memory.get(name) for name in (b"a", b"b", b"c")] == [b"1", None, b"3"]


@pytest.mark.parametrize("size", [1, 40, 99])
async def test_it_never_outgrows_its_bytes(size: int) -> None:
    memory = Memory(max_entries=1000, max_bytes=100)
    for number in range(500):
        await memory.set(str(number % 7).encode(), b"x" * size, px=10_000)
        assert 0 < memory.bytes <= 100
        assert memory.bytes == memory.entries * (1 + size)


async def test_a_value_larger_than_all_room_leaves_the_others_alone() -> None:
    memory = Memory(max_entries=10, max_bytes=10)
    await memory.set(b"a", b"1", px=10_000)
    await memory.set(b"b", b"x" * 10, px=10_000)
    assert (await memory.get(b"a"), await memory.get(b"b")) == (b"1", None)
    await memory.delete(b"a", b"b")
    assert (memory.entries, memory.bytes) == (0, 0)
