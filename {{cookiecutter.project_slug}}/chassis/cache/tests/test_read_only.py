"""A server that has become read-only, as after a failover, serves no value that is out of date."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from chassis.cache import stale_keys
from chassis.cache.json_cache import JsonCache
from chassis.cache.stale_keys import StaleKeys
from chassis.cache.tests.impatient import opened

if TYPE_CHECKING:
    import pytest

    from chassis.cache.tests.conftest import Server


async def make() -> str:
    return "new"


async def test_a_key_whose_deletion_failed_is_not_read_until_it_is_deleted(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chassis.cache")
    async with opened(server.url) as service, Redis.from_url(server.url) as admin:
        cache = service.resources[JsonCache]
        await cache.set("deleted", "old")
        await cache.set("set", "old")
        await cache.set("other", "valid")
        await admin.replicaof("127.0.0.1", "1")
        await cache.delete("deleted")
        await cache.set("set", "new")
        for _ in range(5):
            assert await cache.get("deleted", str) is None
            assert await cache.get("set", str) is None
            assert await cache.get("other", str) == "valid"
        assert await cache.get_or_set("deleted", str, make) == "new"
        assert not service.gauges["cache_up"]()
        assert service.counters['cache_writes_total{result="error"}']() > 2
        await admin.replicaof("NO", "ONE")
        assert await cache.get_or_set("deleted", str, make) == "new"
        assert await cache.get("deleted", str) == "new"
        assert await cache.get("set", str) is None
        await cache.delete("set")
        assert await cache.get_or_set("set", str, make) == "new"
        assert service.gauges["cache_up"]()
    said = [it.message for it in caplog.records if it.name == "chassis.cache.json_cache"]
    assert said == ["cache: write failed", "cache: writes succeed again"]


async def test_a_key_is_remembered_for_as_long_as_a_value_may_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(stale_keys, "monotonic", lambda: clock[0])
    keys = StaleKeys(10)
    keys.add(b"a")
    keys.seconds = 20
    keys.add(b"b")
    clock[0] = 15
    assert b"a" not in keys
    assert b"b" in keys
    monkeypatch.setattr(stale_keys, "MAX_KEYS", 2)
    keys.add(b"c", b"d")
    assert [it in keys for it in (b"b", b"c", b"d")] == [False, True, True]
