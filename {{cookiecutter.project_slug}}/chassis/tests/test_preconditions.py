"""Only the version that was read is changed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.preconditions import IfMatch, check_if_match, etag
from chassis.problems import Problem, Problems
from chassis.service import Identity, Service


@dataclass
class Row:
    version: int


def test_the_entity_tag_is_strong_and_quoted() -> None:
    assert etag(Row(7)) == '"7"'


@pytest.mark.parametrize(
    ("if_match", "status"),
    [(None, 428), ('"2"', 412), ('W/"1"', 412), ("1", 412), ("", 412), ('"11"', 412)],
)
def test_another_version_or_none_is_refused(if_match: str | None, status: int) -> None:
    with pytest.raises(Problem) as raised:
        check_if_match(Row(1), if_match)
    assert raised.value.status_code == status


@pytest.mark.parametrize("if_match", ['"1"', "*", '"0", "1"', '"0","1"'])
def test_the_version_that_was_read_passes(if_match: str) -> None:
    check_if_match(Row(1), if_match)


def test_where_it_is_required_it_is_documented_so_and_its_absence_is_a_428() -> None:
    async def change(count: int, if_match: IfMatch) -> str | None:
        return if_match

    service = Service(identity=Identity(name="t"), environment="test")
    Problems().install(service)
    service.customizers.append(lambda app: app.add_api_route("/row", change, methods=["PUT"]))
    client = TestClient(Application(service))
    parameters = client.get("/openapi.json").json()["paths"]["/row"]["put"]["parameters"]
    assert [(it["name"], it["required"]) for it in parameters] == [
        ("count", True),
        ("If-Match", True),
    ]
    assert parameters[1]["schema"]["type"] == "string"
    assert client.put("/row?count=1").status_code == 428
    assert client.put("/row").status_code == 422
    assert client.put("/row?count=1", headers={"if-match": "*"}).json() == "*"


def test_a_header_of_any_length_is_not_read() -> None:
    app = FastAPI()

    @app.put("/row")
    async def change(if_match: IfMatch = None) -> str | None:
        return if_match

    client = TestClient(app)
    assert client.put("/row", headers={"if-match": '"1"'}).json() == '"1"'
    assert client.put("/row", headers={"if-match": "x" * 1001}).status_code == 422
