"""Whatever is tried with a token: 401, a problem, and no part of the token in any line."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from chassis.auth.tests.attacks import AUTHORIZATIONS, GOOD, TOKENS
from chassis.auth.tests.forge import claims, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response
    from starlette.testclient import TestClient


@pytest.fixture
def said(
    client: TestClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Callable[[], str]:
    """Gives the lines that were written, and what they were made of before secrets were masked."""
    caplog.set_level("DEBUG")
    return lambda: f"{capsys.readouterr()}{[vars(record) for record in caplog.records]}"


def refused(answer: Response, said: str, token: bytes) -> None:
    """Check that nobody got in, and that the answer says nothing but this."""
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="orders"')
    shown = f"{said}{answer.text}{answer.headers}"
    for part in token.decode("latin-1").replace(" ", ".").split("."):
        assert len(part) < 12 or part[:12] not in shown
    assert '"level":"error"' not in said
    assert '"message":"GET /me 401"' in said
    assert "Traceback" not in said


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_bad_token_is_refused(client: TestClient, said: Callable[[], str], token: bytes) -> None:
    answer = client.get("/me", headers=[(b"authorization", b"Bearer " + token)])
    refused(answer, said(), token)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("value", AUTHORIZATIONS.values(), ids=AUTHORIZATIONS)
def test_a_bad_header_is_refused(client: TestClient, said: Callable[[], str], value: bytes) -> None:
    refused(client.get("/me", headers=[(b"authorization", value)]), said(), value)


@pytest.mark.parametrize("other", [GOOD, b"", signed(claims(sub="eve"))], ids=len)
@pytest.mark.parametrize("scheme", [b"Bearer ", b"Basic "])
def test_two_headers_are_refused_whatever_they_say(
    client: TestClient, said: Callable[[], str], scheme: bytes, other: bytes
) -> None:
    twice = [(b"authorization", b"Bearer " + GOOD), (b"authorization", scheme + other)]
    for headers in (twice, twice[::-1]):
        refused(client.get("/me", headers=headers), said(), GOOD)


def test_the_token_that_the_attacks_are_made_of_is_good(client: TestClient) -> None:
    assert client.get("/me", headers={b"authorization": b"Bearer " + GOOD}).status_code == 200


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (signed(claims(aud="billing")), "invalid_claim"),
        *((signed(claims(**{name: None})), "missing_claim") for name in claims()),
        (signed(claims(exp=1)), "expired_token"),
        (signed(claims(iat=1)), "valid_for_too_long"),
        (signed(claims(), key=b"k" * 32), "bad_signature"),
        (signed(claims(), {"alg": "none"}), "unsupported_algorithm"),
        (b"a" * 9000 + b".b.c", "too_long"),
    ],
)
def test_the_log_says_why(
    client: TestClient, capsys: pytest.CaptureFixture[str], token: bytes, reason: str
) -> None:
    client.get("/me", headers={b"authorization": b"Bearer " + token})
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    line = next(line for line in lines if line["message"] == "token rejected")
    assert line["reason"] == reason
    assert line["request_id"]


def test_code_that_logs_what_it_got_still_shows_no_token(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = f"Bearer {GOOD.decode()}"
    logger = logging.getLogger("careless")
    logger.info("got %s", credentials)
    logger.info("got %r", {"Authorization": credentials})
    logger.info("got %r", [(b"authorization", credentials.encode())])
    logger.info("got", extra={"authorization": credentials})
    said = capsys.readouterr().out
    assert said.count("**********") >= 4
    assert not [part for part in GOOD.decode().split(".") if part[:20] in said]


def test_signatures_are_compared_in_constant_time(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopwatch would be noise; that nothing but this one function decides is not."""
    headers = {b"authorization": b"Bearer " + signed(claims(), key=b"k" * 32)}
    assert client.get("/me", headers=headers).status_code == 401
    monkeypatch.setattr("hmac.compare_digest", lambda *_: True)
    assert client.get("/me", headers=headers).status_code == 200
