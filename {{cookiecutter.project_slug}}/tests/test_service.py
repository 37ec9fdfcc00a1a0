"""The whole service, as a process: it boots, serves, drains, and keeps its environment contract."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from app.__main__ import main
from app.main import ENVIRONMENTS, compose
from chassis.application import Application
from chassis.testing.process import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECURITY_ALLOWED_HOSTS": "example.com",
    "SERVER_DRAIN_SECONDS": "0",
    "SERVER_PORT": "0",
    "METRICS_PORT": "0",  # if metrics
    "AUTH_SECRET_KEY": "a key of at least thirty-two bytes",  # if auth
    "CACHE_URL": "redis://127.0.0.1:1/0",  # if cache
    "DATABASE_URL": "postgresql://t:t@127.0.0.1:1/t",  # if database
    "OUTBOUND_QUOTES_BASE_URL": "http://127.0.0.1:1",  # if outbound
}
"""What production must be given."""


@pytest.fixture(scope="module")
def processes() -> Iterator[tuple[Running, Running]]:
    """Start the service as in tests and as in production, both at once."""
    with Running(SECURITY_DOCS="true") as test, Running(**PRODUCTION) as production:
        yield test, production


def test_it_gets_ready_serves_and_ends_with_zero(processes: tuple[Running, Running]) -> None:
    running, _ = processes
    running.wait_until_ready()
    running.signal()
    assert running.exit_code() == 0
    assert running.lines[-1]["message"] == "stopped"


def test_production_starts_with_what_it_must_be_given(processes: tuple[Running, Running]) -> None:
    _, running = processes
    with closing(HTTPConnection("127.0.0.1", running.address[1])) as connection:
        connection.request("GET", "/livez", headers={"Host": "example.com"})
        assert connection.getresponse().status == 200
    running.signal()
    assert running.exit_code() == 0


def test_production_names_everything_that_it_lacks_and_exits_with_78(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert main([]) == 78
    lines = capsys.readouterr().err.splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        "AUTH_SECRET_KEY",  # if auth
        "CACHE_URL",  # if cache
        "DATABASE_URL",  # if database
        "OUTBOUND_QUOTES_BASE_URL",  # if outbound
        "SECURITY_ALLOWED_HOSTS",
    }


@pytest.mark.usefixtures("logging_as_it_was")
def test_development_composes_and_describes_its_api() -> None:
    assert Application(compose(ENVIRONMENTS[0]())).openapi()["paths"]
