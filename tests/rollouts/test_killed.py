"""D5, D6: the tool is killed, the host rebooted, two come at once; the host ends whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.measured import DRIVERS
from tests.rollouts.place import FULL, users

if TYPE_CHECKING:
    from tests.rollouts.place import Place

STRATEGIES = ("rolling", "blue-green", "canary") if FULL else ("blue-green",)
STRIDE = 1 if FULL else 5
"""Of the moments of a journal, every how many-th is tried."""
RESCUES = ("resume", "rollback")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("place", DRIVERS if FULL else DRIVERS[:1], indirect=True)
def test_killed_before_and_after_every_step_it_converges(place: Place, strategy: str) -> None:
    place.configure(replicas=1, seconds=0.5, minimum_requests=1)
    place.deploy("rolling", place.release("start"))
    serving, moment = "start", 0
    with users(place, clients=2) as those:
        while True:
            rescue = RESCUES[moment // STRIDE // 2 % 2]
            revision = f"r{moment}"
            image = place.release(revision)
            if not place.killed(moment, strategy, image):
                break
            latest = place.history()[-1]
            if latest["image"] == image and latest["result"] == "halfway":
                place.deploy(rescue)
            now = place.settled(replicas=1)
            assert now in {serving, revision}
            serving = now
            moment += STRIDE
    assert moment > 20
    assert not those.tally.failed, those.tally.reasons
    told = f"at {moment // STRIDE} moments, each time whole again; 0 failed of {those.tally.total}"
    print(f"D5: {strategy}, killed: {told}")  # noqa: T201 - the figure


def test_a_host_rebooted_in_the_middle_goes_on(place: Place) -> None:
    place.configure(seconds=10)
    tool = place.start("blue-green", place.release("two"))
    for line in tool.stdout:
        if "observe" in line:
            break
    tool.kill()
    tool.communicate()
    place.reboot()
    place.configure(seconds=1)
    began = time.monotonic()
    assert "is not running: starting it" in place.deploy("resume").out
    print(f"D5: rebooted halfway: whole again after {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure
    assert place.settled() == "two"
    place.reboot()
    place.deploy("resume")
    assert place.settled() == "two"


def test_the_second_of_two_is_refused_and_told_who_is_first(place: Place) -> None:
    place.configure(seconds=30)
    first = place.start("rolling", place.release("two"))
    for line in first.stdout:
        if "observe" in line:
            break
    said = place.deploy("rolling", place.release("three"), code=2)
    assert f"process {first.pid} on " in said.out
    assert "deploy rolling" in said.out
    print("D6: second of two: refused, and told who is first")  # noqa: T201 - the figure
    place.deploy("abort")
    first.communicate()
    assert first.returncode == 1
    assert place.settled() == "one"
