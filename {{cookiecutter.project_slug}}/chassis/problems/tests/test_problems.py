"""Whatever goes wrong, the client gets problem+json and the log gets the truth once."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.problems import Problem, Problems, ProblemType
from chassis.service import Identity, Service

NAN = float("nan")


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("even this")


class Item(BaseModel):
    sku: str
    count: int


class Order(BaseModel):
    counts: dict[str, int] = {}
    items: list[Item]


router = APIRouter()


@router.post("/orders")
async def order(body: Order, limit: int = 1) -> int:
    return limit + len(body.items)


@router.get("/paid")
async def paid() -> None:
    raise Problem(
        409, "It is paid.", type="/problems/paid", title="Paid", order=7, part=NAN, status="ok"
    )


@router.get("/secret")
async def secret() -> None:
    password = "hush"  # noqa: F841 - a local that no answer may show
    raise LookupError("no such row in table users \ud800")


@router.get("/busy")
async def busy() -> None:
    raise HTTPException(503, headers={"Retry-After": "7"})


@router.get("/who")
async def who() -> None:
    raise StarletteHTTPException(401, "Who is it?", headers={"WWW-Authenticate": "Bearer"})


@router.get("/members")
async def members() -> None:
    raise HTTPException(418, {"pot": "tea", "status": 200})


@router.get("/unchanged")
async def unchanged() -> None:
    raise HTTPException(304, headers={"ETag": '"1"'})


@router.get("/hostile")
async def hostile() -> None:
    raise Problem(400, 'a "quoted" \ud800 \x00 \U0001f600', thing=Broken())


def client(*, debug: bool = False) -> TestClient:
    service = Service(identity=Identity(name="t"), environment="test")
    Problems(debug=debug).install(service)
    service.routers.append(router)
    return TestClient(Application(service))


def refuse_constant(name: str) -> None:
    raise ValueError(name)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Take an answer apart that must be a problem of that status."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    members: dict[str, Any] = json.loads(answer.content.decode(), parse_constant=refuse_constant)
    assert members["status"] == status
    assert members["title"]
    assert members["request_id"] == answer.headers["x-request-id"]
    assert members["instance"] == f"urn:request:{members['request_id']}"
    return members


def test_an_unknown_path_is_a_problem_of_no_special_type() -> None:
    members = problem(client().get("/nowhere"), 404)
    assert members["type"] == "about:blank"
    assert "detail" not in members


def test_a_wrong_method_keeps_allow() -> None:
    answer = client().delete("/orders")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_the_client_may_name_the_request() -> None:
    answer = client().get("/nowhere", headers={"x-request-id": "mine-1"})
    assert problem(answer, 404)["request_id"] == "mine-1"


@pytest.mark.parametrize(
    ("path", "status", "header", "value"),
    [("/busy", 503, "retry-after", "7"), ("/who", 401, "www-authenticate", "Bearer")],
)
def test_headers_of_an_exception_stay(path: str, status: int, header: str, value: str) -> None:
    answer = client().get(path)
    problem(answer, status)
    assert answer.headers[header] == value


def test_a_domain_problem_shows_its_members_and_keeps_the_standard_ones() -> None:
    members = problem(client().get("/paid"), 409)
    assert members["type"] == "/problems/paid"
    assert members["title"] == "Paid"
    assert members["detail"] == "It is paid."
    assert members["order"] == 7
    assert members["part"] is None


def test_a_mapping_as_detail_becomes_members() -> None:
    members = problem(client().get("/members"), 418)
    assert members["pot"] == "tea"
    assert "detail" not in members


def test_a_status_without_a_body_has_none() -> None:
    answer = client().get("/unchanged")
    assert answer.status_code == 304
    assert answer.headers["etag"] == '"1"'
    assert answer.content == b""


def test_validation_says_where_and_never_what() -> None:
    body = {"items": [{"sku": "a", "count": "hush-1"}], "x": 1}
    members = problem(client().post("/orders", params={"limit": "hush-2"}, json=body), 422)
    places = [(error["location"], error["pointer"]) for error in members["errors"]]
    assert places == [("query", "#/limit"), ("body", "#/items/0/count")]
    assert all(
        set(error) == {"location", "pointer", "detail", "type"} for error in members["errors"]
    )
    assert members["detail"] == "2 values of the request did not pass validation."
    assert "hush" not in json.dumps(members)


def test_a_union_does_not_echo_its_tag() -> None:
    from chassis.problems.validation import describe  # noqa: PLC0415 - the one message that would

    entry = {"type": "union_tag_invalid", "loc": ("body", "a/b~c é"), "msg": "Input tag 'hush' …"}
    described = describe(entry)
    assert "hush" not in str(described)
    assert described["pointer"] == "#/a~1b~0c%20%C3%A9"


def test_a_million_wrong_values_do_not_make_a_huge_answer() -> None:
    body = {"counts": {f"{number}{'k' * 10_000}": "x" for number in range(50)}, "items": [{}] * 25}
    answer = client().post("/orders", json=body)
    members = problem(answer, 422)
    assert members["detail"].startswith("100 values")
    assert len(members["errors"]) == 20
    assert len(answer.content) < 10_000


def test_an_unhandled_error_is_logged_once_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    answer = client().get("/secret")
    members = problem(answer, 500)
    assert "detail" not in members
    assert "users" not in answer.text
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in errors] == ["unhandled exception"]
    assert errors[0].exc_info
    assert errors[0].exc_info[0] is LookupError


def test_debug_names_the_error_and_production_refuses_debug() -> None:
    answer = client(debug=True).get("/secret")
    assert problem(answer, 500)["detail"] == "LookupError: no such row in table users ?"
    assert "hush" not in answer.text
    assert [field for field, _ in Problems(debug=True).insecure()] == ["debug"]
    assert not list(Problems().insecure())


def test_hostile_texts_do_not_break_the_answer() -> None:
    members = problem(client().get("/hostile"), 400)
    assert members["detail"] == 'a "quoted" ? \x00 \U0001f600'


def test_every_operation_documents_the_problem() -> None:
    document = client().get("/openapi.json").json()
    assert document["paths"]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert set(operation["responses"]) == {"200", "default"}
            content = operation["responses"]["default"]["content"]
            reference = content["application/problem+json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/Problem"
            assert document["components"]["schemas"]["Problem"]["title"] == "Problem"


def test_the_type_of_a_problem_is_a_page_about_it() -> None:
    kind = ProblemType("out-of-tea", "Out of tea & milk", "Wait for the <next> delivery.")
    problem = Problem(503, type=kind)
    assert (problem.type, problem.title) == ("/problems/out-of-tea", "Out of tea & milk")
    page = client().get(problem.type)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Out of tea &amp; milk</h1>" in page.text
    assert "Wait for the &lt;next&gt; delivery." in page.text
    assert client().get("/problems/unknown").status_code == 404


def test_what_a_feature_before_it_pinned_stays() -> None:
    async def handle_lookup_error(_: Request, __: Exception) -> Response:
        return Response(status_code=410)

    service = Service(identity=Identity(name="t"), environment="test")
    handlers = {LookupError: handle_lookup_error, RequestValidationError: handle_lookup_error}
    service.options["exception_handlers"] = handlers
    service.options["responses"] = {429: {"description": "Too many"}}
    Problems().install(service)
    service.routers.append(router)
    client = TestClient(Application(service))
    assert client.get("/secret").status_code == 410
    assert client.post("/orders").status_code == 410
    problem(client.get("/busy"), 503)
    operation = client.get("/openapi.json").json()["paths"]["/busy"]["get"]
    assert set(operation["responses"]) == {"200", "429", "default"}
