"""What FastAPI never sees is answered too: other middleware's errors, and requests cut short."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.problems import Problem, ProblemResponse, Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from chassis.service import Middleware

router = APIRouter()


@router.get("/slow")
async def slow() -> None:
    await asyncio.Event().wait()


def make(*middleware: Middleware) -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    Problems().install(service)
    service.middleware += middleware
    service.routers.append(router)
    return service


def test_an_error_in_another_features_middleware_is_logged_once_and_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing(_: ASGIApp) -> ASGIApp:
        async def fail(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("in a middleware")

        return fail

    answer = TestClient(Application(make(failing))).get("/slow")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


def test_a_middleware_may_answer_with_a_problem() -> None:
    def deny_with_problem(_: ASGIApp) -> ASGIApp:
        async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
            await ProblemResponse(Problem(429, "Slower."))(scope, receive, send)

        return refuse

    answer = TestClient(Application(make(deny_with_problem))).get("/slow")
    assert answer.status_code == 429
    assert answer.json()["detail"] == "Slower."


async def cut(service: Service) -> list[Message]:
    """Cancel a request that waits, as the server does when the grace time is over."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/slow", "headers": [], "query_string": b""}
    task = asyncio.create_task(Application(service)({**scope, "asgi": {}}, receive, send))
    await asyncio.sleep(0.05)
    task.cancel()
    await task
    return sent


async def test_a_request_cut_by_the_end_of_the_process_is_told_to_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = make()
    service.draining = True
    start, body = await cut(service)
    headers = dict(start["headers"])
    assert start["status"] == 503
    assert headers[b"connection"] == b"close"
    assert headers[b"retry-after"] == b"1"
    assert json.loads(body["body"])["status"] == 503
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_other_cancellation_goes_on() -> None:
    with pytest.raises(asyncio.CancelledError):
        await cut(make())
