"""What contradicts the document of an API is found, in any route that the service has."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, Path

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
            "/lost/{number}",
        )
    }
    assert set(found.never_successful) == {
        "GET /broken/{number}",
        "GET /strict/{number}",
        "GET /lost/{number}",
    }
