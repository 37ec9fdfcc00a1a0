"""Every error response is RFC 9457 problem+json, whatever raised it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.problems import Problem, Problems
from chassis.service import Identity, Service


class Order(BaseModel):
    count: int


router = APIRouter()


@router.post("/orders")
async def order(body: Order) -> int:
    return body.count


@router.get("/paid")
async def paid() -> None:
    raise Problem(409, "It is paid.", type="/problems/paid", title="Paid", order=7)


@router.get("/busy")
async def busy() -> None:
    raise HTTPException(503, headers={"Retry-After": "7"})


@router.get("/broken")
async def broken() -> None:
    raise LookupError("no such row in table users")


@pytest.fixture(scope="module")
def client() -> TestClient:
    service = Service(identity=Identity(name="t"), environment="test")
    Problems().install(service)
    service.routers.append(router)
    return TestClient(Application(service), raise_server_exceptions=False)


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def test_an_unknown_path(client: TestClient) -> None:
    assert problem(client.get("/nowhere"), 404)["type"] == "about:blank"


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.delete("/orders")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_a_problem_that_a_route_raises_keeps_its_members(client: TestClient) -> None:
    body = problem(client.get("/paid"), 409)
    assert (body["type"], body["title"], body["order"]) == ("/problems/paid", "Paid", 7)


def test_fastapis_own_exception_keeps_its_headers(client: TestClient) -> None:
    answer = client.get("/busy")
    problem(answer, 503)
    assert answer.headers["retry-after"] == "7"


def test_an_invalid_body_says_where_and_never_what_was_sent(client: TestClient) -> None:
    answer = client.post("/orders", json={"count": "pl4nted"})
    body = problem(answer, 422)
    assert "/count" in json.dumps(body)
    assert "pl4nted" not in answer.text


def test_an_unhandled_error_tells_the_client_nothing(client: TestClient) -> None:
    answer = client.get("/broken")
    problem(answer, 500)
    assert "users" not in answer.text
    assert "LookupError" not in answer.text
