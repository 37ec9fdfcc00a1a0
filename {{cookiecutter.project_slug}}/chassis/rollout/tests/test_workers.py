"""Workers run the release that the instances run, whenever the tool is killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from chassis.rollout import operations
from chassis.rollout.configuration import Configuration, Docker
from chassis.rollout.docker.compose import Compose
from chassis.rollout.docker.containers import Containers
from chassis.rollout.fleet import Release
from chassis.rollout.tests.test_docker import compose
from chassis.rollout.tests.world import Killed, World
from chassis.rollout.workers import replace_workers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chassis.rollout.host import Host

STRATEGIES = ("rolling", "blue-green", "canary")
DOCKER = Docker(workers=("worker",))


@dataclass
class WithWorkers(World):
    """A simulated host on which workers run beside the instances."""

    workers: str = ""
    """Revision of the workers; none run if it is empty."""

    settings = DOCKER

    def compose(self, *_: str, image: str = "") -> str:
        self.effect("replace workers", lambda: setattr(self, "workers", image))
        return ""

    def reboot(self) -> None:
        super().reboot()
        self.workers = ""

    def host(self) -> Host:
        found = super().host()
        return replace(found, configuration=replace(found.configuration, docker=DOCKER))

    def settled(self) -> Sequence[str]:
        revisions = super().settled()
        assert revisions == ([self.workers] if self.workers else [])
        return revisions


@pytest.fixture
def host(tmp_path: Path) -> WithWorkers:
    found = WithWorkers(tmp_path / "host")
    assert found.roll_out("rolling", "old").result == "done"
    assert found.workers == "old"
    return found


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_workers_are_replaced_last_and_by_a_rollback_too(host: WithWorkers, strategy: str) -> None:
    host.done.clear()
    host.roll_out(strategy, "new")
    assert host.done[-2:] == ["replace workers", "clean up"]
    assert host.settled() == ["new"]
    assert operations.roll_back(host.host(), None, "rollback") == 0
    assert host.settled() == ["old"]


def test_workers_stay_while_a_release_fails(host: WithWorkers) -> None:
    assert host.roll_out("canary", "unready").result == "rolled back"
    assert host.settled() == ["old"]


@pytest.mark.parametrize("reboots", [False, True])
@pytest.mark.parametrize("release", ["new", "unready"])
def test_killed_at_any_moment_the_workers_run_what_the_instances_run(
    tmp_path: Path, host: WithWorkers, release: str, *, reboots: bool
) -> None:
    for moment in count(0, 2):
        world: Any = host.copy(tmp_path / str(moment))
        world.remaining = moment
        try:
            world.roll_out("blue-green", release)
        except Killed:
            world.remaining = float("inf")
        else:
            break
        if reboots:
            world.reboot()
        operations.resume(world.host(), "resume")
        assert world.settled() in (["old"], [release])
    assert moment > 40


def test_a_service_that_is_a_worker_runs_the_image_of_the_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands: list[tuple[str, str]] = []

    def call(_: Compose, *arguments: str, image: str = "") -> str:
        commands.append((" ".join(arguments), image))
        return ""

    monkeypatch.setattr(Compose, "__call__", call)
    containers = Containers(Configuration(docker=Docker(workers=("worker", "mailer"))), compose())
    replace_workers(containers, Release("shop", "sha256:1", "1"))
    replace_workers(containers, None)
    assert commands == [
        ("up --detach --no-deps --no-build --wait worker mailer", "shop-release:1"),
        ("rm --stop --force worker mailer", ""),
    ]
