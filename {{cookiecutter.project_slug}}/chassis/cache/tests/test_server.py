"""A real server that stops, hangs, fills up and returns."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from chassis.cache.json_cache import JsonCache
from chassis.cache.tests.impatient import MARGIN, OPEN, TIMEOUT, opened
from chassis.timing import operations


async def fail_quietly(cache: JsonCache) -> None:
    for _ in range(4):
        assert await cache.get("key", str) is None


async def test_a_refused_connection_fails_nothing(server: Any) -> None:
    server.stop()
    async with opened(server.url) as service:
        await fail_quietly(service.resources[JsonCache])
        assert service.gauges["cache_up"]() == 0
        assert service.counters['cache_requests_total{result="error"}']() == 4
        with pytest.raises(RedisError, match="connecting"):
            await service.checks["cache"].probe()
        assert service.checks["cache"].gates == "nothing"


async def test_a_server_that_was_stopped_is_used_again_with_one_line_for_each_change(
    server: Any,
) -> None:
    with capture_logs() as lines:
        async with opened(server.url) as service:
            cache = service.resources[JsonCache]
            await cache.set("key", "value")
            server.stop()
            for _ in range(20):
                await fail_quietly(cache)
                await asyncio.sleep(OPEN / 5)
            server.start()
            began = time.monotonic()
            while not service.gauges["cache_up"]():
                assert time.monotonic() - began < OPEN + MARGIN
                await cache.set("key", "new value")
                await asyncio.sleep(0.01)
            await cache.set("key", "new value")
            assert await cache.get("key", str) == "new value"
    changes = [(line["event"], line["log_level"]) for line in lines if line["log_level"] != "debug"]
    assert changes == [("circuit open", "warning"), ("circuit closed", "info")]


async def test_a_restart_between_two_requests_is_not_even_noticed(server: Any) -> None:
    async with opened(server.url, timeout_seconds=2) as service:
        cache = service.resources[JsonCache]
        failed = operations["cache.set"].totals().failed
        await asyncio.gather(*(cache.set(str(number), number) for number in range(50)))
        server.stop()
        server.start()
        await cache.set("key", "value")
        assert await cache.get("key", str) == "value"
        assert operations["cache.set"].totals().failed == failed


async def test_a_server_that_hung_is_used_again(server: Any) -> None:
    async with opened(server.url) as service:
        cache = service.resources[JsonCache]
        await cache.set("key", "value")
        server.hang()
        try:
            for _ in range(4):
                assert await cache.get("key", str) is None
            assert not service.gauges["cache_up"]()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(service.checks["cache"].probe(), TIMEOUT)
        finally:
            server.go_on()
        await asyncio.sleep(OPEN * 1.2)
        assert await cache.get("key", str) == "value"
        await service.checks["cache"].probe()


async def test_a_full_server_is_told_by_the_check_and_still_read(server: Any) -> None:
    async with opened(server.url) as service, Redis.from_url(server.url) as admin:
        cache = service.resources[JsonCache]
        await cache.set("key", "value")
        await service.checks["cache"].probe()
        await admin.config_set("maxmemory", 1)
        with pytest.raises(Exception, match="maxmemory"):
            await service.checks["cache"].probe()
        for _ in range(5):
            await cache.set("other", "value")
            assert await cache.get("key", str) == "value"
