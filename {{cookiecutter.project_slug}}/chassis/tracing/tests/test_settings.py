from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.environment import Environment, Misconfigured, load, secrets
from chassis.environment.report import report
from chassis.environment.unknown import unknown_variables
from chassis.service import Identity, Service
from chassis.tracing import Tracing
from chassis.tracing.endpoint import complete_endpoint, parse_headers

ROOT = Path(__file__).parents[3]


class Local(Environment):
    """Traces."""

    tracing: Tracing = Tracing(ratio=1)


@pytest.mark.parametrize("url", ["http://collector:4318", "http://10.0.0.7:4318/v1/traces"])
def test_production_refuses_a_collector_that_gets_spans_without_tls(url: str) -> None:
    ((field, advice),) = Tracing(endpoint=url).unencrypted()
    assert field == "endpoint"
    assert "SERVICE_PRIVATE_NETWORK=true" in advice


@pytest.mark.parametrize("url", ["", "https://collector", "http://localhost:4318", "http://[::1]"])
def test_tls_or_no_network_at_all_is_good_enough(url: str) -> None:
    assert not list(Tracing(endpoint=url).unencrypted())


def test_without_an_endpoint_nothing_is_installed_and_the_library_is_not_imported() -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    bare = repr(service)
    Tracing().install(service)
    assert repr(service) == bare
    program = (
        "import sys, app.main\n"
        "app.main.compose(app.main.Test())\n"
        "names = ('opentelemetry.sdk.trace', 'opentelemetry.proto', 'google.protobuf')\n"
        "assert not [name for name in sys.modules if name.startswith(names)]\n"
    )
    subprocess.run([sys.executable, "-B", "-c", program], check=True, cwd=ROOT)  # noqa: S603


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("https://collector/", "https://collector/v1/traces"),
        ("http://[::1]:4318/otlp", "http://[::1]:4318/otlp/v1/traces"),
        ("https://collector/v1/traces", "https://collector/v1/traces"),
        ("", ""),
    ],
)
def test_the_path_of_the_endpoint_is_completed(given: str, meant: str) -> None:
    assert complete_endpoint(given) == meant


@pytest.mark.parametrize(
    "url",
    ["collector:4318", "grpc://collector", "http://", "http://a:b@c", "http://a:x", "http://a?b=c"],
)
def test_an_endpoint_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must|valid"):
        complete_endpoint(url)


@pytest.mark.parametrize("text", ["novalue", "=x", "a=b\nc", "a=b%0d%0ax: y", "a=é", "a%00=b"])
def test_headers_that_cannot_be_sent_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValidationError, match="should be pairs") as refused:
        Tracing(headers=text)
    assert text not in refused.value.errors()[0]["msg"]


def test_headers_are_read_as_the_standard_writes_them() -> None:
    assert parse_headers(" a=b%20c , d==,") == {"a": "b c", "d": "="}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, {"endpoint": "http://a/v1/traces"}),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/x/v1/traces",
            },
            {"endpoint": "http://b/x/v1/traces"},
        ),
        (
            {"TRACING_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"},
            {"endpoint": "http://c/v1/traces"},
        ),
        ({"TRACING_ENDPOINT": "", "OTEL_TRACES_SAMPLER_ARG": "0.25"}, {"ratio": 0.25}),
        (
            {"OTEL_BSP_MAX_QUEUE_SIZE": "", "TRACING_RATIO": "0.5"},
            {"queue_size": 2048, "ratio": 0.5},
        ),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "512"}, {"queue_size": 512, "ratio": 1}),
    ],
)
def test_the_standard_variables_are_other_names_of_ours_and_ours_win(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    expected: dict[str, Any],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    tracing = load([Local]).tracing
    assert {name: getattr(tracing, name) for name in expected} == expected
    assert not unknown_variables(Local)


def test_a_standard_variable_that_is_wrong_is_told_and_a_secret_one_is_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=pl4nted")
    settings = load([Local])
    assert "pl4nted" not in report(settings)
    assert "api-key=pl4nted" in secrets(settings)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "pl4nted")
    monkeypatch.setenv("TRACING_INTERVAL_SECNODS", "1")
    with pytest.raises(Misconfigured) as caught:
        load([Local])
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["TRACING_INTERVAL_SECNODS", "TRACING_RATIO"]
    assert "pl4nted" not in str(caught.value)


def test_a_batch_that_never_fits_is_refused() -> None:
    with pytest.raises(ValidationError, match="TRACING_QUEUE_SIZE"):
        Tracing(queue_size=10, batch_size=11)
