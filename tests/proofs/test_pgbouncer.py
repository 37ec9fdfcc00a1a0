"""A service works through PgBouncer in transaction mode, with one setting."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.proofs.servers import pgbouncer, postgres, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved, Replica
    from tests.proofs.servers import Server

REQUESTS = 600
CLIENTS = 12
SERVER_CONNECTIONS = 3
"""Fewer than those of the two replicas, so that each of them gets those of the other."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as it:
        yield it


@pytest.fixture(scope="module")
def way(server: Server) -> Iterator[Server]:
    with pgbouncer(server, SERVER_CONNECTIONS) as it:
        yield it


def variables(way: Server) -> dict[str, str]:
    return {"ENVIRONMENT": "test", "DATABASE_URL": way.url, "DATABASE_PGBOUNCER": "true"}


@pytest.fixture(scope="module")
def migrated(everything: Carved, server: Server, way: Server) -> None:
    """Let three migrators work at once, of which the lock admits one after the other."""
    upgrade = (str(everything.python), "-m", "app", "database", "upgrade")
    with ThreadPoolExecutor() as threads:
        for it in [threads.submit(everything.run, *upgrade, **variables(way)) for _ in range(3)]:
            it.result()
    assert sql(server.url, "SELECT count(*) FROM notes") == "0"
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert sql(server.url, locks) == "0", "no connection of PgBouncer keeps the migrators' lock"


def ask(replica: Replica, number: int) -> int:
    """Write a note, read one, or list them."""
    body = json.dumps({"title": f"title {number}"})
    method, path = [("POST", "/notes"), ("GET", "/notes/1"), ("GET", "/notes")][number % 3]
    connection = HTTPConnection(*replica.address, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer.status


@pytest.mark.usefixtures("migrated")
def test_requests_through_pgbouncer_are_answered_as_without_it(
    everything: Carved, server: Server, way: Server
) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(CLIENTS) as clients:
        replicas = [stack.enter_context(everything.serve(**variables(way))) for _ in range(2)]
        assert ask(replicas[0], 0) == 201
        requests = [clients.submit(ask, replicas[it % 2], it) for it in range(1, REQUESTS)]
        statuses = Counter(it.result() for it in requests)
    assert statuses == {200: REQUESTS * 2 // 3, 201: REQUESTS // 3 - 1}
    written = sql(server.url, "SELECT count(*) FROM notes")
    assert written == str(REQUESTS // 3)
    print(f"R7: {REQUESTS} of {REQUESTS} requests answered through PgBouncer")  # noqa: T201 - the figure


@pytest.mark.usefixtures("migrated")
def test_the_timeouts_hold_through_pgbouncer(
    everything: Carved, server: Server, way: Server
) -> None:
    """A lock that another transaction holds is waited for as long as the setting says."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with ThreadPoolExecutor(1) as thread:
            locked = "BEGIN; LOCK TABLE notes; SELECT pg_sleep(3); COMMIT"
            holding = thread.submit(sql, server.url, locked)
            while "AccessExclusiveLock" not in sql(server.url, "SELECT mode FROM pg_locks"):
                done.wait(0.05)
            held.set()
            holding.result()

    limits = {"DATABASE_LOCK_TIMEOUT_SECONDS": "0.3"}
    with everything.serve(**variables(way), **limits) as replica:
        holder = threading.Thread(target=hold)
        holder.start()
        assert held.wait(10)
        answer = replica.ask("/notes")
        holder.join()
    assert answer.status == 503
    assert re.search("retry-after", answer.head, re.IGNORECASE)
    assert answer.seconds < 2


def test_without_the_setting_no_request_gets_through(everything: Carved, way: Server) -> None:
    given = {**variables(way), "DATABASE_PGBOUNCER": "false"}
    with everything.serve(**given) as replica:
        assert replica.ask("/notes").status == 503
