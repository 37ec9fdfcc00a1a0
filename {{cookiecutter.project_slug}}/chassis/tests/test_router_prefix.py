"""Routers whose paths a request cannot have are skipped; every other route is found as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.router_prefix import literal_prefix
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from starlette.routing import Match
    from starlette.types import Scope


def client(*routers: APIRouter) -> TestClient:
    service = Service(identity=Identity(name="t"), environment="test", routers=[*routers])
    return TestClient(Application(service))


def orders() -> APIRouter:
    router = APIRouter(prefix="/orders")
    router.add_api_route("/", lambda: "list", name="list")
    router.add_api_route("/{number}", lambda number: number, name="one")
    return router


def test_routes_of_other_paths_are_not_asked() -> None:
    asked = []

    class Asked(APIRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            asked.append(scope["path"])
            return super().matches(scope)

    router = APIRouter(prefix="/orders", route_class=Asked)
    router.add_api_route("/{number}", lambda number: number)
    http = client(router)
    assert http.get("/invoices/1").status_code == 404
    assert asked == []
    assert http.get("/orders/1").json() == "1"
    assert set(asked) == {"/orders/1"}


def test_redirects_and_other_methods_are_answered_as_before() -> None:
    http = client(orders())
    assert http.get("/orders", follow_redirects=False).status_code == 307
    assert {*http.put("/orders/7").headers["allow"].split(", ")} == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/late", "/plain", "/orders/a/orders/7"])
def test_routes_that_are_added_outside_the_prefix_or_later_are_found(path: str) -> None:
    router = orders()
    http = client(router)
    assert http.get(path).status_code == 404
    router.routes.append(Route("/plain", lambda _: PlainTextResponse("plain")))
    router.add_route("/late", lambda _: PlainTextResponse("late"))
    outer = APIRouter(prefix="/a")
    outer.include_router(orders())
    router.include_router(outer)
    assert http.get(path).status_code == 200


def test_a_router_may_be_included_twice() -> None:
    router = orders()
    assert client(router).get("/orders/1").json() == client(router).get("/orders/1").json()


def test_a_prefix_ends_at_the_first_parameter() -> None:
    router = APIRouter(prefix="/tenants/{tenant}")
    router.add_api_route("/orders", lambda tenant: tenant)
    assert literal_prefix(router) == "/tenants/"
    assert client(router).get("/tenants/7/orders").json() == "7"
    assert literal_prefix(APIRouter()) == ""
