from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from chassis.auth import Auth
from chassis.auth.secret_keys import DEVELOPMENT_KEY
from chassis.auth.tests.forge import SERVICE
from chassis.environment import Environment, Misconfigured, load, secrets

ROOT = Path(__file__).parents[3]
KEY = "a key of at least thirty-two bytes"


class Production(Environment):
    strict = True

    auth: Auth = Auth()


def complaints(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    monkeypatch.setenv("ENVIRONMENT", "production")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as raised:
        load([Production])
    return str(raised.value)


def test_production_needs_a_key_or_an_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    said = complaints(monkeypatch)
    assert said.startswith("AUTH_SECRET_KEY: is not set")
    assert "AUTH_ISSUER" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("name", ["AUTH_SECRET_KEY", "AUTH_PREVIOUS_SECRET_KEY"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (DEVELOPMENT_KEY, "is the one of development"),
        ("pl4nted-and-one-byte-too-short-", "shorter than 32 bytes"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIGR1l2uKj4vnpUfo0VHhiuBlnTIpQcsKBYlRGKHrgWt", "key"),
    ],
)
def test_production_refuses_a_weak_key_and_does_not_repeat_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    said = complaints(monkeypatch, **{"AUTH_SECRET_KEY": KEY, name: value})
    assert said.startswith(f"{name}: ")
    assert message in said
    assert value not in said


def test_a_short_key_is_one_line_without_a_warning_of_a_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = complaints(monkeypatch, AUTH_SECRET_KEY="short")
    assert said.startswith("AUTH_SECRET_KEY: is shorter than 32 bytes.")


@pytest.mark.parametrize("name", ["AUTH_ISSUER", "AUTH_JWKS_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.com",
        "http://127.0.0.1",
        "login.example.com",
        "ftp://login.example.com",
        "https://",
        "https://user:pl4nted@login.example.com",
        "https://login.example.com?pl4nted",
        "https://login.example.com#pl4nted",
        "https://login.example.com/pl4 nted",
        "https://[pl4nted",
        "https://host:pl4nted",
        "https://host:0",
        "file:///etc/passwd",
    ],
)
def test_production_refuses_what_keys_cannot_safely_come_from(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    given = {"AUTH_ISSUER": "https://login.example.com", name: url}
    said = complaints(monkeypatch, **given)
    assert said.startswith(f"{name}: ")
    assert "pl4nted" not in said


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.com",
        "https://login.example.com:8443/realms/one/",
    ],
)
def test_issuers_that_production_accepts(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("AUTH_ISSUER", url)
    assert load([Production]).auth.issuer == url


def test_a_key_is_kept_out_of_logs_and_listings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("AUTH_SECRET_KEY", KEY)
    settings = load([Production])
    assert KEY in secrets(settings)
    assert KEY not in repr(settings)


@pytest.mark.parametrize("field", ["leeway_seconds", "max_token_bytes", "keys_refresh_seconds"])
def test_limits_cannot_be_taken_away(field: str) -> None:
    for value in (-1, 100_000):
        with pytest.raises(ValidationError):
            Auth(**{field: value})


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf"), 1441])
def test_no_token_is_signed_that_would_be_refused(minutes: float) -> None:
    with pytest.raises(ValueError, match="AUTH_MAX_LIFETIME_MINUTES=1440"):
        Auth().sign(SERVICE, "ada", minutes=minutes)


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "app", "auth", "token", *arguments],
        cwd=ROOT,
        env={"PYTHONDONTWRITEBYTECODE": "1", "ENVIRONMENT": "test", **variables},
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_command_refuses_where_an_issuer_signs() -> None:
    ended = command("--subject", "ada", AUTH_ISSUER="https://login.example.com")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("AUTH_ISSUER is set")


def test_the_command_tells_what_is_too_long() -> None:
    ended = command("--subject", "ada", "--minutes", "100000", AUTH_SECRET_KEY=KEY)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "AUTH_MAX_LIFETIME_MINUTES" in ended.stderr


def test_a_key_that_is_no_text_is_still_a_key() -> None:
    odd = SecretStr("\udcff\udc80" + "x" * 30)
    assert Auth(secret_key=odd).sign(SERVICE, "ada")
