"""R3: whatever becomes of the database, probes are answered in time and nothing is restarted."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from tests.proofs.servers import PASSWORD, Slowly, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved, Replica
    from tests.proofs.servers import Server

SOON = 2.0
"""Seconds in which readiness is answered, whatever hangs."""
RETURN = 5.0
"""Seconds after which a dependency's return is seen."""
SMALL = {
    "HEALTH_DETAILS": "always",
    "DATABASE_POOL_SIZE": "1",
    "DATABASE_MAX_OVERFLOW": "0",
    "DATABASE_POOL_TIMEOUT_SECONDS": "1",
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "2",
}


@pytest.fixture
def server(everything: Carved) -> Iterator[Server]:
    with postgres() as server:
        everything.run(
            *(str(everything.python), "-m", "app", "database", "upgrade"),
            ENVIRONMENT="test",
            DATABASE_URL=server.url,
        )
        yield server


def ask(replica: Replica, path: str) -> tuple[int, dict[str, Any], float]:
    """Return status, body and seconds."""
    began = time.monotonic()
    connection = HTTPConnection(*replica.address, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), time.monotonic() - began
    finally:
        connection.close()


def wait_for_status(replica: Replica, path: str, status: str) -> float:
    """Wait until a probe reports it; return how long that took."""
    began = time.monotonic()
    while ask(replica, path)[1]["status"] != status:
        assert time.monotonic() - began < RETURN, ask(replica, path)
        time.sleep(0.1)
    return time.monotonic() - began


def is_degraded_but_ready(replica: Replica) -> None:
    """Check every probe, details and times."""
    assert ask(replica, "/livez")[0] == 200
    for _ in range(5):
        status, body, seconds = ask(replica, "/health")
        assert (status, body["status"], body["reason"]) == (200, "warn", "degraded")
        assert seconds < SOON
        status, _, seconds = ask(replica, "/readyz")
        assert status == 200
        assert seconds < SOON
    assert ask(replica, "/livez")[2] < 0.5


@pytest.mark.parametrize("how", ["stops", "hangs"])
def test_a_database_that_goes_away_degrades_and_its_return_is_seen(
    everything: Carved, server: Server, how: str
) -> None:
    with everything.serve(DATABASE_URL=server.url, **SMALL) as replica:
        wait_for_status(replica, "/health", "pass")
        assert ask(replica, "/notes")[0] == 200
        (server.stop if how == "stops" else server.hang)()
        wait_for_status(replica, "/health", "warn")
        is_degraded_but_ready(replica)
        status, body, seconds = ask(replica, "/notes")
        assert (status, body["type"]) == (503, "/problems/database-unavailable")
        assert seconds < 10
        (server.start if how == "stops" else server.resume)()
        took = wait_for_status(replica, "/health", "pass")
        assert ask(replica, "/notes")[0] == 200
        assert replica.process.poll() is None
        assert PASSWORD not in json.dumps(replica.lines)
    print(f"R3: when it {how} and returns, that is seen after {took:.1f} s")  # noqa: T201


@contextmanager
def slow_way_to(server: Server) -> Iterator[Slowly]:
    """Lead to the server through a thread of its own."""
    way, is_open = Slowly(server), threading.Event()
    loop, end = asyncio.new_event_loop(), asyncio.Event()

    async def lead() -> None:
        async with way.open():
            is_open.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(lead(),))
    thread.start()
    assert is_open.wait(10)
    try:
        yield way
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


def test_a_slow_database_slows_requests_but_no_probe(everything: Carved, server: Server) -> None:
    with slow_way_to(server) as way, everything.serve(DATABASE_URL=way.url, **SMALL) as replica:
        wait_for_status(replica, "/health", "pass")
        way.delay = 0.5
        wait_for_status(replica, "/health", "warn")
        is_degraded_but_ready(replica)
        status, _, seconds = ask(replica, "/notes")
        assert status in (200, 503)
        assert 1 < seconds < 10
        way.delay = 0
        took = wait_for_status(replica, "/health", "pass")
        assert ask(replica, "/notes")[0] == 200
        assert replica.process.poll() is None
    print(f"R3: when it is fast again, that is seen after {took:.1f} s")  # noqa: T201


def test_a_service_that_starts_without_its_database_waits_for_it(
    everything: Carved, server: Server
) -> None:
    server.stop()
    with everything.serve(DATABASE_URL=server.url, **SMALL) as replica:
        status, body, seconds = ask(replica, "/readyz")
        assert (status, body["reason"]) == (503, "starting")
        assert seconds < SOON
        assert ask(replica, "/livez")[0] == 200
        server.start()
        wait_for_status(replica, "/readyz", "pass")
        server.stop()
        wait_for_status(replica, "/health", "warn")
        is_degraded_but_ready(replica)


def test_a_full_pool_fails_no_probe(everything: Carved, server: Server) -> None:
    with everything.serve(DATABASE_URL=server.url, **SMALL) as replica:
        wait_for_status(replica, "/readyz", "pass")
        blocking = "BEGIN; LOCK TABLE notes; SELECT pg_sleep(4)"
        with subprocess.Popen(
            ["psql", "--no-psqlrc", "-qAt", "-c", blocking, server.url], stdout=subprocess.DEVNULL
        ):
            time.sleep(0.5)
            statuses: list[int] = []
            threads = [
                threading.Thread(target=lambda: statuses.append(ask(replica, "/notes")[0]))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for _ in range(10):
                for path in ("/readyz", "/health"):
                    status, body, seconds = ask(replica, path)
                    assert (status, body["status"]) == (200, "pass")
                    assert seconds < SOON
                time.sleep(0.1)
            for thread in threads:
                thread.join()
            assert 503 in statuses, "the pool was full"
