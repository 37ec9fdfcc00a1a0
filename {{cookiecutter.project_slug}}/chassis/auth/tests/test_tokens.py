"""Who has a good token gets in, and gets no further than its scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.auth import Auth, Principal, requires
from chassis.auth.tests.forge import SERVICE, claims, signed
from chassis.auth.tests.orders import orders
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from httpx2 import Response

OLD, NEW = "the key of last month, thirty-two bytes", "the key of this month, thirty-two bytes"


def ask(client: TestClient, token: str | bytes, method: str = "GET", path: str = "/me") -> Response:
    given = token.encode() if isinstance(token, str) else token
    return client.request(method, path, headers={b"authorization": b"Bearer " + given})


def test_a_token_that_the_settings_sign_is_accepted(client: TestClient) -> None:
    answer = ask(client, Auth().sign(SERVICE, "ada", ["parcels:write", "a"]))
    assert answer.status_code == 200
    assert answer.json() == {"subject": "ada", "scopes": ["a", "parcels:write"]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["elsewhere", SERVICE]},
        {"exp": claims()["exp"] + 0.5},
        {"exp": claims()["iat"] + 86_400, "iat": claims()["iat"]},
        {"sub": "auth0|Ångström"},
        {"scope": ""},
    ],
)
def test_a_good_token_may_differ_in_these(client: TestClient, changes: dict[str, Any]) -> None:
    assert ask(client, signed(claims(**changes))).status_code == 200


@pytest.mark.parametrize(
    "header",
    [{}, {"typ": "JWT"}, {"typ": "jwt"}, {"typ": "AT+JWT"}, {"typ": "application/at+jwt"}],
)
def test_an_access_token_may_name_its_type_in_these_ways(
    client: TestClient, header: dict[str, str]
) -> None:
    assert ask(client, signed(claims(), {"alg": "HS256", **header})).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"iat": 20}, 200),
        ({"nbf": 20}, 200),
        ({"iat": -600, "exp": -20}, 200),
        ({"iat": 45}, 401),
        ({"nbf": 45}, 401),
        ({"iat": -600, "exp": -30}, 401),
    ],
)
def test_clocks_may_differ_by_the_leeway(
    client: TestClient, changes: dict[str, int], status: int
) -> None:
    now = claims()["iat"]
    token = signed(claims(**{name: now + seconds for name, seconds in changes.items()}))
    assert ask(client, token).status_code == status


@pytest.mark.parametrize("scheme", [b"Bearer ", b"bearer ", b"BEARER ", b"BeArEr   "])
def test_the_scheme_is_case_insensitive(client: TestClient, scheme: bytes) -> None:
    headers = {b"authorization": scheme + signed(claims())}
    assert client.get("/me", headers=headers).status_code == 200


def test_without_a_token_the_challenge_names_no_error(client: TestClient) -> None:
    for headers in ({}, {"authorization": "Basic YWRhOnBhc3M="}, {"authorization": "Bearerish x"}):
        answer = client.get("/me", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == 'Bearer realm="orders"'


def test_what_is_not_protected_takes_any_header(client: TestClient) -> None:
    assert client.get("/open", headers={"authorization": "Bearer nonsense"}).status_code == 200


def test_an_expired_token_is_told_apart_for_who_signed_it_right(client: TestClient) -> None:
    now = claims()["iat"]
    old = {"iat": now - 600, "exp": now - 31}
    assert ask(client, signed(claims(**old))).json()["detail"] == "The access token has expired."
    forged = ask(client, signed(claims(**old), key=OLD))
    assert forged.json()["detail"] == "The access token is not valid."
    assert forged.headers["www-authenticate"] == 'Bearer realm="orders", error="invalid_token"'


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("parcels:write", "POST", "/parcels", 200),
        ("parcels:writer parcels", "POST", "/parcels", 403),
        (None, "POST", "/parcels", 403),
        ("parcels:list parcels:read", "GET", "/parcels", 200),
        (["parcels:read", "parcels:list"], "GET", "/parcels", 200),
        ("parcels:read", "GET", "/parcels", 403),
        ("admin", "DELETE", "/admin/parcels", 200),
        ("parcels:read", "DELETE", "/admin/parcels", 403),
    ],
)
def test_a_route_asks_for_all_of_its_scopes(
    client: TestClient, scope: Any, method: str, path: str, status: int
) -> None:
    assert ask(client, signed(claims(scope=scope)), method, path).status_code == status


def test_a_missing_scope_is_a_problem_that_names_it(client: TestClient) -> None:
    answer = ask(client, signed(claims(scope="parcels:read")), path="/parcels")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="orders", error="insufficient_scope", scope="parcels:read parcels:list"'
    )
    assert answer.json()["detail"].endswith("parcels:read parcels:list")


def test_scopes_may_be_in_a_claim_of_another_name() -> None:
    with TestClient(orders(Auth(scope_claim="scp"))) as client:
        assert ask(client, signed(claims(scp=["admin"], scope="b"))).json()["scopes"] == ["admin"]
        own = Auth(scope_claim="scp").sign(SERVICE, "ada", ["c"])
        assert ask(client, own).json()["scopes"] == ["c"]


def test_rotation_accepts_the_old_key_until_it_is_taken_away() -> None:
    before = Auth(secret_key=SecretStr(OLD))
    between = Auth(secret_key=SecretStr(NEW), previous_secret_key=SecretStr(OLD))
    after = Auth(secret_key=SecretStr(NEW))
    tokens = [auth.sign(SERVICE, "ada") for auth in (before, between)]
    for auth, statuses in ((before, [200, 401]), (between, [200, 200]), (after, [401, 200])):
        with TestClient(orders(auth)) as client:
            assert [ask(client, token).status_code for token in tokens] == statuses


def test_the_document_says_which_routes_need_which_scopes(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    paths = document["paths"]
    assert paths["/me"]["get"]["security"] == [{"bearer": []}]
    assert paths["/parcels"]["get"]["security"] == [{"bearer": ["parcels:read", "parcels:list"]}]
    assert paths["/parcels"]["post"]["security"] == [{"bearer": ["parcels:write"]}]
    assert paths["/admin/parcels"]["delete"]["security"] == [{"bearer": ["admin"]}]
    assert "security" not in paths["/open"]["get"]


@pytest.mark.parametrize("scope", ["", "a b", 'a"', "a\\b", "é"])
def test_what_cannot_be_a_scope_is_refused_where_it_is_written(scope: str) -> None:
    with pytest.raises(ValueError, match="not a scope"):
        requires(scope)


def test_a_name_that_no_header_can_hold_is_no_obstacle() -> None:
    service = Service(identity=Identity(name='a"\\\r\nSet: Ω'), environment="test")
    Auth().install(service)
    with TestClient(Application(service)) as client:
        assert client.get("/me").headers["www-authenticate"] == 'Bearer realm="a????Set: ?"'


def test_a_principal_does_not_show_its_claims() -> None:
    assert "ada@example.com" not in repr(Principal("1", claims={"email": "ada@example.com"}))
