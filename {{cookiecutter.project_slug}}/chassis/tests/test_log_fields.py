"""The page on shipping logs lists every field that lines of the service have, and its type."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, WebSocket
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.logs import Log
from chassis.problems import Problems
from chassis.service import Identity, Service

PAGE = Path(__file__).parents[2] / "docs" / "log-shipping.md"
TYPES: dict[str, tuple[type, ...]] = {
    "date": (str,),
    "keyword": (str,),
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines(logging_as_it_was: None, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What is logged of a request that fails, one that matches no route, and outside of both."""
    identity = Identity(name="orders", version="1.2.3")
    service = Service(identity=identity, environment="production")
    router = APIRouter()

    @router.get("/fails")
    def fails() -> None:
        raise LookupError("nothing there")

    @router.websocket("/feed")
    async def feed(socket: WebSocket) -> None:
        await socket.accept()

    service.routers.append(router)
    Log(levels={"httpx2": "ERROR"}).install(service)
    Problems().install(service)
    with TestClient(Application(service), raise_server_exceptions=False) as client:
        logging.getLogger("outside").info("no request")
        for path in ("/fails", "/nowhere"):
            client.get(path, headers={"traceparent": TRACE})
        with client.websocket_connect("/feed"):
            pass
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def documented_fields() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    return {name: (kind, where) for name, kind, where in rows}


def test_the_page_lists_the_fields_of_real_lines_and_no_others(lines: list[dict[str, Any]]) -> None:
    assert {name for line in lines for name in line} == documented_fields().keys()
    for name, (_, where) in documented_fields().items():
        if where == "every line":
            assert all(name in line for line in lines), name


def test_every_field_has_the_type_that_the_page_says(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        for name, value in line.items():
            kind = documented_fields()[name][0]
            if value is not None:
                assert type(value) in TYPES[kind], (name, value)
            if kind == "date":
                assert datetime.fromisoformat(value)


def test_the_page_is_reached_from_operations() -> None:
    assert "(log-shipping.md)" in (PAGE.parent / "operations.md").read_text()
