"""The application is FastAPI's as its documentation has it, inside the middleware of the board."""

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.application import Application
from chassis.problems import Problems
from chassis.security import Security
from chassis.service import Identity, Service, service_of

if TYPE_CHECKING:
    from chassis.exchange import Exchange


@pytest.fixture
def service() -> Service:
    service = Service(identity=Identity(name="orders"), environment="test")
    Problems().install(service)
    Security().install(service)
    return service


def test_a_mounted_application_finds_the_service(service: Service) -> None:
    mounted = FastAPI()

    @mounted.get("/name")
    async def read_name(request: Request) -> str:
        return service_of(request).identity.name

    service.customizers.append(lambda app: app.mount("/sub", mounted))
    assert connect(service).get("/sub/name").json() == "orders"


def connect(service: Service) -> TestClient:
    return TestClient(Application(service), raise_server_exceptions=False)


def noting(diary: list[str], name: str) -> Callable[[ASGIApp], ASGIApp]:
    """Make a middleware that notes when a request passes it."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                diary.append(name)
            await app(scope, receive, send)

        return note

    return wrap


def fail() -> None:
    raise RuntimeError("unexpected")


def test_the_middleware_stack_is_the_one_that_fastapi_makes(service: Service) -> None:
    assert isinstance(Application(service).build_middleware_stack(), ServerErrorMiddleware)


def test_a_library_may_replace_how_the_middleware_stack_is_built(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges: list[Exchange] = []
    statuses: list[int] = []
    service.observers.append(exchanges.append)

    def instrument(app: FastAPI) -> None:
        original = app.build_middleware_stack

        def build() -> ASGIApp:
            stack = original()

            async def record(scope: Scope, receive: Receive, send: Send) -> None:
                async def note(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        statuses.append(message["status"])
                    await send(message)

                await stack(scope, receive, note)

            return record

        monkeypatch.setattr(app, "build_middleware_stack", build)

    service.customizers.append(instrument)
    service.customizers.append(lambda app: app.add_api_route("/fail", fail))
    answer = connect(service).get("/fail")
    assert statuses == [500]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert [(e.route, e.status) for e in exchanges] == [("/fail", 500)]


def test_customizers_get_the_application_in_order_with_all_routes(service: Service) -> None:
    router = APIRouter()
    router.add_api_route("/fail", fail)
    service.routers.append(router)
    seen: list[object] = []
    service.customizers.append(lambda app: seen.append(app.url_path_for("fail")))
    service.customizers.append(seen.append)
    app = Application(service)
    assert seen == ["/fail", app]


def test_middleware_runs_in_the_order_that_the_page_says(service: Service) -> None:
    """Board first, in the order of features; then the team's, the last one added first."""
    diary: list[str] = []
    service.middleware += [noting(diary, "board 1"), noting(diary, "board 2")]

    def customize(app: FastAPI) -> None:
        app.add_middleware(noting(diary, "added 1"))
        app.add_middleware(noting(diary, "added 2"))

    service.customizers.append(customize)
    connect(service).get("/")
    assert diary == ["board 1", "board 2", "added 2", "added 1"]


def test_what_the_board_refuses_never_reaches_middleware_that_was_added(service: Service) -> None:
    diary: list[str] = []
    Security(allowed_hosts=("api.example.com",)).install(service)
    service.customizers.append(lambda app: app.add_middleware(noting(diary, "added")))
    assert connect(service).get("/").status_code == 400
    assert diary == []


def test_the_middleware_of_the_board_knows_the_application(service: Service) -> None:
    seen: list[object] = []

    def wrap(app: ASGIApp) -> ASGIApp:
        async def look(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["app"])
            await app(scope, receive, send)

        return look

    service.middleware.append(wrap)
    app = Application(service)
    TestClient(app).get("/")
    assert seen == [app]


def test_an_error_in_middleware_that_was_added_is_answered_and_logged_once(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def wrap(app: ASGIApp) -> ASGIApp:
        async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                fail()
            await app(scope, receive, send)

        return break_off

    service.customizers.append(lambda app: app.add_middleware(wrap))
    with caplog.at_level(logging.ERROR):
        answer = connect(service).get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert caplog.messages == ["unhandled exception"]


def test_the_list_of_routes_holds_nothing_but_routes(service: Service) -> None:
    inner = APIRouter(prefix="/customers/{customer}")
    inner.add_api_route("/orders/{order}", fail)
    outer = APIRouter(prefix="/v1")
    outer.include_router(inner)
    service.routers.append(outer)
    service.customizers.append(lambda app: app.mount("/files", PlainTextResponse("file")))
    paths = [route.path for route in iter_route_contexts(Application(service).routes)]
    assert paths == ["/v1/customers/{customer}/orders/{order}", "/problems/{name}", "/files"]


def test_a_feature_may_switch_on_the_telemetry_of_fastapi(service: Service) -> None:
    service.options["telemetry"] = {"tracing": True}
    assert connect(service).get("/").status_code == 404


def test_dependencies_can_be_overridden(service: Service) -> None:
    def salutation() -> str:
        return "Hello"

    def greet(word: Annotated[str, Depends(salutation)]) -> str:
        return word

    service.customizers.append(lambda app: app.add_api_route("/greet", greet))
    app = Application(service)
    client = TestClient(app)
    assert client.get("/greet").json() == "Hello"
    app.dependency_overrides[salutation] = lambda: "Salve"
    assert client.get("/greet").json() == "Salve"


def test_dependencies_with_an_end_and_background_tasks_run_after_the_answer(
    service: Service,
) -> None:
    diary: list[str] = []

    def lend() -> Iterator[str]:
        yield "lent"
        diary.append("given back")

    def order(tasks: BackgroundTasks, what: Annotated[str, Depends(lend)]) -> str:
        tasks.add_task(diary.append, "mailed")
        return what

    service.customizers.append(lambda app: app.add_api_route("/order", order))
    assert connect(service).get("/order").json() == "lent"
    assert sorted(diary) == ["given back", "mailed"]


def test_a_mounted_application_is_inside_the_middleware_of_the_board(service: Service) -> None:
    exchanges: list[Exchange] = []
    service.observers.append(exchanges.append)
    admin = FastAPI()
    admin.add_api_route("/users/{user}", lambda user: user)
    admin.add_api_route("/fail", fail)
    service.customizers.append(lambda app: app.mount("/admin", admin))
    client = connect(service)
    answer = client.get("/admin/users/ada")
    assert answer.headers["x-request-id"] == exchanges[0].request_id
    assert answer.headers["x-content-type-options"] == "nosniff"
    client.get("/admin/fail")
    assert [(e.route, e.status) for e in exchanges] == [
        ("/admin/users/{user}", 200),
        ("/admin/fail", 500),
    ]
