"""Requests are recorded under the full template of their route, which FastAPI does not expose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from starlette.requests import Request


def plain(_: Request) -> Response:
    return PlainTextResponse("plain")


def endpoint() -> None: ...


@pytest.fixture(scope="module")
def asked() -> tuple[TestClient, list[str | None]]:
    inner = APIRouter(prefix="/customers/{customer}")
    inner.add_api_route("/orders/{order}", endpoint)
    outer = APIRouter(prefix="/v1")
    outer.include_router(inner)
    service = Service(identity=Identity(name="t"), environment="test")
    service.routers.append(outer)
    templates: list[str | None] = []
    service.observers.append(lambda exchange: templates.append(exchange.route))
    app = Application(service)
    app.add_api_route("/direct/{one}", endpoint)
    app.add_route("/raw/{one}", plain)
    mounted = FastAPI()
    mounted.include_router(outer)
    app.mount("/mounted/{tenant}", mounted)
    app.mount("/starlette", Starlette(routes=[Route("/leaf/{one}", plain)]))
    return TestClient(app), templates


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/customers/7/orders/8", "/v1/customers/{customer}/orders/{order}"),
        ("/direct/7", "/direct/{one}"),
        ("/raw/7", "/raw/{one}"),
        ("/mounted/acme/v1/customers/7/orders/8",
         "/mounted/{tenant}/v1/customers/{customer}/orders/{order}"),
        ("/starlette/leaf/7", "/starlette/leaf/{one}"),
        ("/nowhere", None),
    ],
)  # fmt: skip
def test_a_request_is_recorded_under_the_full_template_of_its_route(
    asked: tuple[TestClient, list[str | None]], path: str, template: str | None
) -> None:
    client, templates = asked
    client.get(path)
    assert templates.pop() == template


def test_a_request_keeps_its_id_and_one_without_gets_one(
    asked: tuple[TestClient, list[str | None]],
) -> None:
    client, _ = asked
    assert (
        client.get("/raw/1", headers={"x-request-id": "a.b-1"}).headers["x-request-id"] == "a.b-1"
    )
    assert len(client.get("/raw/1").headers["x-request-id"]) == 32
