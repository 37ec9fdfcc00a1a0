from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.environment import Environment, load, secrets
from chassis.environment.report import report
from chassis.environment.unknown import unknown_variables
from chassis.errors import Errors
from chassis.service import Identity, Service

ROOT = Path(__file__).parents[3]
DSN = "https://pl4nted@collector.example.com/1"


class Local(Environment):
    """Reports."""

    errors: Errors = Errors()


def test_without_a_dsn_nothing_is_installed_and_the_library_is_not_imported() -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    bare = repr(service)
    Errors().install(service)
    assert repr(service) == bare
    program = (
        "import sys, app.main\n"
        "app.main.compose(app.main.Test())\n"
        "assert not [name for name in sys.modules if name.startswith(('sentry_sdk', 'urllib3'))]\n"
    )
    subprocess.run([sys.executable, "-B", "-c", program], check=True, cwd=ROOT)  # noqa: S603 - our own program


@pytest.mark.parametrize("name", ["ERRORS_DSN", "SENTRY_DSN"])
def test_the_standard_variable_is_another_name_and_neither_shows_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, DSN)
    settings = load([Local])
    assert settings.errors.dsn.get_secret_value() == DSN
    assert not unknown_variables(Local)
    assert "pl4nted" not in report(settings)
    assert DSN in secrets(settings)


@pytest.mark.parametrize(
    "dsn",
    [
        *("", "https://key@host/1", "http://key@[::1]:8000/1", "https://key@a.b/path/of/22"),
        "https://key:secret@host:9000/1",
    ],
)
def test_a_dsn_is_taken_as_collectors_write_it(dsn: str) -> None:
    assert Errors(dsn=dsn).dsn.get_secret_value() == dsn


@pytest.mark.parametrize(
    "dsn",
    ["pl4nted", "https://host/1", "https://pl4nted@host", "ftp://pl4nted@host/1", "https://a@h/1 "],
)
def test_what_is_no_dsn_is_refused_and_not_repeated(dsn: str) -> None:
    with pytest.raises(ValidationError, match="should be a DSN") as refused:
        Errors(dsn=dsn)
    assert dsn not in refused.value.errors()[0]["msg"]


def test_production_refuses_reports_without_tls() -> None:
    ((field, _),) = Errors(dsn="http://key@collector/1").unencrypted()
    assert field == "dsn"
    assert not list(Errors(dsn=DSN).unencrypted())
