"""An issuer's public keys are no secrets, and nobody's keys but its own count."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from chassis.auth import Auth
from chassis.auth.jwks import ALGORITHMS, parse_key_set
from chassis.auth.tests.forge import SERVICE, b64, claims, signed, text
from chassis.auth.tests.issuing import EC, OKP, OTHER_RSA, RSA, Issuer

if TYPE_CHECKING:
    from starlette.testclient import TestClient

PUBLIC = RSA.as_dict(private=False)
SECRETS = {
    "PEM": RSA.as_pem(),
    "PEM without its last line end": RSA.as_pem().strip(),
    "DER": RSA.as_der(),
    "JWK": json.dumps(PUBLIC).encode(),
    "modulus": str(PUBLIC["n"]).encode(),
    "nothing": b"",
}


def status(client: TestClient, token: bytes) -> int:
    headers = {b"authorization": b"Bearer " + token}
    return client.get("/me", headers=headers).status_code


@pytest.mark.parametrize(
    ("alg", "key"),
    [("RS256", RSA), ("RS512", RSA), ("PS256", RSA), ("ES256", EC), ("Ed25519", OKP)],
)
def test_the_issuers_tokens_are_accepted(
    verifying: TestClient, issuer: Issuer, alg: str, key: Any
) -> None:
    assert status(verifying, issuer.sign(alg, key)) == 200


def test_eddsa_is_accepted_by_its_old_name(verifying: TestClient, issuer: Issuer) -> None:
    signing_input = b64(text({"alg": "EdDSA", "kid": "okp"})) + b"."
    signing_input += b64(text(claims(iss=issuer.url)))
    signature = OKP.get_op_key("sign").sign(signing_input)  # type: ignore[union-attr]
    assert status(verifying, signing_input + b"." + b64(signature)) == 200


@pytest.mark.parametrize("kid", ["rsa", "ec", None])
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_public_key_is_not_taken_for_a_secret(
    verifying: TestClient, issuer: Issuer, secret: bytes, alg: str, kid: str | None
) -> None:
    header = {"alg": alg} | ({"kid": kid} if kid else {})
    signing_input = b64(text(header)) + b"." + b64(text(claims(iss=issuer.url)))
    digest = hmac.digest(secret, signing_input, getattr(hashlib, f"sha{alg[2:]}"))
    assert status(verifying, signing_input + b"." + b64(digest)) == 401


def test_a_token_of_the_service_itself_is_worth_nothing_then(
    verifying: TestClient, issuer: Issuer
) -> None:
    assert status(verifying, Auth().sign(SERVICE, "ada").encode()) == 401
    assert status(verifying, signed(claims(iss=issuer.url))) == 401


def test_a_key_that_a_token_brings_along_is_ignored(verifying: TestClient, issuer: Issuer) -> None:
    own = OTHER_RSA.as_dict(private=False)
    for extra in (
        {"jwk": own},
        {"jku": f"{issuer.url}/evil"},
        {"x5u": f"{issuer.url}/evil"},
        {"x5c": ["MIIB"]},
    ):
        issuer.paths.clear()
        token = issuer.sign("RS256", OTHER_RSA, {"kid": "rsa", **extra})
        assert status(verifying, token) == 401
        assert status(verifying, issuer.sign("RS256", RSA, {"kid": "rsa", **extra})) == 200
        assert not issuer.paths


@pytest.mark.parametrize(
    ("alg", "key", "kid"),
    [
        ("ES256", EC, "rsa"),
        ("RS256", RSA, "ec"),
        ("RS256", OTHER_RSA, "rsa"),
        ("ES256", ECKey.generate_key("P-256"), "ec"),
        ("ES384", ECKey.generate_key("P-384"), "ec"),
        ("Ed25519", OKPKey.generate_key("Ed25519"), "okp"),
        ("RS256", RSA, ""),
    ],
)
def test_a_key_verifies_what_its_kind_and_its_owner_signed(
    verifying: TestClient, issuer: Issuer, alg: str, key: Any, kid: str
) -> None:
    assert status(verifying, issuer.sign(alg, key, {"kid": kid})) == 401


def test_a_token_that_names_no_key_needs_an_issuer_with_one_key(
    verifying: TestClient, issuer: Issuer
) -> None:
    assert status(verifying, issuer.sign("RS256", RSA, {})) == 401
    assert set(parse_key_set({"keys": [PUBLIC]})) == {"rsa", None}
    assert set(parse_key_set({"keys": [PUBLIC, EC.as_dict(private=False)]})) == {"rsa", "ec"}


@pytest.mark.parametrize(
    "changes",
    [{"aud": "billing"}, {"iss": "https://evil.example"}, {"exp": None}, {"sub": None}],
)
def test_claims_are_as_strict_as_for_own_tokens(
    verifying: TestClient, issuer: Issuer, changes: dict[str, Any]
) -> None:
    assert status(verifying, issuer.sign(**changes)) == 401


@pytest.mark.parametrize(
    "entry",
    [  # their names leave out the key, which is a new one each time
        PUBLIC | {"use": "enc"},
        PUBLIC | {"alg": "RSA-OAEP"},
        PUBLIC | {"alg": "none"},
        PUBLIC | {"alg": ["RS256"]},
        PUBLIC | {"key_ops": ["encrypt"]},
        PUBLIC | {"key_ops": 7},
        PUBLIC | {"n": "AQAB"},
        PUBLIC | {"n": 7},
        PUBLIC | {"e": None},
        PUBLIC | {"kty": "EC"},
        PUBLIC | {"kty": ["RSA"]},
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "rsa"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {},
        [],
        "rsa",
        None,
    ],
    ids=lambda it: str({k: v for k, v in it.items() if k != "n"} if isinstance(it, dict) else it),
)
def test_what_cannot_verify_is_left_out_and_spoils_nothing(entry: Any) -> None:
    with pytest.raises(ValueError, match="no key"):
        parse_key_set({"keys": [entry]})
    assert set(parse_key_set({"keys": [entry, EC.as_dict(private=False)]})) == {"ec", None}


@pytest.mark.parametrize("document", [None, 7, [], {}, {"keys": None}, {"keys": {}}, {"keys": []}])
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="no key"):
        parse_key_set(document)


@pytest.mark.filterwarnings("ignore:Key size:joserfc.errors.SecurityWarning")
def test_short_rsa_keys_and_secrets_are_no_keys() -> None:
    short = {"kty": "RSA", "e": "AQAB", "n": b64(b"\xff" * 128).decode()}
    secret = OctKey.generate_key(256).as_dict(private=True)
    with pytest.raises(ValueError, match="no key"):
        parse_key_set({"keys": [short, secret]})
    assert parse_key_set({"keys": [short | {"n": b64(b"\xff" * 256).decode()}]})


def test_no_algorithm_takes_a_secret() -> None:
    assert not {alg for alg in ALGORITHMS if alg.startswith("HS") or alg == "none"}
