"""Unknown hosts, the overload and big bodies are refused with a problem; probes never are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.exchange import ExchangeMiddleware
from chassis.problems import Problems
from chassis.security import Security
from chassis.service import Identity, Service

router = APIRouter()


@router.get("/livez")
@router.get("/thing")
async def thing() -> str:
    return "here"


@router.post("/upload")
async def upload(request: Request) -> int:
    return len(await request.body())


def make(**settings: Any) -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    Problems().install(service)
    Security(**settings).install(service)
    service.probes.add("/livez")
    service.routers.append(router)
    return service


def client(**settings: Any) -> TestClient:
    return TestClient(Application(make(**settings)))


def is_problem(answer: Any, status: int) -> bool:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    return bool(answer.json()["request_id"])


HOSTS = ("API.example.com", "*.example.org", "[::1]")


@pytest.mark.parametrize(
    "host",
    ["api.example.com", "API.Example.Com:8443", "a.example.org", "a.b.example.org:1", "[::1]:80"],
)
def test_a_host_that_is_named_is_let_in_on_any_port(host: str) -> None:
    answer = client(allowed_hosts=HOSTS).get("/thing", headers={"host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.com",
        "example.org",
        ".example.org",
        "evilexample.org",
        "api.example.com.evil.com",
        "api-example.com",
        "api.example.com:80@evil.com",
        "evil.com, api.example.com",
        "api.example.com:eighty",
        "api.example.com ",
        "[::2]",
        "a/b.example.org",
    ],
)
def test_any_other_host_is_refused(host: str) -> None:
    answer = client(allowed_hosts=HOSTS).get("/thing", headers={"host": host})
    assert is_problem(answer, 400)


@pytest.mark.parametrize("hosts", [[], [b"api.example.com", b"api.example.com"]])
@pytest.mark.parametrize("allowed", [("*",), HOSTS])
async def test_one_host_it_must_be(hosts: list[bytes], allowed: tuple[str, ...]) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    headers = [(b"host", host) for host in hosts]
    scope = {"type": "http", "method": "GET", "path": "/thing", "headers": headers}
    app = Application(make(allowed_hosts=allowed))
    await app({**scope, "query_string": b"", "asgi": {}}, receive, send)
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("host", ["anything.at.all:99", "10.1.2.3", "my_app", "[fe80::1]:8000"])
def test_a_star_lets_in_any_well_formed_host(host: str) -> None:
    assert client().get("/thing", headers={"host": host}).status_code == 200
    assert is_problem(client().get("/thing", headers={"host": f"{host}/x"}), 400)


def test_a_probe_carries_any_host() -> None:
    answer = client(allowed_hosts=HOSTS).get("/livez", headers={"host": "10.1.2.3:8000"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["https://api.example.com", "api.example.com:80", "a*.b", ""])
def test_a_setting_that_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="leave out scheme, port and path"):
        Security(allowed_hosts=(host,))
    with pytest.raises(ValidationError):
        Security(allowed_hosts=())


def test_a_full_service_says_so_and_still_answers_probes() -> None:
    service = make(max_in_flight=2)
    assert service.gauges["http_requests_in_flight_limit"]() == 2
    full = TestClient(Application(service))
    service.in_flight = 1
    assert full.get("/thing").status_code == 200
    service.in_flight = 2
    answer = full.get("/thing")
    assert is_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert full.get("/livez").status_code == 200
    service.in_flight = 0
    assert full.get("/thing").status_code == 200


async def test_no_more_than_the_limit_are_let_in_at_once() -> None:
    service, gate, statuses = make(max_in_flight=3), asyncio.Event(), []

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Any:
        return {"type": "http.request"}

    admission = ExchangeMiddleware(service.middleware[-1](wait), service)
    scope = {"type": "http", "path": "/", "headers": [(b"host", b"t")]}
    tasks = [asyncio.create_task(admission(dict(scope), receive, send)) for _ in range(10)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert sorted(statuses) == [200] * 3 + [503] * 7
    assert service.in_flight == 0


def test_a_body_of_the_limit_passes_and_one_byte_more_does_not() -> None:
    small = client(max_body_bytes=1000)
    assert small.post("/upload", content=b"x" * 1000).json() == 1000
    assert is_problem(small.post("/upload", content=b"x" * 1001), 413)


def test_a_body_without_a_length_is_cut_when_it_is_too_big() -> None:
    read = 0

    def chunks(count: int) -> Any:
        nonlocal read
        for _ in range(count):
            read += 1
            yield b"x" * 100

    small = client(max_body_bytes=1000)
    assert small.post("/upload", content=chunks(10)).json() == 1000
    assert is_problem(small.post("/upload", content=chunks(11)), 413)
    assert is_problem(small.post("/thing", content=chunks(11)), 405)
