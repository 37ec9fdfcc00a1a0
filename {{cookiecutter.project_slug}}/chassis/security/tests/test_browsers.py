"""What browsers get: headers on every response, CORS if configured, docs if wanted."""

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


def named(text: str) -> dict[str, list[str]]:
    """Addresses that the page of the documentation loads, by the directive that admits them."""
    return {
        "script-src": re.findall(r'<script src="([^"]+)', text),
        "style-src": re.findall(r'rel="stylesheet" href="([^"]+)', text),
        "img-src": re.findall(r'rel="shortcut icon" href="([^"]+)', text),
    }


def policy(answer: Any) -> dict[str, set[str]]:
    parts = (
        it.strip().partition(" ") for it in answer.headers["content-security-policy"].split(";")
    )
    return {name: set(sources.split()) for name, _, sources in parts}


def test_the_docs_page_loads_nothing_from_elsewhere() -> None:
    docs = make(docs=True)
    answer = docs.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for directive, (address,) in named(answer.text).items():
        assert "'self'" in policy(answer)[directive]
        assert not address.startswith(("/", "http"))  # works behind a prefix, and under any scheme
        loaded = docs.get(f"/{address}")
        assert loaded.status_code == 200
        assert loaded.headers["content-type"].startswith(("text/", "image/"))
    assert "https://" not in answer.headers["content-security-policy"] + answer.text
    assert policy(answer)["default-src"] == {"'none'"}
    assert "'unsafe-inline'" not in policy(answer)["script-src"]


def test_without_the_package_the_docs_page_may_load_exactly_what_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chassis.security.docs.PACKAGE", "not_installed")
    docs = make(docs=True)
    answer = docs.get("/docs")
    for directive, (address,) in named(answer.text).items():
        outside = {it for it in policy(answer)[directive] if it.startswith("https:")}
        assert outside == {"/".join(address.split("/")[:3])}
    assert docs.get("/docs/files/swagger-ui.css").status_code == 404


def test_the_docs_describe_the_routes_and_the_root_leads_to_them() -> None:
    docs = make(docs=True)
    assert "url: 'openapi.json'" in docs.get("/docs").text
    schema = docs.get("/openapi.json")
    assert schema.json()["paths"].keys() == {"/double/{number}", "/thing"}
    assert schema.headers["content-security-policy"].startswith("default-src 'none'; frame")
    assert docs.get("/", follow_redirects=False).headers["location"] == "docs"
    assert make().get("/").status_code == 404


def test_the_root_of_the_service_stays_its_own() -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    Security(docs=True).install(service)
    own = APIRouter()
    own.add_api_route("/", thing, name="own")
    service.routers.append(own)
    assert TestClient(Application(service)).get("/").json() is None


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
