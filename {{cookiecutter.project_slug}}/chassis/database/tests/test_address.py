from __future__ import annotations

import ssl

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from chassis.application import Application
from chassis.database import Database
from chassis.database.address import dsn_of, tls_of
from chassis.service import Identity, Service

SERVER = "postgresql://orders:hush@db/orders"
HANDED_OUT = (
    "sslmode=require&channel_binding=require",
    "sslmode=require&connect_timeout=10&application_name=orders",
    "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3",
    "gssencmode=disable&sslmode=prefer&target_session_attrs=read-write",
    "sslmode=require&options=endpoint%3Dep-cool-sun",
)
"""What providers append to the addresses that they hand out."""
APPLIED = {"sslmode", "application_name", "target_session_attrs", "options"}


def refusal(query: str) -> str:
    with pytest.raises(ValidationError) as refused:
        Database(url=f"{SERVER}?{query}")
    (error,) = refused.value.errors()
    assert "hush" not in error["msg"]
    return error["msg"]


@pytest.mark.parametrize("query", HANDED_OUT)
def test_the_server_is_sent_no_parameter_that_is_meant_for_the_client(query: str) -> None:
    names = {pair.partition("=")[0] for pair in query.split("&")}
    sent = dsn_of(Database(url=f"{SERVER}?{query}").url).partition("?")[2]
    assert {pair.partition("=")[0] for pair in sent.split("&") if pair} == names & APPLIED


def test_a_line_at_the_start_names_the_parameters_that_are_left_out() -> None:
    made = Service(identity=Identity(name="t"), environment="test")
    url = "postgresql://orders:hush@127.0.0.1:1/orders"
    Database(url=f"{url}?keepalives=1&channel_binding=require").install(made)
    with capture_logs() as lines, TestClient(Application(made)):
        pass
    (line,) = (it for it in lines if "ignored" in it["event"])
    assert line["names"] == ["channel_binding", "keepalives"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [("true", "require"), ("require", "require"), ("false", "disable"), ("verify-full",) * 2],
)
def test_the_spelling_of_other_drivers_is_translated(given: str, meant: str) -> None:
    assert dsn_of(Database(url=f"{SERVER}?ssl={given}").url) == f"{SERVER}?sslmode={meant}"


def test_the_authorities_of_the_system_verify_the_server_and_its_name() -> None:
    url = Database(url=f"{SERVER}?sslmode=verify-full&sslrootcert=system").url
    context = tls_of(url)
    assert context
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert dsn_of(url) == f"{SERVER}?sslmode=verify-full"
    assert tls_of(f"{SERVER}?sslmode=verify-full") is None


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("search_path=shop", "options=-c%20name%3Dvalue"),
        ("connection_limit=5", "'connection_limit'"),
        ("pgbouncer=true", "DATABASE_PGBOUNCER=true"),
        ("hostaddr=10.0.0.1", "as the host"),
        ("sslmode=on", "verify-full"),
        ("ssl=yes", "verify-full"),
        ("sslmode", "?name=value"),
        ("gssencmode=require", "TLS"),
        ("sslmode=require&sslrootcert=system", "sslmode=verify-full"),
    ],
)
def test_what_could_never_connect_is_refused_with_what_to_write(query: str, advice: str) -> None:
    assert advice in refusal(query)


@pytest.mark.parametrize("query", ["", "?sslmode=prefer", "?ssl=false", "?sslmode=allow"])
@pytest.mark.parametrize("host", ["db", "10.0.0.7:5432", "localhost,db", "[2001:db8::1]:5432", ""])
def test_a_server_that_may_be_reached_without_tls_is_named_as_such(host: str, query: str) -> None:
    remote = query.replace("?", "?host=db&") or "?host=db"
    query = query if host else remote
    ((field, advice),) = Database(url=f"postgresql://o:hush@{host}/orders{query}").unencrypted()
    assert field == "url"
    assert "sslmode=verify-full" in advice
    assert "SERVICE_PRIVATE_NETWORK=true" in advice


@pytest.mark.parametrize(
    "address",
    [
        "db/orders?sslmode=require",
        "db/orders?sslmode=verify-full&sslrootcert=system",
        "db/orders?sslrootcert=system",
        "127.0.0.1:5432/orders",
        "localhost,[::1]:6432/orders",
        "/orders?host=/var/run/postgresql",
        "%2Fvar%2Frun%2Fpostgresql/orders",
    ],
)
def test_tls_or_no_network_at_all_is_good_enough(address: str) -> None:
    assert not list(Database(url=f"postgresql://o:hush@{address}").unencrypted())
    assert not list(Database(url="sqlite:///file").unencrypted())
