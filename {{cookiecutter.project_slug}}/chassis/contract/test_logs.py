"""Every line is one JSON object with the request's id, and without secrets."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from fastapi import APIRouter
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.logs import Log
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("logging_as_it_was")
KNOWN = "correct-horse-battery-staple"


@pytest.fixture
def write(capsys: pytest.CaptureFixture[str]) -> Write:
    service = Service(identity=Identity(name="t"), environment="test", secrets=frozenset({KNOWN}))
    Log(level="DEBUG", format="json").install(service)

    def written(event: str, **fields: Any) -> dict[str, Any]:
        structlog.get_logger("shop").info(event, **fields)
        line: dict[str, Any] = json.loads(capsys.readouterr().out)
        return line

    return written


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "pl4nted"},
        {"headers": {"Authorization": "pl4nted"}},
        {"api_key": b"pl4nted"},
        {"url": "amqp://app:pl4nted@queue/app"},
        {"sent": "Authorization: Bearer pl4nted.pl4nted"},
        {"note": f"it is {KNOWN}"},
    ],
)
def test_a_secret_appears_nowhere(write: Write, fields: dict[str, Any]) -> None:
    line = json.dumps(write("signed in", **fields))
    assert "pl4nted" not in line
    assert KNOWN not in line


@pytest.mark.parametrize(
    "value", [float("nan"), {(1, 2): 3}, b"\xff", "\ud800", object(), {"a": {1, 2}}]
)
def test_any_value_becomes_json(write: Write, value: object) -> None:
    assert write("odd", value=value)["message"] == "odd"


def test_every_logger_names_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    Log().install(service)
    router = APIRouter()

    @router.get("/things/{thing}")
    def thing(thing: int) -> int:  # in a thread
        logging.getLogger("library").warning("from a library")
        structlog.get_logger("shop").warning("from the service")
        return thing

    service.routers.append(router)
    with TestClient(Application(service)) as client:
        client.get("/things/7", headers={"x-request-id": "abc"})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    said = {line["message"] for line in lines if line.get("request_id") == "abc"}
    assert said == {"from a library", "from the service", "GET /things/{thing} 200"}
