"""Whatever happens to the tool, at any moment: the host ends with one complete release."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.rollout import operations
from chassis.rollout.errors import RefusedError, UnfinishedError
from chassis.rollout.tests.world import Killed, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STRATEGIES = ("rolling", "blue-green", "canary")
FAULTS = ("crashes", "unready", "fails", "slow")


def resume(world: World) -> None:
    operations.resume(world.host(), "resume")


def roll_back(world: World) -> None:
    latest = world.host().history.latest()
    if latest and not latest.ended:
        before = {instance.release.revision for instance in latest.begun.fleet.instances}
        assert operations.roll_back(world.host(), None, "rollback") == 0
        assert set(world.settled()) == before


def reboot_and_roll_back(world: World) -> None:
    world.reboot()
    roll_back(world)
    resume(world)


def reboot_and_resume(world: World) -> None:
    world.reboot()
    resume(world)


RESCUES = (resume, roll_back, reboot_and_resume, reboot_and_roll_back)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_replaces_one_release_by_another(world: World, strategy: str) -> None:
    assert world.roll_out(strategy, "new").result == "done"
    assert world.settled() == ["new"]
    assert world.done.index("migrate new") < world.done.index("start green-2-1")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_faulty_release_is_rolled_back_and_users_never_reach_it(
    world: World, strategy: str, fault: str
) -> None:
    world.done.clear()
    assert world.roll_out(strategy, fault).result == "rolled back"
    assert world.settled() == ["old"]
    assert "stop blue-1-1" not in world.done


@pytest.mark.parametrize("rescue", RESCUES)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("release", ["new", "unready"])
def test_killed_at_any_moment_it_converges(
    tmp_path: Path,
    origin: World,
    strategy: str,
    release: str,
    rescue: Callable[[World], None],
) -> None:
    ends: list[str] = []
    for moment in count(RESCUES.index(rescue), 4):  # all of them together meet every moment
        world = origin.copy(tmp_path / str(moment))
        world.remaining = moment
        try:
            world.roll_out(strategy, release)
        except Killed:
            world.remaining = float("inf")
        else:
            break
        rescue(world)
        latest = world.host().history.latest()
        assert latest
        assert latest.ended
        ends += world.settled()
    assert set(ends) <= {"old", release}
    assert release in ends or release != "new" or rescue not in {resume, reboot_and_resume}
    assert moment > 40


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_killed_again_and_again_it_still_converges(
    tmp_path_factory: pytest.TempPathFactory, origin: World, data: st.DataObject
) -> None:
    world = origin.copy(tmp_path_factory.mktemp("again") / "copy")
    draw: Any = data.draw
    strategy = draw(st.sampled_from(STRATEGIES))
    release = draw(st.sampled_from(["new", *FAULTS]))
    attempts: list[Callable[[World], Any]] = [lambda it: it.roll_out(strategy, release)]
    attempts += draw(st.lists(st.sampled_from(RESCUES), max_size=4))
    for attempt in attempts:
        world.remaining = draw(st.integers(0, 90))
        with suppress(Killed):
            attempt(world)
        world.remaining = float("inf")
    resume(world)
    assert world.settled() in (["old"], ["new"])
    assert world.roll_out("rolling", "next").result == "done"
    assert world.settled() == ["next"]


def test_a_canary_without_users_is_not_promoted(world: World) -> None:
    world.rate = 0
    ended = world.roll_out("canary", "new")
    assert ended.result == "rolled back"
    assert ended.reason.startswith(
        "0 requests at 10 % in 0 s are too few to judge the release: a stage needs 1."
    )
    assert world.roll_out("rolling", "new").result == "done"


def test_a_canary_says_before_it_begins_what_it_needs_and_what_there_is(world: World) -> None:
    world.rate = 40
    host = world.host()
    operations.roll_out(host, "canary", "new", "test")
    out: Any = host.progress.out
    said = out.getvalue().splitlines()
    (demand,) = (line for line in said if "the canary needs " in line)
    assert re.search(r"needs 100\.0 requests a second; this service has \S+$", demand)
    assert said.index(demand) < next(n for n, line in enumerate(said) if " -> " in line)
    assert operations.plan(world.host(), "canary", "newer")[0].startswith("the canary needs ")
    world.rate = 0
    assert ": too few, unless there will be more." in operations.plan(world.host(), "canary", "")[0]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_image_that_is_not_there_is_refused_before_anything_is_recorded(
    world: World, strategy: str
) -> None:
    world.done.clear()
    with pytest.raises(RefusedError, match=r"^Nothing was changed: missing is neither "):
        world.roll_out(strategy, "missing")
    assert not world.done
    latest = world.host().history.latest()
    assert latest
    assert latest.succeeded


def test_each_step_says_what_it_changes(world: World) -> None:
    steps = operations.plan(world.host(), "rolling", "new")
    assert [it for it in steps if "shift" in it or "standby" in it] == [
        "shift traffic to green-2-1, take it from blue-1-1, keep blue-1-1 on standby",
        "end the standby of blue-1-1",
        "shift traffic to green-2-2, take it from blue-1-2, keep blue-1-2 on standby",
        "end the standby of blue-1-2",
    ]
    assert "start green-2-1 of new" in steps
    assert "observe green-2-1 for 0 s, with 50 % of the traffic" in steps
    canary = operations.plan(world.host(), "canary", "new")
    assert "shift 10 % of the traffic to green-2-1" in canary
    assert (
        "shift traffic to green-2-1, green-2-2, take it from blue-1-1, blue-1-2, "
        "keep blue-1-1, blue-1-2 on standby" in canary
    )
    assert len(set(steps)) == len(steps)


def test_no_rollout_begins_while_another_is_unfinished(world: World) -> None:
    world.remaining = 40
    with suppress(Killed):
        world.roll_out("rolling", "new")
    world.remaining = float("inf")
    with pytest.raises(UnfinishedError, match=r"Rollout 2, begun at .* is unfinished\."):
        world.roll_out("rolling", "newer")


def test_a_full_disk_stops_a_rollout_until_space_is_free(world: World) -> None:
    world.disk_is_full = True
    with pytest.raises(UnfinishedError, match="No space left on device"):
        world.roll_out("rolling", "new")
    assert world.settled() == ["old"]
    world.disk_is_full = False
    assert world.roll_out("rolling", "new").result == "done"


def stop_midway(world: World, strategy: str) -> None:
    """Roll out until the traffic has shifted; then the disk is full, until space is free."""
    shift = world.shift

    def fill_up(fleet: Any) -> None:
        shift(fleet)
        world.disk_is_full = True

    world.shift = fill_up  # type: ignore[method-assign]
    with pytest.raises(UnfinishedError):
        world.roll_out(strategy, "new")
    world.disk_is_full = False
    world.shift = shift  # type: ignore[method-assign]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_disk_that_fills_up_midway_leaves_it_to_be_resume(world: World, strategy: str) -> None:
    stop_midway(world, strategy)
    resume(world)
    assert world.settled() == ["new"]


def test_resume_that_only_starts_leaves_the_rollout_unfinished(world: World) -> None:
    stop_midway(world, "rolling")
    died, _ = world.running.popitem()
    assert operations.resume(world.host(), "resume", start_only=True) == UnfinishedError.code
    assert died in world.running
    latest = world.host().history.latest()
    assert latest
    assert not latest.ended
    resume(world)
    assert world.settled() == ["new"]


def test_the_number_of_replicas_may_change_with_a_rollout(world: World) -> None:
    for replicas, strategy in ((4, "rolling"), (1, "rolling"), (3, "canary")):
        world.replicas = replicas
        world.roll_out(strategy, f"of-{replicas}")
        world.settled()
        assert len(world.running) == replicas
