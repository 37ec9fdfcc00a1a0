import re
import time
from collections.abc import Callable

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.exchange import Exchange, current_exchange
from chassis.service import Identity, Service


@pytest.fixture
def service() -> Service:
    return Service(identity=Identity(name="t"), environment="test")


def plain(_: Request) -> Response:
    return PlainTextResponse("plain")


def seen(service: Service, build: Callable[[FastAPI], object]) -> tuple[TestClient, list[Exchange]]:
    exchanges: list[Exchange] = []
    service.observers.append(exchanges.append)
    app = Application(service)
    build(app)
    return TestClient(app, raise_server_exceptions=False), exchanges


def test_the_template_is_whole_on_every_kind_of_route(service: Service) -> None:
    """The contract with FastAPI's private scope: see chassis.route_template."""

    def build(app: FastAPI) -> None:
        def found() -> None: ...

        inner = APIRouter(prefix="/customers/{customer}")
        inner.add_api_route("/orders/{order}", found)
        outer = APIRouter(prefix="/v1")
        outer.include_router(inner)
        outer.add_route("/plain/{one}", plain)
        app.include_router(outer)
        app.add_api_route("/direct/{one}", found)
        app.add_route("/raw/{one}", plain)
        mounted = FastAPI()
        mounted.include_router(outer)
        mounted.add_api_route("/direct/{one}", found)
        app.mount("/mounted", mounted)
        app.mount("/tenants/{tenant}", mounted)
        app.mount("/numbered/{number:int}", mounted)
        app.mount("/starlette", Starlette(routes=[Route("/leaf/{one}", plain)]))
        app.mount("/files", PlainTextResponse("file"))

    client, exchanges = seen(service, build)
    expected = {
        "/v1/customers/7/orders/8": "/v1/customers/{customer}/orders/{order}",
        "/direct/7": "/direct/{one}",
        "/raw/7": "/raw/{one}",
        "/mounted/direct/7": "/mounted/direct/{one}",
        "/mounted/v1/customers/7/orders/8": "/mounted/v1/customers/{customer}/orders/{order}",
        "/tenants/acme/direct/7": "/tenants/{tenant}/direct/{one}",
        "/numbered/007/direct/7": "/numbered/{number}/direct/{one}",
        "/plain/7": "/plain/{one}",
        "/starlette/leaf/7": "/starlette/leaf/{one}",
        "/files/a/b.txt": "/files/{path}",
        "/mounted/nowhere": "/mounted/{path}",
        "/nowhere": None,
    }
    for path in expected:
        client.get(path)
    client.post("/direct/7")
    assert [exchange.route for exchange in exchanges] == [*expected.values(), "/direct/{one}"]


@pytest.mark.parametrize("given", ["a", "Az09._-", "x" * 128])
def test_a_well_formed_request_id_is_kept(service: Service, given: str) -> None:
    client, exchanges = seen(service, lambda _: None)
    assert client.get("/", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    assert exchanges[0].request_id == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "é", '"}', "a;b"])
def test_any_other_request_id_is_replaced(service: Service, given: str) -> None:
    client, _ = seen(service, lambda _: None)
    answer = client.get("/", headers={b"X-Request-ID": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.parametrize("given", ["correct-horse", "a.correct-horse-1"])
def test_a_request_id_that_holds_a_secret_is_replaced(given: str) -> None:
    secrets = frozenset({"correct-horse", "short"})
    service = Service(identity=Identity(name="t"), environment="test", secrets=secrets)
    client, exchanges = seen(service, lambda _: None)
    answer = client.get("/", headers={"X-Request-ID": given})
    assert "correct-horse" not in f"{answer.headers}{exchanges[0].request_id}"
    assert client.get("/", headers={"X-Request-ID": "short"}).headers["x-request-id"] == "short"


def test_an_exchange_is_observed_once_with_its_status_size_and_time(service: Service) -> None:
    def build(app: FastAPI) -> None:
        async def pieces(_: Request) -> Response:
            assert current_exchange.get() is not None
            assert service.in_flight == 1
            return StreamingResponse(iter([b"four", b"five5"]))

        app.add_route("/pieces", pieces)

    client, exchanges = seen(service, build)
    client.get("/pieces")
    (exchange,) = exchanges
    assert (exchange.status, exchange.sent) == (200, 9)
    assert exchange.seconds
    assert service.in_flight == 0


def test_observers_that_are_notified_later_learn_when_the_exchange_ended(service: Service) -> None:
    client, exchanges = seen(service, lambda _: None)
    calls: list[Callable[[], None]] = []
    service.defer = calls.append
    began = time.time()
    client.get("/")
    ended = time.time()
    assert exchanges == []
    (notify,) = calls
    notify()
    (exchange,) = exchanges
    assert exchange.seconds is not None
    assert began <= exchange.ended - exchange.seconds
    assert exchange.ended <= ended


def test_an_observer_that_fails_is_logged_and_stops_no_answer(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = seen(service, lambda app: app.add_route("/", lambda _: Response("well")))

    def fail(_: Exchange) -> None:
        raise ZeroDivisionError

    service.observers.insert(0, fail)
    assert client.get("/").text == "well"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.getMessage() == "an observer of requests failed"


def test_an_answer_keeps_its_own_header_where_the_service_has_one(service: Service) -> None:
    def build(app: FastAPI) -> None:
        app.add_route("/own", lambda _: Response(headers={"X-Colour": "blue"}))

    service.headers[b"x-colour"] = b"red"
    client, _ = seen(service, build)
    assert client.get("/own").headers.get_list("x-colour") == ["blue"]
    assert client.get("/other").headers.get_list("x-colour") == ["red"]
