"""A cursor leads to the next page, and nothing else passes for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import pytest
from fastapi import FastAPI, Query
from starlette.testclient import TestClient

from chassis.pagination import MAX_ID, Cursor, encode_cursor, next_cursor


@dataclass
class Row:
    id: int


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()

    @app.get("/rows")
    async def after(after: Annotated[Cursor | None, Query()] = None) -> int | None:
        return after

    return TestClient(app)


@pytest.mark.parametrize("last_id", [1, 7, 2**32, MAX_ID])
def test_a_cursor_is_the_id_it_was_made_of(client: TestClient, last_id: int) -> None:
    assert client.get("/rows", params={"after": encode_cursor(last_id)}).json() == last_id


def test_a_cursor_is_documented_as_the_text_that_it_is(client: TestClient) -> None:
    (parameter,) = client.get("/openapi.json").json()["paths"]["/rows"]["get"]["parameters"]
    text, _ = parameter["schema"]["anyOf"]
    assert text["type"] == "string"
    for last_id in (1, 7, 2**32, MAX_ID):
        assert re.search(text["pattern"], encode_cursor(last_id))


def test_the_first_page_needs_no_cursor(client: TestClient) -> None:
    assert client.get("/rows").json() is None


@pytest.mark.parametrize("cursor", ["", "x", "1", "é", "__________8", "AAAAAAAAAAB", "A" * 9999])
def test_a_cursor_that_no_page_came_with_is_refused(client: TestClient, cursor: str) -> None:
    assert client.get("/rows", params={"after": cursor}).status_code == 422


def test_a_page_names_the_next_one_only_if_there_is_one() -> None:
    rows = [Row(9), Row(8), Row(7)]
    assert next_cursor(rows, 2) == encode_cursor(8)
    assert next_cursor(rows, 3) is None
    assert next_cursor([], 3) is None
