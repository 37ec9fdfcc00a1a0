"""The strategies: each yields the steps that replace the old instances with new ones."""

from __future__ import annotations

from itertools import zip_longest
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

from chassis.rollout.fleet import Instance, Release, Traffic
from chassis.rollout.steps import Migrate, Observe, Retire, Shift, Start, Verify, WaitUntilReady
from chassis.rollout.workers import plan_rollback_of_workers, plan_workers  # if jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.events import Begun
    from chassis.rollout.rollout import Rollout
    from chassis.rollout.steps import Step


RolloutKind: TypeAlias = Literal["rolling", "blue-green", "canary", "adopt", "rollback"]
Instances: TypeAlias = tuple[Instance, ...]


def plan_forward(begun: Begun, release: Release, configuration: Configuration) -> Iterator[Step]:
    """Plan all steps after the release has been pulled."""
    fleet = begun.fleet
    new = fleet.name_new(release, begun.number, configuration.replicas)
    yield Verify(release)
    if begun.migrates and configuration.docker.migrate:
        yield Migrate(release)
    strategy = STRATEGIES[begun.strategy if fleet.instances else "blue-green"]
    yield from strategy(fleet.instances, new, configuration)
    yield from plan_workers(release, configuration.docker.workers)  # if jobs


def plan_rolling(old: Instances, new: Instances, configuration: Configuration) -> Iterator[Step]:
    """One by one: each new instance replaces an old one."""
    for number, (leaving, coming) in enumerate(zip_longest(old, new), 1):
        beside = old[number:]
        serving = (*beside, *new[:number])
        if coming:
            yield Start(coming)
            yield WaitUntilReady(coming)
            standby = instance_names([leaving] if leaving else [])
            yield Shift(Traffic(instance_names(serving), standby=standby))
            share = 100 / len(serving)
            yield Observe(configuration.rolling_seconds, (coming,), beside, share)
        if leaving:
            yield Shift(Traffic(instance_names(serving)))
            yield Retire(leaving)


def plan_blue_green(old: Instances, new: Instances, configuration: Configuration) -> Iterator[Step]:
    """All at once: start the whole new release, then switch; the old one stays on standby."""
    yield from _start_all(new)
    yield from _switch_over(old, new, configuration)


def plan_canary(old: Instances, new: Instances, configuration: Configuration) -> Iterator[Step]:
    """Stage by stage: more users for the new release while it is no worse than the old one."""
    running = 0
    for stage in configuration.canary:
        needed = max(running, ceil(len(new) * stage.share / 100))
        yield from _start_all(new[running:needed])
        running = needed
        chosen = new[:running]
        yield Shift(Traffic(instance_names(old), instance_names(chosen), stage.share))
        yield Observe(stage.seconds, chosen, old, stage.share, needs_data=True)
    yield from _start_all(new[running:])
    yield from _switch_over(old, new, configuration)


def plan_adoption(old: Instances, *_: object) -> Iterator[Step]:
    """Keep the old instances; nginx sends requests to each by its name from then on."""
    yield Shift(Traffic(instance_names(old)))


def plan_rollback(rollout: Rollout) -> Iterator[Step]:
    """Restart the old instances that are gone, shift all traffic to them, then remove the new.

    Traffic is shifted when all old instances are ready: fewer could not carry the load.
    """
    before, now = rollout.begun.fleet, rollout.fleet
    stopping = [old for old in before.instances if old.name in rollout.stopping]
    yield from map(Retire, stopping)  # they have received SIGTERM, which cannot be revoked
    gone = [old for old in before.instances if old in stopping or old not in now.instances]
    yield from map(Start, gone)
    for old in gone:
        yield WaitUntilReady(old, smoke=False)
    if rollout.has_shifted:
        yield Shift(before.traffic)
    yield from (Retire(new) for new in now.instances if new not in before.instances)
    yield from plan_rollback_of_workers(rollout)  # if jobs


def instance_names(instances: Iterable[Instance]) -> tuple[str, ...]:
    """Return their names."""
    return tuple(instance.name for instance in instances)


def _start_all(instances: Instances) -> Iterator[Step]:
    yield from map(Start, instances)
    yield from map(WaitUntilReady, instances)


def _switch_over(old: Instances, new: Instances, configuration: Configuration) -> Iterator[Step]:
    """Shift all traffic to the new release, and remove the old one after the observation."""
    names = instance_names(new)
    yield Shift(Traffic(names, standby=instance_names(old)))
    yield Observe(configuration.blue_green_seconds, new)
    if old:
        yield Shift(Traffic(names))
        yield from map(Retire, old)


STRATEGIES: dict[RolloutKind, Callable[[Instances, Instances, Configuration], Iterator[Step]]] = {
    "rolling": plan_rolling,
    "blue-green": plan_blue_green,
    "canary": plan_canary,
    "adopt": plan_adoption,
    "rollback": plan_blue_green,
}
