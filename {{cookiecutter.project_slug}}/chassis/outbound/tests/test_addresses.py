"""The settings of services that are called: which addresses are refused, and in which words."""

from __future__ import annotations

import pytest

from chassis.environment import Environment, Misconfigured, load
from chassis.outbound import Outbound
from chassis.outbound.tests.calling import BillingApi
from chassis.service import Identity


class LedgerApi(Outbound):
    """Another service to call."""

    dependency = "ledger"


class Production(Environment):
    """Calls two services."""

    strict = True
    service: Identity = Identity(name="t")
    outbound_billing: BillingApi = BillingApi()
    outbound_ledger: LedgerApi = LedgerApi(timeout_seconds=7)


def complaints(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in {"OUTBOUND_LEDGER_BASE_URL": "https://ledger", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    with pytest.raises(Misconfigured) as raised:
        load([Production])
    return str(raised.value).splitlines()


def test_each_service_has_variables_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    monkeypatch.setenv("OUTBOUND_BILLING_BASE_URL", "https://billing:8000/api")
    monkeypatch.setenv("OUTBOUND_LEDGER_BASE_URL", "https://ledger")
    monkeypatch.setenv("OUTBOUND_LEDGER_RETRIES", "0")
    settings = load([Production])
    billing, ledger = settings.outbound_billing, settings.outbound_ledger
    assert (billing.base_url, billing.retries) == ("https://billing:8000/api", 2)
    assert (ledger.base_url, ledger.retries, ledger.timeout_seconds) == ("https://ledger", 0, 7)


def test_production_refuses_a_service_that_is_called_without_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (said,) = complaints(monkeypatch, OUTBOUND_BILLING_BASE_URL="http://billing:8000")
    assert said.startswith("OUTBOUND_BILLING_BASE_URL: begins with http://")
    assert "SERVICE_PRIVATE_NETWORK=true" in said
    monkeypatch.setenv("SERVICE_PRIVATE_NETWORK", "true")
    load([Production])


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:8000"])
def test_a_service_on_this_machine_may_be_called_without_tls(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    for name in ("BILLING", "LEDGER"):
        monkeypatch.setenv(f"OUTBOUND_{name}_BASE_URL", f"http://{host}/api")
    load([Production])


def test_production_wants_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    advice = "is not set. Set it to the address of billing."
    assert complaints(monkeypatch) == [f"OUTBOUND_BILLING_BASE_URL: {advice}"]


@pytest.mark.parametrize(
    "url",
    [
        "billing",
        "ftp://billing",
        "http://",
        "http://user:pl4nted@billing",
        "http://pl4nted@billing",
        "http://billing:port",
        "http://billing:0",
        "http://billing?token=pl4nted",
        "http://billing#pl4nted",
        "http://[pl4nted",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    (complaint,) = complaints(monkeypatch, OUTBOUND_BILLING_BASE_URL=url)
    assert complaint.startswith("OUTBOUND_BILLING_BASE_URL: ")
    assert "pl4nted" not in complaint
