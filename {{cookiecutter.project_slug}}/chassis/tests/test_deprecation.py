"""A deprecated operation is announced to its clients, and its callers are logged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from chassis import deprecation
from chassis.application import Application
from chassis.deprecation import deprecated
from chassis.problems import Problem, Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from fastapi import FastAPI

SINCE, SUNSET = date(2027, 1, 1), date(2027, 7, 1)
HEADERS = {"deprecation": "@1798761600", "sunset": "Thu, 01 Jul 2027 00:00:00 GMT"}
TEXT = "Deprecated since 2027-01-01, may be removed from 2027-07-01 on. Use GET /orders instead."


def service() -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    old = deprecated(since=SINCE, sunset=SUNSET, use="GET /orders")
    router = APIRouter(prefix="/v1", dependencies=[old])

    @router.get("/orders/{order}")
    async def read_order(order: int, fail: str = "") -> int:
        """Read one."""
        if fail:
            raise Problem(409, "No.")
        return order

    @router.get("/text")
    async def read_text() -> PlainTextResponse:
        return PlainTextResponse("whole")

    new = APIRouter()

    @new.get("/orders")
    async def list_orders() -> list[int]:
        return []

    @new.post("/orders", dependencies=[deprecated(since=SINCE)])
    async def create_order() -> int:
        return 1

    service.routers += [router, new]
    Problems().install(service)
    return service


def announced(app: FastAPI, path: str, method: str = "GET") -> dict[str, str]:
    headers = TestClient(app).request(method, path).headers
    return {name: it for name, it in headers.items() if name in HEADERS}


@pytest.mark.parametrize(
    "path", ["/v1/orders/7", "/v1/orders/7?fail=true", "/v1/orders/seven", "/v1/text"]
)
def test_every_answer_of_a_deprecated_operation_says_so(path: str) -> None:
    assert announced(Application(service()), path) == HEADERS


def test_an_operation_without_an_end_has_no_sunset_and_others_say_nothing() -> None:
    app = Application(service())
    assert announced(app, "/orders", "POST") == {"deprecation": HEADERS["deprecation"]}
    assert announced(app, "/orders") == {}
    assert announced(app, "/v1/nowhere") == {}


def test_the_document_says_since_when_until_when_and_what_to_use() -> None:
    paths = Application(service()).openapi()["paths"]
    operation = paths["/v1/orders/{order}"]["get"]
    assert operation["deprecated"] is True
    assert operation["description"] == f"Read one.\n\n{TEXT}"
    assert operation["x-sunset"] == "2027-07-01"
    assert paths["/v1/text"]["get"]["description"] == TEXT
    assert "x-sunset" not in paths["/orders"]["post"]
    assert "deprecated" not in paths["/orders"]["get"]


def test_calls_are_counted_by_route_and_method_and_zero_is_known_from_the_start() -> None:
    board = service()
    app = Application(board)
    client = TestClient(app)

    def counted() -> dict[str, float]:
        named = "http_requests_deprecated_total"
        return {name.removeprefix(named): it() for name, it in board.counters.items()}

    orders, text = '{method="GET",route="/v1/orders/{order}"}', '{method="GET",route="/v1/text"}'
    post = '{method="POST",route="/orders"}'
    assert counted() == {orders: 0, text: 0, post: 0}
    for path in ("/v1/orders/7", "/v1/orders/8", "/orders"):
        client.get(path)
    client.head("/v1/orders/7")
    assert counted() == {orders: 3, text: 0, post: 0}


def test_each_client_is_logged_once_a_day_and_only_so_many(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Application(service())
    monkeypatch.setattr(deprecation, "MAX_CLIENTS", 2)
    with caplog.at_level("INFO", "app.deprecated"):
        for host in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"):
            TestClient(app, client=(host, 1)).get("/v1/orders/7")
    assert caplog.messages == ["deprecated operation called"] * 2
    fields = vars(caplog.records[0])
    assert fields["client.address"] == "10.0.0.1"
    assert fields["http.route"] == "/v1/orders/{order}"
    assert fields["http.request.method"] == "GET"


def test_a_sunset_before_the_deprecation_is_refused() -> None:
    with pytest.raises(ValueError, match="is before the deprecation"):
        deprecated(since=SUNSET, sunset=SINCE)
