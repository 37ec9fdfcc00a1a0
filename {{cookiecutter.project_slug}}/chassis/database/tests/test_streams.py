from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import async_sessionmaker
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.database import Database, Session
from chassis.problems import Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ROWS = text("SELECT 1 UNION SELECT 2")
STREAMS = 20


def streams(database: Database) -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    router = APIRouter()

    @router.get("/own")
    async def own(request: Request) -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            async with request.app.service.resources[async_sessionmaker]() as session:
                for number in await session.scalars(ROWS):
                    yield f"{number}\n"

        return StreamingResponse(lines())

    @router.get("/closed")
    async def closed(session: Session) -> StreamingResponse:
        await session.execute(ROWS)

        async def lines() -> AsyncIterator[str]:
            for number in await session.scalars(ROWS):
                yield f"{number}\n"

        return StreamingResponse(lines())

    service.routers.append(router)
    small = {"pool_size": 2, "max_overflow": 1, "pool_timeout_seconds": 0.1}
    for feature in (Problems(), database.model_copy(update=small)):
        feature.install(service)
    return service


@pytest.fixture
def service(empty: Database) -> Service:
    return streams(empty)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(Application(service)) as client:
        yield client


def test_a_stream_with_a_session_of_its_own_gives_the_connection_back(
    client: TestClient, service: Service
) -> None:
    for _ in range(STREAMS):
        assert client.get("/own").text == "1\n2\n"
    assert service.gauges["database_pool_checked_out"]() == 0


def test_a_stream_that_uses_the_session_of_its_request_fails_at_once_and_holds_nothing(
    client: TestClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(STREAMS):
        assert not client.get("/closed").text
    errors = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert [type(error) for error in errors] == [InvalidRequestError] * STREAMS
    assert "permanently closed" in str(errors[0])
    assert service.gauges["database_pool_checked_out"]() == 0
