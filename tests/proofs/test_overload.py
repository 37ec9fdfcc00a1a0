"""R11: above its capacity the service answers what it admits in time, and refuses the rest."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.proofs.load import Address
from tests.proofs.open_loop import OpenLoop
from tests.proofs.proxied import connect_directly, open_port, start_proxy
from tests.proofs.servers import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved, Replica
    from tests.proofs.open_loop import Outcome
    from tests.proofs.proxied import Connect

BUSY = str(Path(__file__).with_name("busy.py"))
CALLERS = 8
SECONDS = 6.0
RECOVERY = 5.0
LIMITS = {"/busy": (0.25, 0.85), "/notes": (0.5, 0.7)}
"""Seconds of the 99th percentile, or five times that of half load where that is more, and least
goodput as a share of capacity. The second route reads the database, which shares two cores with the
service and the load."""


@pytest.fixture(scope="module")
def busy(everything: Carved) -> Iterator[Replica]:
    with postgres() as server:
        variables = {"ENVIRONMENT": "test", "DATABASE_URL": server.url}
        everything.run(*(str(everything.python), "-m", "app", "database", "upgrade"), **variables)
        # Without access lines, which this process would have to read beside its load.
        quiet = "app.access=WARNING"
        with everything.serve(BUSY, **variables, LOG_LEVELS=quiet) as replica:
            yield replica


@pytest.fixture(params=[connect_directly, start_proxy])
def address(
    request: pytest.FixtureRequest, everything: Carved, busy: Replica, tmp_path: Path
) -> Iterator[Address]:
    tmp_path.chmod(0o755)
    connect: Connect = request.param
    with open_port(connect, everything, tmp_path, busy.address.port) as port:
        yield Address("127.0.0.1", port)


def run(address: Address, path: str, seconds: float, rate: float) -> Outcome:
    async def load() -> Outcome:
        return await OpenLoop(address, path, seconds).run(rate)

    return asyncio.run(load())


def run_closed(address: Address, path: str, seconds: float) -> Outcome:
    async def load() -> Outcome:
        return await OpenLoop(address, path, seconds).run_closed(CALLERS)

    return asyncio.run(load())


def is_served(outcome: Outcome) -> bool:
    """Return whether all requests were served, but for what a pause of the machine makes wait."""
    return set(outcome.statuses) <= {200, 503} and outcome.statuses[503] <= outcome.rate / 10


@pytest.mark.parametrize("path", LIMITS)
def test_at_twice_its_capacity_it_answers_in_time_what_it_admits(
    busy: Replica, address: Address, path: str
) -> None:
    run_closed(address, path, 1)
    closed = run_closed(address, path, SECONDS / 2)
    assert set(closed.statuses) == {200}, "eight callers that wait are no overload"
    capacity = closed.rate
    half = run(address, path, SECONDS, 0.5 * capacity)
    probes: list[tuple[int, float]] = []
    stopped = threading.Event()

    def probe() -> None:
        while not stopped.wait(0.2):
            answer = busy.ask("/livez")
            probes.append((answer.status, answer.seconds))

    prober = threading.Thread(target=probe)
    prober.start()
    over = run(address, path, SECONDS, 2 * capacity)
    stopped.set()
    prober.join()
    time.sleep(0.5)
    after = run(address, path, RECOVERY - 0.5, 0.5 * capacity)
    print(  # noqa: T201 - a figure for the report
        f"R11: {path}, twice of {capacity:.0f}/s: goodput {over.rate / capacity:.0%},"
        f" p99 {over.percentile(0.99) * 1000:.0f} ms"
        f" ({half.percentile(0.99) * 1000:.0f} ms at half), {dict(over.statuses)}"
    )
    assert is_served(half)
    assert set(over.statuses) == {200, 503}
    assert all(b"\r\nretry-after: 1" in head for head in over.shed_heads)
    p99, goodput = LIMITS[path]
    assert over.percentile(0.99) <= max(p99, 5 * half.percentile(0.99))
    assert over.rate >= goodput * capacity
    assert {status for status, _ in probes} == {200}
    assert is_served(after)
    assert after.percentile(0.99) <= max(p99, 2 * half.percentile(0.99))


@pytest.mark.parametrize("path", ["/busy"])
def test_at_four_fifths_of_its_capacity_it_refuses_one_request_in_a_thousand_at_most(
    address: Address, path: str
) -> None:
    capacity = run_closed(address, path, SECONDS / 2).rate
    outcome = run(address, path, 4 * SECONDS, 0.8 * capacity)
    total = outcome.statuses.total()
    print(f"R11: {path} at 80 % of capacity: {outcome.statuses[503]} of {total} refused")  # noqa: T201 - a figure for the report
    assert set(outcome.statuses) <= {200, 503}
    assert outcome.statuses[503] <= max(2, total / 1000)
