from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from chassis.application import Application
from chassis.database import Database
from chassis.database.address import dsn_of, file_of, is_embedded
from chassis.database.engines import create_pooled_engine
from chassis.health import Health
from chassis.service import Identity, Service
from chassis.testing.database import needs_a_migration

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

URL = "postgresql://orders:hush@127.0.0.1:1/orders"


def service(*features: Database | Health) -> FastAPI:
    made = Service(identity=Identity(name="t"), environment="test")
    for feature in features:
        feature.install(made)
    return Application(made)


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///dev.db", "sqlite+aiosqlite:///:memory:"]
)
def test_production_refuses_a_database_that_is_embedded_or_not_named(url: str) -> None:
    ((field, advice),) = Database(url=url).insecure()
    assert field == "url"
    assert "postgresql://" in advice


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_spelling_of_postgresql_is_taken(scheme: str) -> None:
    url = f"{scheme}://orders:hush@db/orders?sslmode=require"
    assert not list(Database(url=url).insecure())
    assert not is_embedded(url)
    assert dsn_of(url) == "postgresql://orders:hush@db/orders?sslmode=require"


@pytest.mark.parametrize(
    ("url", "file"),
    [("sqlite:///a.db", "a.db"), ("sqlite+aiosqlite:////tmp/a.db", "/tmp/a.db"), ("sqlite://", "")],  # noqa: S108 - no file is made
)
def test_an_embedded_database_is_a_file(url: str, file: str) -> None:
    assert file_of(url) == file


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a:hush@b/c",
        "orders",
        "postgresql://a:hush@hush@b/c",
        "postgresql://b/c?user=a&password=hush",
        "postgresql://a:hush#hush@b/c",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_way_to_fix_it(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Database(url=url)
    (error,) = refused.value.errors()
    assert error["loc"] == ("url",)
    assert "must" in error["msg"]
    assert "hush" not in error["msg"]


async def test_the_address_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    settings = Database(url=URL)
    engine = create_pooled_engine(settings, "t")
    with pytest.raises(DBAPIError) as refused:
        await engine.connect()
    shown = f"{settings!r} {settings} {engine!r} {engine.url} {refused.value!r} {refused.value}"
    assert "hush" not in shown + caplog.text
    await engine.dispose()


def test_the_service_starts_without_its_database_and_waits_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with TestClient(service(Health(details="always"), Database(url=URL))) as client:
        assert client.get("/livez").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "starting")
        assert "hush" not in client.get("/health").text + caplog.text


def test_without_an_address_there_is_a_migrated_database_for_as_long_as_the_process() -> None:
    with TestClient(service(Health(), Database())) as client:
        assert client.get("/readyz").status_code == 200


@needs_a_migration
def test_an_old_schema_keeps_the_service_from_starting_until_it_is_migrated(
    empty: Database,
) -> None:
    with capture_logs() as lines, TestClient(service(Health(), empty)) as client:
        assert client.get("/readyz").json() == {"status": "fail", "reason": "starting"}
    assert any("make migrate" in line["event"] for line in lines)


def test_a_schema_of_a_later_release_will_do(database: Database) -> None:
    built = service(Health(), database)
    with TestClient(built) as client:
        assert client.portal

        async def migrate_further() -> None:
            engine = create_pooled_engine(database, "t")
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
            await engine.dispose()

        client.portal.call(migrate_further)
        assert client.get("/readyz").status_code == 200


def test_the_file_is_kept_beside_the_process(tmp_path: Path) -> None:
    with TestClient(service(Database(url=f"sqlite:///{tmp_path}/a.db"))):
        assert (tmp_path / "a.db").exists()
