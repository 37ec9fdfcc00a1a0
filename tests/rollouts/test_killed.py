"""D5, D6: the tool is killed, the host reboots, two rollouts begin at once; one release serves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.host import FULL, user_load

if TYPE_CHECKING:
    from tests.rollouts.host import RolloutHost

STRATEGIES = ("rolling", "blue-green", "canary") if FULL else ("blue-green",)
STRIDES = {"process": 1 if FULL else 5, "docker": 1 if FULL else 20}
"""Every how many moments of a journal the tool is killed."""
RESCUES = ("resume", "rollback")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("host", "stride"), STRIDES.items(), indirect=["host"])
def test_killed_before_and_after_every_step_it_converges(
    host: RolloutHost, stride: int, strategy: str
) -> None:
    host.configure(replicas=1, seconds=0.5, minimum_requests=1)
    host.run_tool("rolling", host.create_release("start"))
    serving, moment = "start", 0
    with user_load(host, clients=2) as load:
        while True:
            rescue = RESCUES[moment // stride // 2 % 2]
            revision = f"r{moment}"
            image = host.create_release(revision)
            if not host.kill_tool_at(moment, strategy, image):
                break
            latest = host.read_history()[-1]
            if latest["image"].startswith(f"{image}@") and latest["result"] == "unfinished":
                host.run_tool(rescue)
            now = host.settled_revision(replicas=1)
            assert now in {serving, revision}
            serving = now
            moment += stride
    assert moment > 20
    assert not load.tally.failed, load.tally.reasons
    moments = f"at {moment // stride} moments, each time one release again"
    result = f"{moments}; 0 failed of {load.tally.total}"
    print(f"D5: {strategy}, killed: {result}")  # noqa: T201 - the figure


def test_a_host_rebooted_in_the_middle_goes_on(host: RolloutHost) -> None:
    host.configure(seconds=10)
    tool = host.start_tool("blue-green", host.create_release("two"))
    for line in tool.stdout:
        if "observe" in line:
            break
    tool.kill()
    tool.communicate()
    host.reboot()
    host.configure(seconds=1)
    began = time.monotonic()
    assert "is not running: starting it" in host.run_tool("resume").output
    print(f"D5: rebooted halfway: one release again after {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure
    assert host.settled_revision() == "two"
    host.reboot()
    host.run_tool("resume")
    assert host.settled_revision() == "two"


def test_the_second_of_two_is_refused_with_the_holder_of_the_lock(host: RolloutHost) -> None:
    host.configure(seconds=30)
    first = host.start_tool("rolling", host.create_release("two"))
    for line in first.stdout:
        if "observe" in line:
            break
    run = host.run_tool("rolling", host.create_release("three"), code=2)
    assert f"process {first.pid} on " in run.output
    assert "chassis.rollout rolling" in run.output
    print("D6: second of two: refused, with the holder of the lock")  # noqa: T201 - the figure
    assert host.read_history()[-1]["result"] == "in progress"
    assert "rollout 2 is in progress: step " in host.run_tool("status").output
    host.run_tool("abort")
    first.communicate()
    assert first.returncode == 1
    reason = host.read_history()[-1]["reason"].splitlines()[0]
    assert reason.startswith("cancelled by ")
    assert reason.endswith(": python3 -m chassis.rollout abort")
    assert host.settled_revision() == "one"
