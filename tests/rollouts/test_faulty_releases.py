"""D4: a bad release is taken back by itself, and users notice as little as can be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.conftest import hosted
from tests.rollouts.measured import DRIVERS
from tests.rollouts.place import FULL, users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rollouts.place import Place

FAULTS = ("crashes", "unready", "fails", "slow", "dies", "eats")
SHARE = 0.5
PATIENCE = 60
TIMEOUT = 5
"""Seconds within which a release must be ready; the good ones take one or two."""
IN_HAND = 2
"""Requests that instances may have in hand when they die, and as many that were just sent to them.

A POST among these cannot be repeated.
"""


@pytest.fixture(scope="module", params=DRIVERS if FULL else DRIVERS[:1])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One host for all: each faulty release leaves it as it was."""
    yield from hosted(request, tmp_path_factory.mktemp("place"))


def tried(place: Place, strategy: str, fault: str) -> tuple[int, int, float]:
    """Roll out a faulty release under load; tell failed and sent requests, and the seconds."""
    release = place.release(f"{strategy}-{fault}", fault)
    with users(place, clients=IN_HAND) as those:
        began = time.monotonic()
        said = place.deploy(strategy, release, code=1)
        seconds = time.monotonic() - began
    assert "rolled back" in said.out
    assert place.settled() == "one"
    failed, total = those.tally.failed.total(), those.tally.total
    reason = place.history()[-1]["reason"]
    told = f"{failed} of {total} failed, back after {seconds:.1f} s: {reason}"
    print(f"D4: {strategy}, {fault}: {told}")  # noqa: T201 - the figure
    return failed, total, seconds


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("strategy", ["rolling", "blue-green"])
def test_users_see_no_error_of_a_release_that_is_tried_out_first(
    place: Place, strategy: str, fault: str
) -> None:
    place.configure(seconds=10, timeout=TIMEOUT)
    failed, _, _ = tried(place, strategy, fault)
    assert failed <= (2 * IN_HAND if fault == "dies" else 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_canary_that_is_not_tried_out_is_caught_by_its_gates(place: Place, fault: str) -> None:
    place.configure(seconds=10, smoke=False, timeout=TIMEOUT, canary=((100 * SHARE, 10),))
    failed, total, seconds = tried(place, "canary", fault)
    assert failed <= SHARE * total
    assert seconds < PATIENCE
