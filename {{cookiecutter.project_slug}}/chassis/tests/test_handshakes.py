"""WebSockets in the application itself: which are refused, and how they are closed."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, WebSocket
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from chassis.application import Application
from chassis.problems import Problem, Problems
from chassis.security import Security
from chassis.service import Identity, Service


def client(**security: Any) -> tuple[TestClient, Service]:
    service = Service(identity=Identity(name="t"), environment="test")
    router = APIRouter(prefix="/feeds")

    @router.websocket("/{name}")
    async def feed(socket: WebSocket, name: str) -> None:
        if name == "unknown":
            raise Problem(404, "There is no such feed.")
        await socket.accept()
        await socket.send_text(name)
        if name == "broken":
            raise LookupError(name)
        if name == "forbidden":
            raise Problem(403)
        await socket.receive_text()

    service.routers.append(router)
    for feature in Problems(), Security(**security):
        feature.install(service)
    return TestClient(Application(service)), service


def refusal(client: TestClient, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(path, headers=headers),
    ):
        pytest.fail("it was not refused")
    assert refused.value.headers["content-type"] == "application/problem+json"
    assert refused.value.headers["x-request-id"]
    return refused.value.status_code, dict(refused.value.headers)


def test_a_handshake_is_refused_with_a_problem() -> None:
    assert refusal(client()[0], "/feeds/unknown")[0] == 404


@pytest.mark.parametrize(("path", "code"), [("broken", 1011), ("forbidden", 1008)])
def test_an_error_of_an_open_websocket_is_a_close_code(path: str, code: int) -> None:
    with client()[0].websocket_connect(f"/feeds/{path}") as feed:
        assert feed.receive_text() == path
        with pytest.raises(WebSocketDisconnect) as closed:
            feed.receive_text()
    assert closed.value.code == code


def test_a_handler_that_returns_closes() -> None:
    with client()[0].websocket_connect("/feeds/tea") as feed:
        assert feed.receive_text() == "tea"
        feed.send_text("thanks")
        with pytest.raises(WebSocketDisconnect) as closed:
            feed.receive_text()
    assert closed.value.code == 1000


def test_a_foreign_host_is_refused() -> None:
    assert refusal(client(allowed_hosts=("example.com",))[0], "/feeds/tea")[0] == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://testserver.evil.example", 403),
        ("https://app.example.com", 0),
        ("https://testserver", 0),
    ],
)
def test_pages_of_other_origins_may_not_open_a_websocket(origin: str, status: int) -> None:
    it = client(cors_origins=("https://app.example.com",))[0]
    if status:
        assert refusal(it, "/feeds/tea", origin=origin)[0] == status
    else:
        with it.websocket_connect("/feeds/tea", headers={"origin": origin}) as feed:
            assert feed.receive_text() == "tea"


def test_websockets_have_a_limit_of_their_own_and_are_no_requests_in_flight() -> None:
    it, service = client(max_websockets=1, max_in_flight=1)
    with it.websocket_connect("/feeds/tea") as feed:
        assert feed.receive_text() == "tea"
        assert (len(service.websockets), service.in_flight) == (1, 0)
        status, headers = refusal(it, "/feeds/coffee")
        assert (status, headers["retry-after"]) == (503, "1")
        assert it.get("/nowhere").status_code == 404
        feed.send_text("thanks")
        with pytest.raises(WebSocketDisconnect):
            feed.receive_text()
    assert not service.websockets
