"""The same suite for the store in memory and for a real server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, computed_field

from chassis.application import Application
from chassis.cache import Caching
from chassis.cache.json_cache import JsonCache
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)

FIXTURE_IS_SHARED = HealthCheck.function_scoped_fixture


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(alias="theText")
    tags: set[str] = set()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def words(self) -> int:
        return len(self.text.split())


@pytest.fixture(params=["memory", "server"])
def url(request: pytest.FixtureRequest) -> Any:
    return "memory://" if request.param == "memory" else request.getfixturevalue("shared")


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[JsonCache]:
    """Open a cache in a namespace of its own, unless one is given."""
    service = Service(identity=Identity(name="test"), environment="test")
    caching = Caching(url=url, **{"namespace": uuid4().hex, "timeout_seconds": 5, **settings})
    caching.install(service)
    async with service.lifespan(Application(service)):
        yield service.resources[JsonCache]


async def test_a_value_is_found_until_it_is_deleted(url: str) -> None:
    async with opened(url) as cache:
        assert await cache.get("note", Note) is None
        note = Note(theText="two words", tags={"a"})
        await cache.set("note", note)
        assert await cache.get("note", Note) == note
        await cache.set("note", other := Note(theText="other"))
        assert await cache.get("note", Note) == other
        await cache.delete("note", "never there")
        assert await cache.get("note", Note) is None
        await cache.delete()


@settings(max_examples=50, deadline=None, suppress_health_check=[FIXTURE_IS_SHARED])
@given(value=JSON, key=st.text(max_size=300))
@example(value=None, key="a lone surrogate, \ud800")
def test_every_json_value_comes_back_under_every_key(url: str, value: Any, key: str) -> None:
    async def there_and_back() -> Any:
        async with opened(url) as cache:
            await cache.set(key, [value])
            return await cache.get(key, list)

    assert asyncio.run(there_and_back()) == [value]


async def test_a_value_ends_with_its_time(url: str) -> None:
    async with opened(url) as cache:
        await cache.set("short", 1, ttl=0.1)
        await cache.set("long", 2, ttl=60)
        assert await cache.get("short", int) == 1
        await asyncio.sleep(0.15)
        assert await cache.get("short", int) is None
        assert await cache.get("long", int) == 2


async def test_what_does_not_fit_counts_as_absent_and_is_made_anew(url: str) -> None:
    async with opened(url) as cache:
        await cache.set("key", {"old": "format"})
        assert await cache.get("key", Note) is None

        async def make() -> Note:
            return Note(theText="new")

        assert await cache.get_or_set("key", Note, make) == Note(theText="new")
        assert await cache.get("key", Note) == Note(theText="new")


async def test_bytes_that_are_no_json_count_as_absent(url: str) -> None:
    async with opened(url) as cache:
        for garbage in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b"\x80\x04K\x01."):
            await cache._store.set(cache._full_key("key"), garbage, px=10_000)  # noqa: SLF001
            assert await cache.get("key", object) is None


async def test_formats_and_namespaces_do_not_read_each_other(url: str) -> None:
    name = uuid4().hex
    async with (
        opened(url, namespace=name) as one,
        opened(url, namespace=name, version=2) as newer,
        opened(url) as stranger,
    ):
        await one.set("key", "old")
        assert await newer.get("key", str) is None
        assert await stranger.get("key", str) is None
        assert await one.get("key", str) == "old"


async def test_a_value_that_json_cannot_hold_is_an_error(url: str) -> None:
    async with opened(url) as cache:
        with pytest.raises(ValueError, match="serialize"):
            await cache.set("key", object())


async def test_a_hundred_who_ask_at_once_make_a_value_once(url: str) -> None:
    made = 0

    async def make() -> list[int]:
        nonlocal made
        made += 1
        await asyncio.sleep(0.05)
        return [made]

    async with opened(url) as cache:
        asked = [cache.get_or_set("key", list[int], make) for _ in range(100)]
        answers = await asyncio.gather(*asked)
        assert answers == [[1]] * 100
        assert len({id(answer) for answer in answers}) == 100, "nobody can change another's"
        assert await cache.get_or_set("key", list[int], make) == [1]
    assert made == 1


async def test_none_is_a_value_too(url: str) -> None:
    made = 0

    async def make() -> None:
        nonlocal made
        made += 1

    async with opened(url) as cache:
        for _ in range(2):
            await cache.get_or_set("key", type(None), make)
    assert made == 1


async def test_lookups_are_counted_by_result(url: str) -> None:
    async with opened(url) as cache:
        await cache.get("key", int)
        await cache.set("key", 1)
        await cache.get("key", int)
        await cache.get("key", int)
        await cache.get("key", list)
        assert cache.requests == {"hit": 2, "miss": 2, "error": 0}
