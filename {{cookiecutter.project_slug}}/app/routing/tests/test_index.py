"""The index answers as FastAPI does without it: the contract with `fastapi.routing`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, Request, params, routing
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router
from starlette.testclient import TestClient

from app.routing.index import FOUND, Index, found, is_plain
from app.service import Identity, Service

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.exchange import Exchange


def who() -> str:
    return "depended"


def build(*, indexed: bool) -> tuple[TestClient, list[Exchange]]:
    """Make a service with every kind of route, with the index or without it."""
    service = Service(identity=Identity(name="t"), environment="test")
    exchanges: list[Exchange] = []
    service.observers.append(exchanges.append)
    service.routers += [orders(), greedy(), kinds()]
    app = service.build()
    app.dependency_overrides[who] = lambda: "overridden"
    surround(app)
    client = TestClient(app, raise_server_exceptions=False)
    client.get("/nowhere")
    exchanges.clear()
    if not indexed:
        assert isinstance(app.router.routes.pop(0), Index)
    return client, exchanges


def orders() -> APIRouter:
    items = APIRouter(prefix="/{order:int}/items", dependencies=[Depends(who)])

    @items.get("/{item}")
    async def item(order: int, item: UUID, me: Annotated[str, Depends(who)]) -> list[object]:
        return [order, item, me]

    router = APIRouter(prefix="/orders")

    @router.get("/latest")
    async def latest() -> str:
        return "latest"

    @router.get("/{order}")
    async def order(order: str, request: Request) -> list[object]:
        return [order, request.path_params, request.url.path]

    @router.post("/{order}", status_code=201)
    async def change(order: int) -> int:
        return order

    router.include_router(items)
    return router


def greedy() -> APIRouter:
    router = APIRouter()

    @router.get("/files/{path:path}")
    async def files(path: str) -> str:
        return path

    @router.get("/files/never")
    async def never() -> str:
        return "never"

    @router.get("/{any}/one")
    async def one(any: str) -> str:  # noqa: A002 - a name as good as any
        return any

    @router.get("/late/one")
    async def late() -> str:
        return "late"

    return router


def kinds() -> APIRouter:
    router = APIRouter(prefix="/kinds")

    @router.get("")
    async def bare() -> str:
        return "bare"

    @router.get("/")
    async def slash() -> str:
        return "slash"

    return router


def surround(app: FastAPI) -> None:
    def plain(request: Request) -> Response:
        return PlainTextResponse(request.url.path)

    app.add_route("/plain/{one}", plain)
    app.add_api_route("/plain/two", lambda: "hidden")
    app.mount("/mounted", Router(routes=[Route("/leaf", plain)]))
    app.add_api_route("/mounted/leaf", lambda: "hidden")
    app.add_api_route("/direct/{one}", lambda one: one, methods=["GET", "DELETE"])
    other = Router(routes=[Mount("/", PlainTextResponse("other"))])
    app.routes.append(Host("other.example.com", other))
    app.add_api_route("/behind", lambda: "behind")


REQUESTS = [
    ("GET", "/orders/latest"),
    ("GET", "/orders/7"),
    ("GET", "/orders/a%2Fb"),
    ("GET", "/orders/%E2%82%AC"),
    ("POST", "/orders/7"),
    ("POST", "/orders/x"),
    ("POST", "/orders/latest"),
    ("PUT", "/orders/7"),
    ("HEAD", "/orders/7"),
    ("OPTIONS", "/orders/latest"),
    ("GET", "/orders/7/items/6a2f41a3-c54c-4fe8-9a3c-1c2e4d6d5c11"),
    ("GET", "/orders/x/items/1"),
    ("GET", "/orders/7/items/1"),
    ("GET", "/orders"),
    ("GET", "/orders/"),
    ("GET", "//orders/7"),
    ("GET", "/"),
    ("GET", "/files/a/b"),
    ("GET", "/files/never"),
    ("GET", "/some/one"),
    ("GET", "/late/one"),
    ("GET", "/files/one"),
    ("GET", "/kinds"),
    ("GET", "/kinds/"),
    ("GET", "/plain/1"),
    ("GET", "/plain/two"),
    ("GET", "/mounted/leaf"),
    ("GET", "/direct/1"),
    ("DELETE", "/direct/1"),
    ("PATCH", "/direct/1"),
    ("GET", "/behind"),
    ("GET", "/nowhere"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_a_request_is_served_the_same_with_it_and_without(method: str, path: str) -> None:
    def outcome(*, indexed: bool) -> list[object]:
        client, exchanges = build(indexed=indexed)
        answer = client.request(method, path, follow_redirects=False)
        headers = {name: answer.headers.get(name) for name in ("allow", "location", "content-type")}
        return [answer.status_code, answer.content, headers, [it.route for it in exchanges]]

    assert outcome(indexed=True) == outcome(indexed=False)


def test_a_form_is_left_to_fastapi_for_its_limits_are_those_of_its_routers() -> None:
    route = orders().routes[0]
    for kind, plain in ((params.Body(), True), (params.Form(), False)):
        body = SimpleNamespace(field_info=kind)
        assert is_plain(SimpleNamespace(original_route=route, body_field=body)) is plain


@pytest.mark.parametrize(
    "path", ["/orders/latest", "/orders/7", "/files/a", "/some/one", "/kinds", "/direct/1"]
)
def test_what_can_be_found_is_found(path: str) -> None:
    client, exchanges = build(indexed=True)
    assert client.get(path).status_code == 200
    assert FOUND in exchanges[0].scope


def test_a_route_is_still_named(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = build(indexed=True)
    app: Any = client.app
    assert app.url_path_for("order", order="7") == "/orders/7"
    with pytest.warns(UserWarning, match="Duplicate Operation ID"):  # the routes are made twice
        assert "/orders/{order}" in app.openapi()["paths"]


@pytest.mark.parametrize("contexts", [None, lambda _: [SimpleNamespace(original_route=None)]])
def test_without_what_fastapi_tells_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch, contexts: Any
) -> None:
    if contexts is None:
        monkeypatch.delattr(routing, "iter_route_contexts")
    else:
        monkeypatch.setattr(routing, "iter_route_contexts", contexts)
    assert list(found(orders().routes)) == []
    client, exchanges = build(indexed=True)
    assert client.get("/orders/7").status_code == 200
    assert exchanges[0].route == "/orders/{order}"
