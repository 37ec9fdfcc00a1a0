"""The strategies: each yields the steps that replace the old instances with new ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

from chassis.rollout.fleet import Traffic
from chassis.rollout.steps import Migrate, Observe, Retire, Shift, Start, Verify, WaitUntilReady
from chassis.rollout.workers import plan_rollback_of_workers, plan_workers  # if jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.events import Begun
    from chassis.rollout.fleet import Instance, Release
    from chassis.rollout.rollout import Rollout
    from chassis.rollout.steps import Step


RolloutKind: TypeAlias = Literal["rolling", "blue-green", "canary", "adopt", "rollback"]


@dataclass(frozen=True)
class Replacement:
    """The old instances, and their replacements."""

    old: tuple[Instance, ...]
    new: tuple[Instance, ...]
    configuration: Configuration


def plan_forward(begun: Begun, release: Release, configuration: Configuration) -> Iterator[Step]:
    """Plan all steps after the release has been pulled."""
    fleet = begun.fleet
    new = fleet.name_new(release, begun.number, configuration.replicas)
    yield Verify(release)
    if begun.migrates and configuration.docker.migrate:
        yield Migrate(release)
    strategy = STRATEGIES[begun.strategy if fleet.instances else "blue-green"]
    yield from strategy(Replacement(fleet.instances, new, configuration))
    yield from plan_workers(release, configuration.docker.workers)  # if jobs


def plan_rolling(order: Replacement) -> Iterator[Step]:
    """One by one: each new instance replaces an old one."""
    for number, (old, new) in enumerate(zip_longest(order.old, order.new), 1):
        beside = order.old[number:]
        serving = (*beside, *order.new[:number])
        if new:
            yield Start(new)
            yield WaitUntilReady(new)
            standby = instance_names([old] if old else [])
            yield Shift(Traffic(instance_names(serving), standby=standby))
            share = 100 / len(serving)
            yield Observe(order.configuration.rolling_seconds, (new,), beside, share)
        if old:
            yield Shift(Traffic(instance_names(serving)))
            yield Retire(old)


def plan_blue_green(order: Replacement) -> Iterator[Step]:
    """All at once: start the whole new release, then switch; the old one stays on standby."""
    yield from _start_all(order.new)
    yield from _switch_over(order)


def plan_canary(order: Replacement) -> Iterator[Step]:
    """Stage by stage: more users for the new release while it is no worse than the old one."""
    running = 0
    for stage in order.configuration.canary:
        needed = max(running, ceil(len(order.new) * stage.share / 100))
        yield from _start_all(order.new[running:needed])
        running = needed
        chosen = order.new[:running]
        yield Shift(Traffic(instance_names(order.old), instance_names(chosen), stage.share))
        yield Observe(stage.seconds, chosen, order.old, stage.share, needs_data=True)
    yield from _start_all(order.new[running:])
    yield from _switch_over(order)


def plan_adoption(order: Replacement) -> Iterator[Step]:
    """Keep the old instances; nginx sends requests to each by its name from then on."""
    yield Shift(Traffic(instance_names(order.old)))


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


def _start_all(instances: tuple[Instance, ...]) -> Iterator[Step]:
    yield from map(Start, instances)
    yield from map(WaitUntilReady, instances)


def _switch_over(order: Replacement) -> Iterator[Step]:
    """Shift all traffic to the new release, and remove the old one after the observation."""
    names = instance_names(order.new)
    yield Shift(Traffic(names, standby=instance_names(order.old)))
    yield Observe(order.configuration.blue_green_seconds, order.new)
    if order.old:
        yield Shift(Traffic(names))
        yield from map(Retire, order.old)


STRATEGIES: dict[RolloutKind, Callable[[Replacement], Iterator[Step]]] = {
    "rolling": plan_rolling,
    "blue-green": plan_blue_green,
    "canary": plan_canary,
    "adopt": plan_adoption,
    "rollback": plan_blue_green,
}
