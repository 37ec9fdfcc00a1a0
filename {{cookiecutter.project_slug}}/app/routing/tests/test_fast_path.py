"""A route answers on the fast path as it does without: the contract with FastAPI's own."""

from __future__ import annotations

from functools import wraps
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import Request, routing
from fastapi.dependencies import models
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from app.routing import index, plan
from app.routing.fast_path import FastPath, fast_path
from app.routing.tests.routes import Teapot, called, router, tenant
from app.service import Identity, Service

if TYPE_CHECKING:
    from types import ModuleType

    from starlette.types import ASGIApp


def build() -> TestClient:
    service = Service(identity=Identity(name="t"), environment="test")
    service.routers.append(router)
    app = service.build()

    async def teapot(request: Request, _: Exception) -> Response:
        body = (await request.body()).decode()  # which the route has read before
        return JSONResponse([request.path_params, body], 418)

    app.add_exception_handler(Teapot, teapot)
    return TestClient(app, raise_server_exceptions=False)


def found() -> list[index.Found]:
    app: Any = build().app
    return list(index.found(app.routes))


DRAFT = '{"theName": "a draft", "price": 1e2}'
IN_ORDER: list[tuple[str, dict[str, Any]]] = [
    ("GET /s/parameters/7", {}),
    ("GET /s/parameters/7?many=1&many=2&call me=Zoë", {"headers": {"Cookie": "crumb=5; x=y"}}),
    ("GET /s/parameters/7?forbidden", {"headers": {"x-tenant": "zoo"}}),
    ("GET /s/filtered", {}),
    ("GET /s/filtered?limit=5&tags=a&tags=b", {}),
    ("GET /s/steeped?degrees=12", {}),
    ("GET /s/guarded", {}),
    ("GET /s%2F/tenant", {"headers": [("x-tenant", "one"), ("x-tenant", "two")]}),
    ("POST /s/drafts", {"content": DRAFT}),
    ("POST /s/embedded", {"content": f'{{"draft": {DRAFT}, "more": 2}}'}),
    ("POST /s/spread", {"content": f'{{"draft": {DRAFT}, "count": 2}}'}),
    ("POST /s/perhaps", {"content": DRAFT}),
    ("POST /s/perhaps", {"content": "null"}),
    ("GET /s/lean", {}),
    ("GET /s/anything", {}),
    ("GET /s/nothing", {}),
    ("GET /s/response", {}),
    ("GET /s/streamed", {}),
    ("GET /s/wrong", {}),
    ("POST /s/fails", {"content": '{"theName": "teapot"}'}),
    ("POST /s/fails", {"content": '{"theName": "http"}'}),
    ("POST /s/fails", {"content": '{"theName": "other"}'}),
    ("POST /s/reads", {"content": "read by the route"}),
]
OUT_OF_ORDER: list[tuple[str, dict[str, Any]]] = [
    ("GET /s/parameters/seven", {}),
    ("GET /s/parameters/7?many=one&call me=Maximilian", {"headers": {"cookie": "crumb=c"}}),
    ("GET /s/parameters/seven?forbidden", {}),
    ("GET /s/filtered?limit=6", {}),
    ("GET /s/filtered?other=6", {}),
    ("GET /s/steeped", {}),
    ("GET /s/steeped?degrees=13", {}),
    ("POST /s/drafts", {"content": DRAFT, "headers": {"content-type": "application/x+json"}}),
    ("POST /s/drafts", {"content": DRAFT, "headers": {"content-type": "text/plain"}}),
    ("POST /s/drafts", {"content": DRAFT, "headers": {"content-type": ""}}),
    ("POST /s/drafts", {"content": '{"theName": "a"}'}),
    ("POST /s/drafts", {"content": "null"}),
    ("POST /s/drafts", {}),
    ("POST /s/embedded", {"content": DRAFT}),
    ("POST /s/spread", {"content": DRAFT}),
    ("POST /s/embedded", {"content": "[]"}),
    ("POST /s/perhaps", {}),
    *(("POST /s/drafts", {"content": it}) for it in ("{", "[" * 100_000, b"\xff", b"NaN,")),
]


def outcome(asked: str, given: dict[str, Any]) -> list[object]:
    headers = {"content-type": "application/json"} if "content" in given else {}
    called.clear()
    answer = build().request(*asked.split(" ", 1), **{"headers": headers, **given})
    told = [pair for pair in answer.headers.multi_items() if pair[0] != "x-request-id"]
    return [answer.status_code, told, answer.content, list(called)]


@pytest.mark.parametrize(("asked", "given"), IN_ORDER + OUT_OF_ORDER)
def test_a_request_is_answered_the_same(
    asked: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = outcome(asked, given)
    monkeypatch.setattr(index, "fast_path", lambda context: context.app)
    assert fast == outcome(asked, given)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the requests that were left to FastAPI."""
    seen: list[str] = []

    def watched(context: Any) -> ASGIApp:
        theirs = context.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["path"])
            await theirs(scope, receive, send)

        context._route_context.app = app  # noqa: SLF001 - it has no other
        return fast_path(context)

    monkeypatch.setattr(index, "fast_path", watched)
    return seen


@pytest.mark.parametrize(("asked", "given"), IN_ORDER)
def test_a_request_in_order_does_not_reach_fastapi(
    asked: str, given: dict[str, Any], left: list[str]
) -> None:
    outcome(asked, given)
    assert left == []


@pytest.mark.parametrize(("asked", "given"), OUT_OF_ORDER)
def test_a_request_out_of_order_is_left_to_fastapi(
    asked: str, given: dict[str, Any], left: list[str]
) -> None:
    outcome(asked, given)
    assert len(left) == 1


def test_an_overridden_dependency_is_left_to_fastapi(left: list[str]) -> None:
    client = build()
    app: Any = client.app
    app.dependency_overrides[tenant] = lambda: "instead"
    assert client.get("/s/tenant").json()[:2] == ["instead", "instead"]
    app.dependency_overrides = {}
    assert client.get("/s/tenant").json()[:2] == ["acme", "acme"]
    assert left == ["/s/tenant"]


@pytest.mark.parametrize(
    "name", ["get_request_handler", "request_response", "run_endpoint_function"]
)
def test_whoever_wraps_a_function_of_fastapi_sees_every_request(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(routing, name)
    seen: list[str] = []

    @wraps(original)
    def wrapper(*args: Any, **named: Any) -> Any:
        seen.append(name)
        return original(*args, **named)

    monkeypatch.setattr(routing, name, wrapper)
    client = build()
    client.get("/s/tenant")
    seen.clear()
    client.get("/s/tenant")
    assert seen == ([name] if name == "run_endpoint_function" else [])
    assert not any(isinstance(it.app, FastPath) for it in found())


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (routing, "serialize_response"),
        (routing, "_extract_endpoint_context"),
        (models, "_get_cache_key"),
        (models, "_get_oauth_scopes"),
        (models, "Dependant"),
        (plan, "utils"),
    ],
)
def test_without_what_fastapi_has_now_it_serves_all(
    where: ModuleType, name: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if where is plan:
        monkeypatch.setattr(where, name, SimpleNamespace())
    else:
        monkeypatch.delattr(where, name)
    build().get("/s/tenant")
    assert left == ["/s/tenant"]


def test_what_fastapi_does_with_other_arguments_it_does_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def serialize_response(*, answer: object) -> object:
        return answer

    monkeypatch.setattr(routing, "serialize_response", serialize_response)
    assert not any(isinstance(it.app, FastPath) for it in found())
