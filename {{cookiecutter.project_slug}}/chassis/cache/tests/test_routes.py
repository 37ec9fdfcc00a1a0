from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends
from starlette.requests import Request

from chassis.application import Application
from chassis.cache import Cache, Caching, Invalidate
from chassis.cache.json_cache import JsonCache
from chassis.exchange import AFTER_TRANSACTION
from chassis.service import Identity, Service


async def test_a_route_takes_it_as_a_parameter() -> None:
    service = Service(identity=Identity(name="test"), environment="test")
    Caching().install(service)
    app = Application(service)

    @app.get("/{key}")
    async def read(key: str, cache: Cache) -> str | None:
        kept = await cache.get(key, str)
        await cache.set(key, key.upper())
        return kept

    async with (
        service.lifespan(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t") as client,
    ):
        assert [(await client.get("/key")).json() for _ in range(2)] == [None, "KEY"]
    assert service.gauges["cache_up"]() == 1


@pytest.mark.parametrize("first", ["transaction", "invalidate"])
@pytest.mark.parametrize("fails", ["", "and fails"])
async def test_what_a_route_invalidates_is_deleted_after_its_commit_and_before_its_answer(
    fails: str, first: str
) -> None:
    service = Service(identity=Identity(name="test"), environment="test")
    Caching().install(service)
    cache: JsonCache = service.resources[JsonCache]
    app = Application(service)
    seen: list[Any] = []

    async def transaction(request: Request) -> AsyncIterator[None]:
        after = request.scope[AFTER_TRANSACTION] = []
        try:
            yield
        finally:
            seen.append(await cache.get("key", str))
            del request.scope[AFTER_TRANSACTION]
            for call in after:
                await call()

    def change(invalidate: Callable[[str], None]) -> None:
        invalidate("key")
        if fails:
            raise LookupError

    @app.put("/invalidate")
    async def invalidate_first(
        invalidate: Invalidate, _: Annotated[None, Depends(transaction, scope="function")]
    ) -> None:
        change(invalidate)

    @app.put("/transaction")
    async def transaction_first(
        _: Annotated[None, Depends(transaction, scope="function")], invalidate: Invalidate
    ) -> None:
        change(invalidate)

    async def send(message: Any) -> None:
        seen.append(await cache.get("key", str))

    await cache.set("key", "old")
    scope = {
        "type": "http",
        "method": "PUT",
        "path": f"/{first}",
        "headers": [],
        "query_string": b"",
    }
    with suppress(LookupError):
        await app(scope, receive, send)
    assert seen[:2] == ["old", None]


async def receive() -> dict[str, Any]:
    return {"type": "http.request"}
