from __future__ import annotations

import pytest

from chassis.application import Application
from chassis.cache import Caching
from chassis.environment import Environment, Misconfigured, load
from chassis.service import Identity, Service


class Production(Environment):
    strict = True

    service: Identity = Identity()
    cache: Caching = Caching()


def complaints(monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("CACHE_URL", url)
    with pytest.raises(Misconfigured) as raised:
        load([Production])
    return str(raised.value)


@pytest.mark.parametrize("host", ["cache", "user:pl4nted@10.0.0.7:6379/0", "[2001:db8::1]"])
def test_production_refuses_a_server_that_is_reached_without_tls(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    said = complaints(monkeypatch, f"redis://{host}")
    assert said.startswith("CACHE_URL: sends passwords and values without TLS.")
    assert "SERVICE_PRIVATE_NETWORK=true" in said
    assert "pl4nted" not in said
    monkeypatch.setenv("SERVICE_PRIVATE_NETWORK", "true")
    load([Production])


@pytest.mark.parametrize(
    "url", ["rediss://cache", "redis://127.0.0.1:6379/0", "redis://localhost", "unix:///run/s.sock"]
)
def test_tls_or_no_network_at_all_is_good_enough(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("CACHE_URL", url)
    assert load([Production]).cache.url == url


def test_production_refuses_the_embedded_store(monkeypatch: pytest.MonkeyPatch) -> None:
    assert complaints(monkeypatch, "").startswith("CACHE_URL: is 'memory://'")


@pytest.mark.parametrize(
    "url",
    [
        "redis",
        "http://:pl4nted@host",
        "redis://:pl4nted@",
        "redis://:pl4nted/x@host:6379",
        "redis://:pl4nted@host:port",
        "redis://:pl4nted@host:0",
        "redis://host?password=pl4nted",
        "unix://:pl4nted@",
        "memory://pl4nted",
        "redis://[pl4nted",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    said = complaints(monkeypatch, url)
    assert said.startswith("CACHE_URL: ")
    assert "pl4nted" not in said


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://user:p%40ss@[::1]:6380/3",
        "rediss://:secret@host:6379/0?ssl_cert_reqs=required",
        "unix:///run/server.sock?db=1",
    ],
)
async def test_the_addresses_of_servers_are_accepted_and_nothing_is_opened(url: str) -> None:
    service = Service(identity=Identity(name="test"), environment="test")
    caching = Caching(url=url)
    caching.install(service)
    assert not list(caching.insecure())
    assert "cache" in service.checks
    async with service.lifespan(Application(service)):
        pass


def test_the_store_in_memory_needs_no_check() -> None:
    service = Service(identity=Identity(name="test"), environment="test")
    Caching().install(service)
    assert {name: gauge() for name, gauge in service.gauges.items()} == {"cache_up": True}
    assert not service.checks
