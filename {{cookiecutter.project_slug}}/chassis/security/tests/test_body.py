"""No body makes the service fail, and none makes it answer what is not JSON."""

from __future__ import annotations

import json
from time import process_time
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Request
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.problems import Problems
from chassis.security import Security
from chassis.service import Identity, Service


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []
    rest: dict[str, Any] = {}


router = APIRouter()


@router.post("/any")
async def anything(body: Annotated[Any, Body()]) -> Any:
    return body


@router.post("/item")
async def item(body: Item) -> Item:
    return body


@router.post("/raw")
async def raw(request: Request) -> int:
    return len(await request.body())


def make() -> TestClient:
    service = Service(identity=Identity(name="t"), environment="test")
    Problems().install(service)
    Security(max_body_bytes=500_000).install(service)
    service.routers.append(router)
    return TestClient(Application(service), headers={"content-type": "application/json"})


client = make()


def refuse(constant: str) -> None:
    raise AssertionError(constant)


def strict(content: bytes) -> Any:
    """Read an answer as its strictest reader would."""
    value = json.loads(content.decode(), parse_constant=refuse)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def post(path: str, body: bytes, **headers: str) -> int:
    """Post a body; the answer must be JSON and, if not 200, a problem of its request."""
    answer = client.post(path, content=body, headers=headers)
    members = strict(answer.content)
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert members["request_id"] == answer.headers["x-request-id"]
    assert answer.status_code < 500
    return answer.status_code


BAD = {
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "-Infinity": b"[-Infinity]",
    "beyond a float": b"[1e999]",
    "beyond a float, below zero": b"[-1E+0999]",
    "beyond a float, without exponent": b"1" * 400 + b".5",
    "beyond a float, both": b"1" * 250 + b"e99",
    "a number of many digits": b"1" * 5000,
    "lone surrogate": rb'"\ud800"',
    "lone low surrogate": rb'"\uDC00"',
    "lone surrogate as key": rb'{"\ud800": 1}',
    "surrogates the wrong way round": rb'"\udc00\ud800"',
    "surrogate as bytes": b'"\xed\xa0\x80"',
    "bad UTF-8": b'"\xff"',
    "cut UTF-8": b'"\xc3',
    "UTF-16 with NaN": '{"a": NaN}'.encode("utf-16"),
    "UTF-32 without a mark": "[NaN]".encode("utf-32-le"),
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep and unclosed": b"[" * 100_000,
    "not JSON": b"{",
    "two values": b"1 2",
    "control character": b'"\x00"',
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("path", ["/any", "/item"])
def test_what_is_not_json_is_refused(kind: str, path: str) -> None:
    assert post(path, BAD[kind]) == 400


@pytest.mark.parametrize("kind", BAD)
def test_it_is_refused_in_chunks_too(kind: str) -> None:
    body = BAD[kind]
    chunks = (body[i : i + 4000] for i in range(0, len(body), 4000))
    assert client.post("/any", content=chunks).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b'"NaN, Infinity, -Infinity and 1e999 are words here"',
        rb'{"\ud83d\ude00": "\ud83d\ude00", "a\u0000b": "\\ud800"}',
        '["\U0001f600 \u2028", 1e308, -0.0, 1e-999, 123456789012345678901234567890]'.encode(),
        b"[" * 150 + b"]" * 150,
        b"null",
        b" [ ] ",
    ],
)
def test_what_is_json_passes_unchanged(body: bytes) -> None:
    answer = client.post("/any", content=body)
    assert answer.status_code == 200
    assert strict(answer.content) == json.loads(body)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.api+json",
        " application/json\xa0",
        "application/json;;",
    ],
)
def test_no_spelling_of_the_content_type_gets_round_it(kind: str) -> None:
    headers = [(b"content-type", kind.encode("latin-1")), (b"content-type", b"text/plain")]
    assert client.post("/any", content=b"NaN", headers=headers).status_code == 400


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/json-seq", "text/plain"])
def test_what_is_no_single_json_document_is_left_to_the_route(kind: str) -> None:
    assert client.post("/raw", content=b"{}\n{}", headers={"content-type": kind}).json() == 5


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "/", "json"])
@pytest.mark.parametrize("body", BAD)
def test_bodies_of_other_types_are_the_clients_mistake(kind: str, body: str) -> None:
    assert 400 <= post("/item", BAD[body], **{"content-type": kind}) < 500


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
def test_a_body_with_a_content_coding_is_refused_not_read_as_plain(coding: str) -> None:
    answer = client.post("/raw", content=b"1", headers={"content-encoding": coding})
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity"
    twice = [("content-encoding", coding), ("content-encoding", "identity")]
    assert client.post("/raw", content=b"1", headers=twice).status_code == 415


def test_a_body_without_a_coding_may_say_so() -> None:
    assert post("/any", b"1", **{"content-encoding": "Identity"}) == 200
    assert client.post("/raw", headers={"content-encoding": "gzip"}).status_code == 200


def test_no_body_is_a_problem_of_the_route() -> None:
    assert post("/item", b"") == 422
    assert client.post("/item", content=iter([b"", b""])).status_code == 422


MOST = ",".join(["1"] * 10_000)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps("," * 10_000), 200),
        (json.dumps({",,": [f'"{"," * 20_000}\\', ",", "\u20ac,"]}), 200),
        (f"[{MOST}]", 200),
        (f"[{MOST},1]", 413),
        (f'{{",,": [{MOST}], ",": "\\\\,"}}', 413),
        (f'"{MOST},', 400),
        (f'"{MOST},\\', 400),
        (f'{MOST},"', 413),
    ],
)
def test_what_counts_are_the_values_of_a_json_body_not_its_commas(body: str, status: int) -> None:
    assert client.post("/any", content=body.encode()).status_code == status


def test_counting_values_takes_time_by_the_length_of_a_body_only() -> None:
    began = process_time()
    for body in (b',\\"' * 100_000, b'"' + b',\\"' * 100_000, b',"' * 200_000):
        assert client.post("/any", content=body).status_code in {400, 413}
    assert process_time() - began < 2


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
items = st.fixed_dictionaries(
    {"name": st.text(st.characters(codec=None)), "price": st.floats() | st.text()},
    optional={"tags": st.lists(st.text()), "rest": json_like},
)
bodies = (
    st.binary()
    | (json_like | items).map(lambda value: json.dumps(value).encode())
    | (json_like | items).map(
        lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )
)


@settings(max_examples=300, deadline=None)
@given(body=bodies, path=st.sampled_from(["/any", "/item"]))
def test_no_body_at_all_makes_the_service_fail(body: bytes, path: str) -> None:
    post(path, body)
