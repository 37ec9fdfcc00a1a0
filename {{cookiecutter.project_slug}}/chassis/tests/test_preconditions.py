"""Only the version that was read is changed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from chassis.preconditions import IfMatch, check_if_match, etag
from chassis.problems import Problem


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


def test_a_header_of_any_length_is_not_read() -> None:
    app = FastAPI()

    @app.put("/row")
    async def change(if_match: IfMatch = None) -> str | None:
        return if_match

    client = TestClient(app)
    assert client.put("/row", headers={"if-match": '"1"'}).json() == '"1"'
    assert client.put("/row", headers={"if-match": "x" * 1001}).status_code == 422
