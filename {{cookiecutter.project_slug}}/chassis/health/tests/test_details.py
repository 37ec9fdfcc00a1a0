from __future__ import annotations

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.health import Health
from chassis.health.tests.dependency import TOKEN, Dependency, check, installed


@pytest.mark.parametrize(
    ("health", "header", "shown"),
    [
        (Health(details="always"), "", True),
        (Health(details="never", token=SecretStr(TOKEN)), f"Bearer {TOKEN}", False),
        (Health(token=SecretStr(TOKEN)), f"Bearer {TOKEN}", True),
        (Health(token=SecretStr(TOKEN)), f"bearer  {TOKEN}", True),
        (Health(token=SecretStr(TOKEN)), f"Basic {TOKEN}", False),
        (Health(token=SecretStr(TOKEN)), f"Bearer {TOKEN}x", False),
        (Health(token=SecretStr(TOKEN)), "Bearer ", False),
        (Health(token=SecretStr(TOKEN)), "", False),
        (Health(), "Bearer ", False),
        (Health(), "Bearer None", False),
    ],
)
def test_details_are_shown_only_with_permission(
    health: Health, header: str, *, shown: bool
) -> None:
    service = installed(health, broker=check(Dependency("failing"), "readiness"))
    with TestClient(Application(service)) as http:
        answer = http.get("/health", headers={"authorization": header})
    assert answer.status_code == 503
    assert ("checks" in answer.json()) is shown


def test_a_token_of_any_bytes_is_refused_without_an_error() -> None:
    health = Health(token=SecretStr("ü" * 32))
    assert not health.may_see_details(b"Bearer \xff\xfe")
    assert health.may_see_details(b"Bearer " + ("ü" * 32).encode())


def test_the_details_name_what_failed_and_nothing_inside(caplog: pytest.LogCaptureFixture) -> None:
    service = installed(
        Health(details="always"),
        broker=check(Dependency("failing"), "readiness"),
        cache=check(Dependency(), "startup"),
    )
    with TestClient(Application(service)) as http:
        answer = http.get("/health")
    checks = answer.json()["checks"]
    assert 0.01 < checks["cache"].pop("seconds") < 1
    assert checks["cache"] == {"status": "pass"}
    assert checks["broker"]["status"] == "fail"
    assert checks["broker"]["reason"] == "ConnectionRefusedError"
    assert "hunter2" not in answer.text
    assert "10.0.0.7" not in answer.text
    assert "check failed" in caplog.messages


def test_production_refuses_details_for_all_and_a_token_that_can_be_guessed() -> None:
    assert [field for field, _ in Health(details="always").insecure()] == ["details"]
    assert [field for field, _ in Health(token=SecretStr("x" * 31)).insecure()] == ["token"]
    assert not list(Health(token=SecretStr(TOKEN)).insecure())
    assert not list(Health().insecure())
