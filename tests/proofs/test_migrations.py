"""R7: many migrators at once, one that is killed midway, and readers who hardly notice."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved, clean
from tests.proofs.servers import postgres, sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.servers import Server

MIGRATORS = 8
LOCK_TIMEOUT = 0.5
MIGRATION = '''
"""For a proof."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
{body}


def downgrade() -> None:
    """Nobody will."""
'''
PLAIN = """
    op.execute("CREATE TABLE applied (id bigint GENERATED ALWAYS AS IDENTITY)")
    op.execute("SELECT pg_sleep(1)")
    op.execute("INSERT INTO applied DEFAULT VALUES")
"""
CONCURRENT = """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_notes_text")
        op.execute("CREATE INDEX CONCURRENTLY ix_notes_text ON notes (text)")
        op.execute("RESET lock_timeout")
    op.execute("INSERT INTO applied DEFAULT VALUES")
"""
ALTERING = """
    op.execute("ALTER TABLE notes ADD COLUMN colour text")
"""
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_notes_text'::regclass"
READER = """
import asyncio, sys, time
import asyncpg

async def main(url, seconds):
    connection = await asyncpg.connect(url)
    worst, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        await connection.fetch("SELECT count(*) FROM notes")
        worst = max(worst, time.monotonic() - began)
        await asyncio.sleep(0.005)
    print(worst)

asyncio.run(main(sys.argv[1], float(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as server:
        yield server


@pytest.fixture
def url(server: Server, request: pytest.FixtureRequest) -> str:
    name = f"proof_{abs(hash(request.node.name))}"
    sql(server.url, f"CREATE DATABASE {name}")
    return server.url.removesuffix("postgres") + name


@pytest.fixture
def service(everything: Carved, tmp_path: Path) -> Carved:
    """Make a copy that migrations can be added to."""
    copy = tmp_path / "service"
    shutil.copytree(everything.path, copy, ignore=shutil.ignore_patterns(".venv"))
    (copy / ".venv").symlink_to(everything.path / ".venv")
    return Carved(copy)


def add(service: Carved, *bodies: str) -> None:
    """Write migrations, one after the other, behind those that there are."""
    versions = service.path / "app" / "migrations"
    (first,) = versions.glob("*_create_notes.py")
    before = first.read_text().partition('revision = "')[2].partition('"')[0]
    for number, body in enumerate(bodies):
        text = MIGRATION.format(revision=f"proof{number}", before=before, body=body)
        (versions / f"proof{number}.py").write_text(text)
        before = f"proof{number}"


def migrator(service: Carved, url: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start one."""
    given = {"ENVIRONMENT": "test", "DATABASE_URL": url, **variables}
    program = [str(service.python), "-m", "app", "database", "upgrade"]
    return subprocess.Popen(program, cwd=service.path, env=clean(**given))


@contextmanager
def transaction(url: str, statement: str) -> Iterator[None]:
    """Keep a transaction open that has run a statement."""
    program = ["psql", "--no-psqlrc", "--quiet", url]
    with subprocess.Popen(program, stdin=subprocess.PIPE, text=True) as psql:
        assert psql.stdin
        psql.stdin.write(f"BEGIN ISOLATION LEVEL REPEATABLE READ; {statement};\n")
        psql.stdin.flush()
        running(url, "state = 'idle in transaction'")
        yield
        psql.stdin.write("COMMIT;\n")


def running(url: str, condition: str) -> None:
    """Wait until a session in this database meets a condition."""
    query = (
        f"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {condition}"  # noqa: S608 - our own words
    )
    deadline = time.monotonic() + 30
    while sql(url, query) == "0":
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


@pytest.mark.parametrize("bodies", [[PLAIN], [PLAIN, CONCURRENT]], ids=["plain", "concurrently"])
def test_eight_migrators_at_once_all_succeed_and_apply_once(
    service: Carved, url: str, bodies: list[str]
) -> None:
    add(service, *bodies)
    migrators = [migrator(service, url) for _ in range(MIGRATORS)]
    assert [one.wait(120) for one in migrators] == [0] * MIGRATORS
    assert sql(url, "SELECT count(*) FROM applied") == str(len(bodies))
    if CONCURRENT in bodies:
        assert sql(url, VALID) == "t"


def test_a_migrator_killed_in_a_transaction_leaves_nothing_and_the_next_one_goes_on(
    service: Carved, url: str
) -> None:
    add(service, PLAIN)
    first = migrator(service, url)
    running(url, "query LIKE '%pg_sleep(1)%' AND pid <> pg_backend_pid()")
    first.kill()
    first.wait()
    assert migrator(service, url).wait(60) == 0
    assert sql(url, "SELECT count(*) FROM applied") == "1"


def test_a_migrator_killed_while_it_builds_an_index_beside_traffic_is_made_up_for(
    service: Carved, url: str
) -> None:
    assert migrator(service, url).wait(60) == 0
    add(service, PLAIN, CONCURRENT)
    with transaction(url, "SELECT count(*) FROM notes"):
        first = migrator(service, url)
        running(url, "query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'")
        first.kill()
        first.wait()
        assert sql(url, VALID) == "f"
        second = migrator(service, url)
        running(url, "query LIKE '%INDEX CONCURRENTLY IF EXISTS%'")
    assert second.wait(60) == 0
    assert sql(url, VALID) == "t"
    assert sql(url, "SELECT count(*) FROM applied") == "2"


def test_readers_are_stalled_no_longer_than_the_lock_timeout(service: Carved, url: str) -> None:
    assert migrator(service, url).wait(60) == 0
    add(service, ALTERING)
    with transaction(url, "SELECT count(*) FROM notes"):
        altering = migrator(service, url, DATABASE_MIGRATION_LOCK_TIMEOUT_SECONDS=str(LOCK_TIMEOUT))
        running(url, "query LIKE 'ALTER TABLE%' AND wait_event_type = 'Lock'")
        ended = service.run(str(service.python), "-c", READER, url, "6")
    assert altering.wait(60) == 0
    worst = float(ended.stdout)
    assert LOCK_TIMEOUT / 2 < worst < LOCK_TIMEOUT + 0.2, "half of it: they were stalled at all"
    print(f"R7: a reader was stalled for {worst:.2f} s at most")  # noqa: T201 - the figure
