"""Behind a proxy that strips a prefix, no address that the service gives leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.testclient import TestClient

from chassis.health import Health
from chassis.logs import Log
from chassis.security import Security
from chassis.server import Server
from chassis.server.draining_server import DrainingServer
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.exchange import Exchange

PREFIX = "/shop"


async def inside(_: Request) -> Response:
    return Response()


@pytest.fixture
def service() -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    router = APIRouter(prefix=PREFIX)  # the same as the prefix

    @router.post("/goods")
    async def write(request: Request) -> Response:
        location = request.url_for("read", name="tea").path
        return Response(status_code=201, headers={"location": location})

    @router.get("/goods/{name}")
    async def read(name: str) -> str:
        return name

    service.routers.append(router)
    depot = Router([Route("/goods", inside)])
    service.customizers.append(lambda app: app.mount("/depot/{place}", depot))
    for feature in (Log(), Health(), Security(docs=True, max_in_flight=1)):
        feature.install(service)
    return service


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """Send what a proxy has stripped, as uvicorn passes it on."""
    server = DrainingServer(Server(root_path=PREFIX), service)
    assert server.config.root_path == PREFIX
    with TestClient(server.application, "http://t/shop", root_path=PREFIX) as client:
        yield client


def test_the_addresses_in_answers_begin_with_the_prefix(client: TestClient) -> None:
    location = client.post("/shop/goods").headers["location"]
    assert location == "/shop/shop/goods/tea"
    assert client.get(location.removeprefix(PREFIX)).json() == "tea"
    redirect = client.get("/shop/goods/tea/", follow_redirects=False)
    assert redirect.headers["location"] == "http://t/shop/shop/goods/tea"
    assert client.get("/openapi.json").json()["servers"] == [{"url": PREFIX}]


def test_routes_are_known_by_their_templates(client: TestClient, service: Service) -> None:
    seen: list[Exchange] = []
    service.observers.append(seen.append)
    for path in ("/shop/goods/tea", "/depot/north/goods"):
        assert client.get(path).status_code == 200
    assert [it.route for it in seen] == ["/shop/goods/{name}", "/depot/{place}/goods"]


def test_probes_are_admitted_as_without_it(client: TestClient, service: Service) -> None:
    service.in_flight = 1
    assert client.get("/shop/goods/tea").status_code == 503
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize("prefix", ["shop", "/shop/", "/", "//shop", "/a b", "/a?b", "http://t/a"])
def test_what_is_no_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError):
        Server(root_path=prefix)
