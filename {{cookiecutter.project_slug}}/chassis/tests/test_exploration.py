"""What contradicts the document of an API is found, in any route that the service has."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.application import Application
from chassis.openapi import with_headers
from chassis.problems import Problem, Problems
from chassis.service import Identity, Service
from chassis.testing.api import Exploration, explore

router = APIRouter()


@router.get("/right/{number}")
async def right(number: int) -> int:
    return number


@router.get("/broken/{number}")
async def broken(number: int) -> float:
    return 1 / (number * 0)


@router.get("/untrue", responses={200: with_headers("ETag")})
async def untrue() -> int:
    return 1


@router.get("/strict/{number}")
async def strict(number: int) -> int:
    raise Problem(422, "It is none that I like.")


class Draft(BaseModel):
    active: bool


@router.post("/converted")
async def converted(draft: Draft) -> int:
    return int(draft.active)


@router.get("/rare/{number}")
async def rare(number: Annotated[int, Path(ge=1)]) -> int:
    raise Problem(404)


@router.get("/lost/{number}")
async def lost(number: Annotated[int, Path(ge=1)]) -> int:
    raise Problem(404, type="/problems/without-a-page")


@pytest.fixture(scope="module")
def found() -> Exploration:
    service = Service(identity=Identity(name="t"), environment="test", routers=[router])
    Problems().install(service)
    return explore(Application(service), {})


@pytest.mark.parametrize(
    ("operation", "finding"),
    [
        ("/broken/", "Server error"),
        ("/untrue", "Missing required response headers"),
        ("/strict/", "Schema-valid request rejected"),
        ("/converted", "StrictBool"),
        ("/problems/without-a-page", "has no page"),
    ],
)
def test_what_contradicts_the_document_is_found(
    found: Exploration, operation: str, finding: str
) -> None:
    assert [it for it in found.findings if operation in it and finding in it], found.findings
    assert not [it for it in found.findings if "/right/" in it]


def test_an_operation_that_never_succeeds_is_found(found: Exploration) -> None:
    assert set(found.statuses) == {
        f"GET {path}"
        for path in (
            "/right/{number}",
            "/broken/{number}",
            "/untrue",
            "/strict/{number}",
            "/rare/{number}",
            "/lost/{number}",
        )
    } | {"POST /converted"}
    assert set(found.never_successful) == {
        "GET /broken/{number}",
        "GET /strict/{number}",
        "GET /rare/{number}",
        "GET /lost/{number}",
    }


def test_the_report_names_each_contradiction_of_an_operation_once_with_what_to_do(
    found: Exploration,
) -> None:
    headlines = [line for line in found.report().splitlines() if not line.startswith(" ")]
    assert len(headlines) == len(set(headlines))
    assert headlines.count("GET /broken/{number}: Server error") == 1
    assert "GET /broken/{number}: Schema-valid request rejected" not in headlines
    assert "GET /rare/{number}: no call of it succeeded" in headlines
    assert found.report().count("\n  Likely: ") == len(headlines) - 1  # a page is missing
