"""Names that others use never stop the start; the ways in which a name is mistyped do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chassis.environment import Environment, Misconfigured, load
from chassis.environment.unknown import is_typing_error, unknown_variables
from chassis.environment.variables import variables
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listener(Feature):
    host: str = ""
    port: str = ""
    grace_seconds: str = ""
    trusted_proxies: str = ""


class Store(Feature):
    url: str = ""
    pool_size: str = ""
    max_overflow: str = ""
    pool_timeout_seconds: str = ""
    connect_timeout_seconds: str = ""
    statement_timeout_seconds: str = ""
    ttl_seconds: str = ""
    timeout_seconds: str = ""
    namespace: str = ""


class Identities(Feature):
    name: str = ""
    secret_key: str = ""
    issuer: str = ""
    audience: str = ""
    jwks_url: str = ""  # if auth
    token: str = ""
    level: str = ""
    levels: str = ""


class Local(Environment):
    """Has the names of the service's groups, and fields of which others have similar ones."""

    service: Identities = Identities()
    log: Identities = Identities()
    server: Listener = Listener()
    store: Store = Store()
    metrics: Listener = Listener()  # if metrics
    auth: Identities = Identities()  # if auth
    database: Store = Store()  # if database
    cache: Store = Store()  # if cache


LINES = (
    "LOG_COLOR LOG_DIR LOG_FILE LOG_FILE_PATH LOG_PATH LOGS_LEVEL SERVER_ADDRESS SERVER_DIR",
    "SERVER_HOSTNAME SERVER_HOSTS SERVER_IMAGE SERVER_NAME SERVER_PORTS SERVER_PROTOCOL",
    "SERVER_SOFTWARE SERVER_URL SERVERS_HOST SERVE_PORT SERVER_PORT_8000_TCP",
    "SERVER_PORT_8000_TCP_ADDR SERVER_SERVICE_HOST SERVER_SERVICE_PORT SERVICE_ACCOUNT",
    "SERVICE_NAMES SERVICE_NAMESPACE SERVICE_PORT SERVICE_URL SERVICES_NAME STORE_URI",
    "STORE_URL1 STORE_URL_2 STORE_URLS STORED_URL STORES_URL STORE_POOL",
    "AUTH_CLIENTID AUTH_CLIENT_ID AUTH_CLIENT_SECRET AUTH_DOMAIN AUTH_ISSUER_ID",  # if auth
    "AUTH_ISSUER_URL AUTH_JWKS_URI AUTH_KEY AUTH_KEY_ID AUTH_SECRET AUTH_TOKENS",  # if auth
    "AUTH_TRUST_HOST AUTH_URL AUTH_USAGE_URL",  # if auth
    "CACHE_DIR CACHE_DRIVER CACHE_ENABLED CACHE_HOST CACHE_MAX_SIZE CACHE_PORT",  # if cache
    "CACHE_PREFIX CACHE_SIZE CACHE_STORE CACHE_TTL CACHE_URI CACHED_URL",  # if cache
    "DATABASE_BACKEND DATABASE_COMMAND_TIMEOUT_SECONDS DATABASE_HOST",  # if database
    "DATABASE_CONNECTION_POOL_URL DATABASE_NAME DATABASE_PASSWORD",  # if database
    "DATABASE_IDLE_TRANSACTION_TIMEOUT_MS DATABASE_POOL DATABASE_POOL_MAX",  # if database
    "DATABASE_POOL_MIN DATABASE_POOL_RECYCLE_SECONDS DATABASE_POOL_STRATEGY",  # if database
    "DATABASE_PORT DATABASE_PORT_5432_TCP DATABASE_SCHEMA DATABASE_SSL",  # if database
    "DATABASE_STATEMENT_TIMEOUT_MS DATABASE_URI DATABASE_USER DATABASES_URL",  # if database
    "METRICS_ADDR METRICS_EXPORT_INTERVAL METRICS_PATH METRIC_HOST",  # if metrics
)
OF_OTHERS = [name for line in LINES for name in line.split()]
"""As in public repositories' environment files, in clusters' service links, in CGI."""


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVIRONMENT", raising=False)


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_name_that_others_use_does_not_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "anything")
    assert load([Local])


def test_a_mistake_that_may_be_meant_otherwise_gets_a_line_with_the_closest_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("STORE_POOL", "SERVICE_ISSUER_URL", "SERVR_TRUSTED"):
        monkeypatch.setenv(name, "5")
    found = unknown_variables(Local)
    assert found["STORE_POOL"] == "STORE_POOL_SIZE"
    assert found["SERVICE_ISSUER_URL"] == "SERVICE_ISSUER"
    assert "SERVR_TRUSTED" in found


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SERVR_GRACE_SECONDS", "SERVER_GRACE_SECONDS"),
        ("STROE_POOL_SIZE", "STORE_POOL_SIZE"),
        ("STORE_POOLSIZE", "STORE_POOL_SIZE"),
        ("SERVICE_AUDEINCE", "SERVICE_AUDIENCE"),
        ("stroe_pool_size", "STORE_POOL_SIZE"),
        ("DATABSE_POOL_SIZE", "DATABASE_POOL_SIZE"),  # if database
    ],
)
def test_a_typing_error_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "5")
    with pytest.raises(Misconfigured, match=rf"\A{name.upper()}: .*Did you mean {meant}\?\Z"):
        load([Local])
    monkeypatch.setenv(meant, "5")
    load([Local])


def typing_errors(word: str) -> Iterator[str]:
    """Yield each word with a letter left out, doubled or swapped with the next one, inside it."""
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def test_every_typing_error_inside_a_word_of_a_variable_is_found() -> None:
    names = [it.name for it in variables(Local)]
    missed = [
        wrong
        for name in names
        for word in name.split("_")
        if len(word) >= 5
        for wrong in (name.replace(word, it) for it in typing_errors(word))
        if wrong not in names and not is_typing_error(wrong, name)
    ]
    assert missed == []
