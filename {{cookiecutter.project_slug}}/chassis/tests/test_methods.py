"""HEAD is served wherever GET is, and Allow names every method of a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, FastAPI, Response
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.problems import Problem, Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from chassis.exchange import Exchange

inner = APIRouter(prefix="/parts")
outer = APIRouter(prefix="/orders")
other = APIRouter()


@inner.get("/{part}")
async def read_part(part: int) -> int:
    return part


@outer.get("/own")
async def read_own() -> int:
    return 1


@outer.head("/own")
async def head_own() -> Response:
    return Response(headers={"x-own": "yes"})


@outer.get("/{id}")
async def read_order(id: int) -> int:  # noqa: A002 - its name
    return id


@outer.put("/{id}")
async def write_order(id: int) -> int:  # noqa: A002 - its name
    return id


@other.delete("/orders/{id}")
async def delete_order(id: int) -> None: ...  # noqa: A002 - its name


@other.get("/closed")
async def read_closed() -> None:
    raise Problem(405, headers={"Allow": "POST"})


outer.include_router(inner)


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture
def client(exchanges: list[Exchange]) -> TestClient:
    mounted = FastAPI()
    mounted.include_router(outer)
    service = Service(identity=Identity(name="t"), environment="test", routers=[outer, other])
    Problems().install(service)
    service.observers.append(exchanges.append)
    service.customizers.append(lambda app: app.add_api_route("/late", read_own))
    service.customizers.append(lambda app: app.mount("/mounted", mounted))
    return TestClient(Application(service))


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/orders/1", "/orders/{id}"),
        ("/orders/parts/1", "/orders/parts/{part}"),
        ("/late", "/late"),
        ("/mounted/orders/1", "/mounted/orders/{id}"),
    ],
)
def test_head_is_served_where_get_is_under_the_same_route(
    client: TestClient, exchanges: list[Exchange], path: str, route: str
) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == 200
    assert head.headers["content-length"] == got.headers["content-length"]
    assert [(it.scope["method"], it.route) for it in exchanges] == [("GET", route), ("HEAD", route)]


def test_a_head_route_of_its_own_is_kept(client: TestClient) -> None:
    assert client.head("/orders/own").headers["x-own"] == "yes"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/orders/1", "DELETE, GET, HEAD, PUT"),
        ("/orders/parts/1", "GET, HEAD"),
        ("/late", "GET, HEAD"),
    ],
)
def test_allow_names_the_methods_of_all_routes_of_a_path(
    client: TestClient, path: str, allowed: str
) -> None:
    answer = client.patch(path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


def test_what_an_endpoint_or_a_mount_allows_is_left_as_it_is(client: TestClient) -> None:
    assert client.get("/closed").headers["allow"] == "POST"
    assert "DELETE" not in client.patch("/mounted/orders/1").headers["allow"]


def test_the_document_does_not_list_head_beside_get(client: TestClient) -> None:
    for _ in range(2):
        paths = client.get("/openapi.json").json()["paths"]
        assert set(paths["/orders/{id}"]) == {"get", "put", "delete"}
        assert client.head("/orders/1").status_code == 200
