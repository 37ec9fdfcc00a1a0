"""Workers: compose services that run jobs from the image of the release, and are replaced last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chassis.rollout.fleet import Release  # noqa: TC001 - journals are read by the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.fleet import Fleet
    from chassis.rollout.rollout import Rollout


@dataclass(frozen=True)
class ReplaceWorkers:
    """Run the workers from a release; without one, remove them."""

    release: Release | None
    is_a: Literal["workers"] = "workers"


def plan_workers(release: Release, services: Sequence[str]) -> Iterator[ReplaceWorkers]:
    """Plan that the workers run the release as well, once the instances do."""
    if services:
        yield ReplaceWorkers(release)


def plan_rollback_of_workers(rollout: Rollout) -> Iterator[ReplaceWorkers]:
    """Plan that the workers run the old release again, if the new one was to replace them."""
    if any(isinstance(step, ReplaceWorkers) for step in rollout.plan.steps):
        old = rollout.begun.fleet.instances
        yield ReplaceWorkers(old[-1].release if old else None)


def describe_workers(step: ReplaceWorkers) -> str:
    """Describe to the operator what the step changes."""
    release = step.release
    return f"replace the workers by those of {release.image}" if release else "remove the workers"


def replace_workers(containers: Containers, release: Release | None) -> None:
    """Replace the containers: each finishes its jobs, or requeues them. Raises StepError."""
    services = containers.settings.workers
    if release is None:
        containers.compose("rm", "--stop", "--force", *services)
        return
    image = containers.images.tag(release.digest)
    up = ("up", "--detach", "--no-deps", "--no-build", "--wait")
    containers.compose(*up, *services, image=image)


def restore_workers(containers: Containers, rollout: Rollout, fleet: Fleet) -> None:
    """Start the workers that a reboot has ended, unless a step of the rollout is to do it."""
    is_over = rollout.next == len(rollout.plan.steps)
    if is_over and fleet.instances and containers.settings.workers:
        replace_workers(containers, fleet.instances[-1].release)
