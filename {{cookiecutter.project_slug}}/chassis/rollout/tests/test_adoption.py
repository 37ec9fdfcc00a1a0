"""What `make up` started is taken over as the live release, or nothing is changed."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import pytest

from chassis.rollout import operations
from chassis.rollout.errors import RefusedError
from chassis.rollout.fleet import Instance, Release
from chassis.rollout.tests.world import Killed, World

if TYPE_CHECKING:
    from pathlib import Path


def compose_instance(name: str, digest: str = "up") -> Instance:
    return Instance(name, Release("up", f"sha256:{digest}", "up"), "green", 0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.compose_instances = (compose_instance("up-1"),)
    world.running = {"up-1": world.compose_instances[0]}
    return world


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary"])
def test_every_strategy_works_after_make_up_and_back(world: World, strategy: str) -> None:
    assert world.roll_out(strategy, "new").result == "done"
    assert world.settled() == ["new"]
    assert world.done.index("shift") < world.done.index("start blue-2-1")
    assert operations.roll_back(world.host(), None, "rollback") == 0
    assert world.settled() == ["up"]


def test_without_an_image_what_make_up_runs_is_restarted(world: World) -> None:
    assert world.roll_out("rolling", "").result == "done"
    assert world.settled() == ["up"]
    assert "up-1" not in world.running


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary"])
def test_a_faulty_first_release_leaves_the_old_one_running(world: World, strategy: str) -> None:
    assert world.roll_out(strategy, "fails").result == "rolled back"
    assert world.settled() == ["up"]
    assert set(world.running) == {"up-1"}


def test_the_plan_takes_over_without_changing_anything(world: World, tmp_path: Path) -> None:
    plan = operations.plan(world.host(), "rolling", "new")
    assert plan[:2] == ["take over up-1", "pull new"]
    assert "stop and remove up-1" in plan
    assert not world.done
    assert not list(tmp_path.iterdir())


def test_killed_at_any_moment_an_instance_serves_and_it_can_be_resumed(
    tmp_path: Path,
) -> None:
    for moment in count(0, 3):
        world = World(tmp_path / str(moment))
        world.compose_instances = (compose_instance("up-1"),)
        world.running = {"up-1": world.compose_instances[0]}
        world.remaining = moment
        try:
            world.roll_out("blue-green", "new")
        except Killed:
            world.remaining = float("inf")
        else:
            break
        operations.resume(world.host(), "resume")
        with suppress(RefusedError):
            world.roll_out("rolling", "next")
        assert world.settled() == ["next"]
    assert moment > 40


def test_instances_of_two_images_are_refused_before_anything_changes(world: World) -> None:
    world.compose_instances = (compose_instance("up-1"), compose_instance("up-2", "other"))
    world.running["up-2"] = world.compose_instances[1]
    with pytest.raises(RefusedError, match=r"from different images"):
        world.roll_out("rolling", "new")
    assert not world.done


def test_a_container_that_compose_starts_beside_a_rollout_is_left_alone(world: World) -> None:
    world.running.clear()
    world.roll_out("rolling", "one")
    world.running["up-1"] = world.compose_instances[0]
    world.roll_out("rolling", "two")
    assert world.running.pop("up-1")
    assert world.settled() == ["two"]


def test_containers_of_compose_in_place_of_a_rollout_are_refused(world: World) -> None:
    world.running.clear()
    world.roll_out("rolling", "one")
    world.running = {"up-1": world.compose_instances[0]}
    with pytest.raises(
        RefusedError,
        match=r"is not running; compose runs up-1 .*\n.* python3 -m chassis.rollout resume$",
    ):
        world.roll_out("rolling", "two")


def test_a_first_release_that_fails_leaves_the_proxy_to_compose(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.roll_out("rolling", "unready").result == "rolled back"
    assert world.done[-2:] == ["clear traffic", "clean up"]
    world.done.clear()
    operations.resume(world.host(), "resume")
    assert "shift" not in world.done
