"""D4: a bad release is rolled back without an operator, and users see few errors or none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.conftest import set_up_host
from tests.rollouts.host import FULL, user_load
from tests.rollouts.measured import HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rollouts.host import RolloutHost

FAULTS = ("crashes", "unready", "fails", "slow", "dies", "eats")
SHARE = 0.5
ROLLBACK_SECONDS = 60
CLIENTS = 2
"""As many requests are in flight when instances exit, and as many were just sent to them.

A POST among these cannot be retried.
"""


CASES = [
    (host, fault)
    for host in HOSTS
    for fault in FAULTS
    if FULL or host == "process" or fault == "fails"
]


@pytest.fixture(scope="module")
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RolloutHost]:
    """One host for all: each faulty release leaves it as it was."""
    yield from set_up_host(request, tmp_path_factory.mktemp("host"))


def roll_out_faulty(host: RolloutHost, strategy: str, fault: str) -> tuple[int, int, float]:
    """Roll out a faulty release under load; return failed and sent requests, and the seconds."""
    release = host.create_release(f"{strategy}-{fault}", fault)
    with user_load(host, clients=CLIENTS) as load:
        began = time.monotonic()
        run = host.run_tool(strategy, release, code=1)
        seconds = time.monotonic() - began
    assert "rolled back" in run.output
    assert host.settled_revision() == "one"
    failed, total = load.tally.failed.total(), load.tally.total
    reason = host.read_history()[-1]["reason"]
    result = f"{failed} of {total} failed, back after {seconds:.1f} s: {reason}"
    print(f"D4: {strategy}, {fault}: {result}")  # noqa: T201 - the figure
    return failed, total, seconds


@pytest.mark.parametrize(("host", "fault"), CASES, indirect=["host"])
@pytest.mark.parametrize("strategy", ["rolling", "blue-green"])
def test_users_see_no_error_of_a_release_that_has_smoke_tests(
    host: RolloutHost, strategy: str, fault: str
) -> None:
    host.configure(seconds=10, timeout=host.ready_seconds)
    failed, _, _ = roll_out_faulty(host, strategy, fault)
    assert failed <= (2 * CLIENTS if fault == "dies" else 0)


@pytest.mark.parametrize(("host", "fault"), CASES, indirect=["host"])
def test_a_canary_without_smoke_tests_is_caught_by_its_gates(host: RolloutHost, fault: str) -> None:
    host.configure(seconds=10, smoke=False, timeout=host.ready_seconds, canary=((100 * SHARE, 10),))
    failed, total, seconds = roll_out_faulty(host, "canary", fault)
    assert failed <= SHARE * total
    assert seconds < ROLLBACK_SECONDS
