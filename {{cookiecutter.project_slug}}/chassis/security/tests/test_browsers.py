"""What browsers are told: headers on every answer, CORS if configured, docs if wanted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.problems import Problems
from chassis.security import Security
from chassis.service import Identity, Service

router = APIRouter()


@router.get("/double/{number}")
async def double(number: int) -> float:
    return 2 / number


@router.put("/thing")
async def thing() -> None:
    return None


def make(**settings: Any) -> TestClient:
    service = Service(identity=Identity(name="t"), environment="test")
    Problems().install(service)
    Security(**settings).install(service)
    service.routers.append(router)
    return TestClient(Application(service))


@pytest.mark.parametrize(
    ("path", "status"),
    [("/double/1", 200), ("/nowhere", 404), ("/double/x", 422), ("/double/0", 500)],
)
def test_every_answer_carries_the_baseline(path: str, status: int) -> None:
    answer = make(hsts_seconds=60).get(path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["strict-transport-security"] == "max-age=60"


def test_refusals_carry_it_too() -> None:
    answer = make().get("/double/1", headers={"host": "a b"})
    assert answer.status_code == 400
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_https_is_asked_for_only_if_configured() -> None:
    assert "strict-transport-security" not in make().get("/double/1").headers


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_without_docs_their_paths_are_unknown(path: str) -> None:
    answer = make().get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_docs_page_may_load_exactly_what_it_names() -> None:
    docs = make(docs=True)
    answer = docs.get("/docs")
    directives = {
        name: set(sources.split())
        for name, _, sources in (
            part.strip().partition(" ")
            for part in answer.headers["content-security-policy"].split(";")
        )
    }
    origins = {
        "script-src": re.findall(r'<script src="(https://[^/]+)', answer.text),
        "style-src": re.findall(r'rel="stylesheet" href="(https://[^/]+)', answer.text),
        "img-src": re.findall(r'rel="shortcut icon" href="(https://[^/]+)', answer.text),
    }
    for directive, named in origins.items():
        assert named, directive
        assert set(named) == {one for one in directives[directive] if one.startswith("https:")}
    assert directives["default-src"] == {"'none'"}
    assert directives["connect-src"] == {"'self'"}
    assert "url: 'openapi.json'" in answer.text or 'url: "openapi.json"' in answer.text
    schema = docs.get("/openapi.json")
    assert schema.json()["paths"].keys() == {"/double/{number}", "/thing"}
    assert schema.headers["content-security-policy"].startswith("default-src 'none'; frame")


APP = "https://app.example.com"
PREFLIGHT = {
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization, content-type",
}


def test_without_origins_no_page_may_call() -> None:
    answer = make().get("/double/1", headers={"origin": APP})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert make().options("/thing", headers={"origin": APP, **PREFLIGHT}).status_code == 405


def test_a_page_of_a_named_origin_may_call() -> None:
    cors = make(cors_origins=(APP,))
    asked = cors.options("/thing", headers={"origin": APP, **PREFLIGHT})
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == APP
    assert "PUT" in asked.headers["access-control-allow-methods"]
    assert "authorization" in asked.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in asked.headers
    for path in ("/double/1", "/double/0", "/nowhere"):
        answer = cors.get(path, headers={"origin": APP})
        assert answer.headers["access-control-allow-origin"] == APP
        assert "X-Request-ID" in answer.headers["access-control-expose-headers"]


def test_a_page_of_another_origin_may_not() -> None:
    cors = make(cors_origins=(APP,))
    evil = {"origin": "https://evil.example.com"}
    assert cors.options("/thing", headers={**evil, **PREFLIGHT}).status_code == 400
    answer = cors.get("/double/1", headers=evil)
    assert "access-control-allow-origin" not in answer.headers


def test_production_refuses_wildcards_and_nothing_else() -> None:
    named = Security(allowed_hosts=("*.example.com",), cors_origins=(APP,), docs=True)
    assert not list(named.insecure())
    open_to_all = Security(cors_origins=("*",))
    assert [field for field, _ in open_to_all.insecure()] == ["allowed_hosts", "cors_origins"]
