from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.responses import PlainTextResponse

from chassis.application import Application
from chassis.service import Identity, Service
from chassis.startup import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


def build(*routers: APIRouter) -> FastAPI:
    service = Service(identity=Identity(name="t"), environment="test", routers=[*routers])
    return Application(service)


def router(prefix: str, name: str = "read") -> APIRouter:
    made = APIRouter(prefix=prefix)

    @made.get("/{id}", name=name)
    def found(id: int) -> None: ...  # noqa: A002 - the parameter of the path

    return made


def nothing() -> None: ...


def plain(_: Request) -> PlainTextResponse:
    return PlainTextResponse("plain")


async def feed(socket: WebSocket) -> None: ...


def nested(inner: APIRouter, prefix: str = "/v1") -> APIRouter:
    outer = APIRouter(prefix=prefix)
    outer.include_router(inner)
    return outer


def other_kind(path: str) -> APIRouter:
    made = APIRouter()
    made.add_api_websocket_route(path, feed, name="read")
    return made


def test_both_routes_are_named_and_what_to_do() -> None:
    with pytest.raises(StartupError) as refused:
        build(router("/orders"), nested(router("/customers")))
    message = str(refused.value)
    assert "\n" not in message
    assert "'read'" in message
    assert f"GET /orders/{{id}} in {__name__}" in message
    assert f"GET /v1/customers/{{id}} in {__name__}" in message
    assert "name=" in message


@pytest.mark.parametrize(
    "other",
    [
        lambda: router("/b"),
        lambda: nested(router("/a")),
        lambda: other_kind("/a/{id}"),
        lambda: other_kind("/b"),
    ],
    ids=["beside", "nested", "as WebSocket", "elsewhere as WebSocket"],
)
def test_a_name_that_leads_to_two_addresses_is_refused(other: Callable[[], APIRouter]) -> None:
    with pytest.raises(StartupError, match="'read'"):
        build(router("/a"), other())


def test_a_plain_route_counts() -> None:
    starlette = APIRouter()
    starlette.add_route("/plain", plain, name="read")
    with pytest.raises(StartupError, match="/plain"):
        build(router("/a"), starlette)


def test_methods_of_one_address_may_share_a_name() -> None:
    both = APIRouter()
    both.add_api_route("/a", nothing, methods=["GET", "HEAD"], name="a")
    both.add_api_route("/a", lambda: None, methods=["POST"], name="a")
    both.add_route("/plain", plain, methods=["GET"])  # and HEAD, says Starlette
    build(both)


def test_one_function_may_have_two_paths_and_its_name_leads_to_the_first() -> None:
    both = APIRouter()
    for path in "/a", "/b":
        both.add_api_route(path, nothing)
    assert build(both).url_path_for("nothing") == "/a"


def test_one_router_may_be_included_twice_and_its_names_lead_to_the_first() -> None:
    inner = router("/orders")
    app = build(nested(inner), nested(inner, "/latest"))
    assert app.url_path_for("read", id=1) == "/v1/orders/1"


def test_what_is_mounted_does_not_count() -> None:
    app = FastAPI()
    app.include_router(router("/below"))
    outer = APIRouter()
    outer.mount("/m", app)
    assert build(router("/a"), outer).url_path_for("read", id=1) == "/a/1"
