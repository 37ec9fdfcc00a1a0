"""The document of the API is what a generator of clients needs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from chassis.application import Application
from chassis.openapi import with_headers
from chassis.problems import Problems
from chassis.service import Identity, Service


def document(*routers: APIRouter, **options: Any) -> dict[str, Any]:
    service = Service(identity=Identity(name="t"), environment="test", options=options)
    service.routers += routers
    Problems().install(service)
    app = Application(service)
    assert app.openapi() is app.openapi()
    return app.openapi()


def ids(document: dict[str, Any]) -> list[str]:
    return [it["operationId"] for path in document["paths"].values() for it in path.values()]


async def endpoint() -> None: ...


def test_its_head_is_what_the_service_is_given() -> None:
    assert document()["info"]["title"] == "t"
    info = document(title="Orders", description="What it does.")["info"]
    assert (info["title"], info["description"]) == ("Orders", "What it does.")


def test_an_operation_has_the_name_of_its_function_or_the_id_that_it_was_given() -> None:
    inner, outer = APIRouter(prefix="/v1"), APIRouter()
    inner.add_api_route("/orders/{order}", endpoint, name="read_order")
    inner.add_api_route("/items", endpoint, name="list_items", operation_id="given")
    outer.include_router(inner)
    assert ids(document(outer)) == ["read_order", "given"]


def test_operations_that_share_a_name_get_their_method_then_their_path() -> None:
    router = APIRouter()
    router.add_api_route("/orders", endpoint, name="orders")
    router.add_api_route("/orders", endpoint, name="orders", methods=["POST"])
    router.add_api_route("/old/orders/{id}", endpoint, name="orders")
    assert ids(document(router)) == [
        "orders_get_orders",
        "orders_post",
        "orders_get_old_orders_id",
    ]


def test_every_operation_may_answer_with_the_one_problem() -> None:
    router = APIRouter()
    router.add_api_route("/orders", endpoint, responses={200: with_headers("ETag")})
    made = document(router)
    responses = made["paths"]["/orders"]["get"]["responses"]
    reference = responses["default"]["content"]["application/problem+json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Problem"
    assert made["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status"]
    assert responses["200"]["headers"]["ETag"]["required"]
