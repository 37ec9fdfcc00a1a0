from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.database import Database, Session
from chassis.database.address import file_of, is_embedded
from chassis.problems import Problem, Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message

TABLE = text(
    "CREATE TABLE things (name TEXT PRIMARY KEY,"
    " part_of TEXT REFERENCES things (name) DEFERRABLE INITIALLY DEFERRED)"
)
INSERT = text("INSERT INTO things (name, part_of) VALUES (:name, :part_of)")
SECRET = "hush"


async def count(service: Service) -> None:
    async with service.resources[AsyncEngine].connect() as another:
        found = await another.scalars(text("SELECT name FROM things"))
        service.resources[list] = list(found)


def board(database: Database) -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    router = APIRouter()

    @router.post("/things/{name}")
    async def write(name: str, session: Session, then: str = "", part_of: str | None = None) -> str:
        await session.execute(INSERT, {"name": name, "part_of": part_of})
        if then == "refuse":
            raise Problem(409)
        if then == "break":
            raise RuntimeError
        if then == "wait":
            await asyncio.sleep(30)
        return name

    @router.get("/things")
    async def things(session: Session) -> list[str]:
        return list(await session.scalars(text("SELECT name FROM things ORDER BY name")))

    @router.put("/things/{name}")
    async def write_and_count(name: str, session: Session, request: Request) -> None:
        await session.execute(INSERT, {"name": name, "part_of": None})
        request.scope.get("chassis.after_transaction", []).append(partial(count, service))

    @router.get("/wrong")
    async def wrong(session: Session) -> None:
        await session.execute(text("SELECT * FROM nowhere WHERE a = :a"), {"a": SECRET})

    service.routers.append(router)
    for feature in (Problems(debug=True), database):
        feature.install(service)

    async def create() -> None:
        async with service.resources[AsyncEngine].begin() as connection:
            await connection.execute(TABLE)

    service.options["on_create"] = create
    return service


@pytest.fixture
def service(empty: Database) -> Service:
    return board(empty)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    create: Any = service.options.pop("on_create")
    with TestClient(Application(service), raise_server_exceptions=False) as client:
        assert client.portal
        client.portal.call(create)
        yield client


def test_a_request_is_a_transaction_that_is_committed(client: TestClient) -> None:
    assert client.post("/things/tea").status_code == 200
    assert client.get("/things").json() == ["tea"]


def test_reads_do_not_wait_for_the_writer_of_an_embedded_database(
    client: TestClient, empty: Database
) -> None:
    if not is_embedded(empty.url):
        pytest.skip("a server locks rows, not the database")
    with closing(sqlite3.connect(file_of(empty.url), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO things (name) VALUES ('tea')")
        count = 2 * (empty.pool_size + empty.max_overflow)  # so many are never refused
        with ThreadPoolExecutor(count) as callers:
            began = monotonic()
            answers = [callers.submit(client.get, "/things") for _ in range(count)]
            assert {(it.result().status_code, it.result().text) for it in answers} == {(200, "[]")}
        assert monotonic() - began < empty.lock_timeout_seconds
        writer.execute("COMMIT")
    assert client.get("/things").json() == ["tea"]


@pytest.mark.parametrize(("then", "status"), [("refuse", 409), ("break", 500)])
def test_an_error_rolls_back(client: TestClient, then: str, status: int) -> None:
    assert client.post(f"/things/tea?then={then}").status_code == status
    assert client.get("/things").json() == []


def test_what_waits_for_the_end_of_a_transaction_sees_its_commit(
    client: TestClient, service: Service
) -> None:
    assert client.put("/things/tea").status_code == 200
    assert service.resources[list] == ["tea"]  # if cache


def test_a_commit_that_fails_is_an_error_answer(client: TestClient) -> None:
    assert client.post("/things/tea?part_of=nothing").status_code == 500
    assert client.get("/things").json() == []


def test_a_client_that_hangs_up_rolls_back(client: TestClient) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Send to nobody."""

    assert client.portal
    client.portal.call(client.app, scope("/things/tea"), receive, send)
    assert client.get("/things").json() == []


def scope(path: str, query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
    }


def test_a_request_that_is_cut_rolls_back(client: TestClient) -> None:
    async def cut() -> None:
        async def nothing(*_: Message) -> Any:
            await asyncio.Event().wait()

        request = client.app(scope("/things/tea", b"then=wait"), nothing, nothing)
        task = asyncio.ensure_future(request)
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    assert client.portal
    client.portal.call(cut)
    assert client.get("/things").json() == []
    assert client.post("/things/tea").status_code == 200, "the lock is free"


def test_a_full_pool_is_a_503_that_says_when_to_come_back(empty: Database) -> None:
    small = empty.model_copy(
        update={"pool_size": 1, "max_overflow": 0, "pool_timeout_seconds": 0.1}
    )
    service = board(small)
    service.options.pop("on_create")
    with TestClient(Application(service)) as client:
        assert client.portal
        held = client.portal.call(service.resources[AsyncEngine].connect().start)
        answer = client.get("/things")
        client.portal.call(held.close)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == "/problems/database-unavailable"


def test_an_error_names_no_parameter(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/wrong")
    assert answer.status_code == 500
    assert "nowhere" in answer.text
    assert SECRET not in answer.text + caplog.text


async def test_two_who_write_at_once_wait_for_each_other(empty: Database) -> None:
    service = board(empty)
    create: Any = service.options.pop("on_create")
    app = Application(service)
    async with service.lifespan(app):
        await create()
        engine = service.resources[AsyncEngine]

        async def read_then_write(name: str) -> None:
            async with engine.begin() as connection:
                await connection.execute(text("SELECT * FROM things"))
                await asyncio.sleep(0.05)
                await connection.execute(INSERT, {"name": name, "part_of": None})

        await asyncio.gather(*(read_then_write(str(number)) for number in range(5)))
        async with engine.begin() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM things")) == 5


async def test_foreign_keys_are_kept(empty: Database) -> None:
    service = board(empty)
    service.options.pop("on_create")
    async with service.lifespan(Application(service)):
        engine = service.resources[AsyncEngine]
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
            await connection.execute(text("CREATE TABLE b (a INTEGER REFERENCES a (id))"))
        with pytest.raises(DBAPIError):
            async with engine.begin() as connection:
                await connection.execute(text("INSERT INTO b VALUES (7)"))
